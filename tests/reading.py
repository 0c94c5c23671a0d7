"""Reading a page as a person does: its text, its headings, its links."""

import re
from html.parser import HTMLParser

from django.http import HttpResponse

VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "use", "wbr"}
BLOCKS = {"p", "li", "h1", "h2", "h3", "td", "th", "tr", "div", "dt", "dd", "option", "label"}


class Page(HTMLParser):
    """The page of an answer.

    `text` is what stands in `main`, `all_text` in the whole body, each with single spaces; `heads`
    are the headings, `links` all (address, text) of `main`, `ids` the text of what has an id.
    """

    def __init__(self, answer: HttpResponse) -> None:
        super().__init__()
        self.source = answer.content.decode()
        self._open: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.heads: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.ids: dict[str, str] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[str] = []
        self.title = self.text = self.all_text = ""
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "br":
            self.handle_data(" ")
        if tag not in VOID:
            self._open.append((tag, dict(attrs), []))

    def handle_data(self, data: str) -> None:
        for _, _, text in self._open:
            text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or tag in VOID:
            return
        opened, attrs, pieces = self._open.pop()
        assert opened == tag, f"<{opened}> is closed by </{tag}>"
        text = " ".join("".join(pieces).split())
        if tag in BLOCKS:
            self.handle_data(" ")
        if "id" in attrs:
            self.ids[attrs["id"]] = text
        is_in_main = any(parent == "main" for parent, _, _ in self._open)
        if tag == "title":
            self.title = text
        elif tag == "main":
            self.text = text
        elif tag == "body":
            self.all_text = text
        elif tag in {"h1", "h2", "h3"}:
            self.heads.append(text)
        elif tag == "a" and is_in_main:
            self.links.append((attrs.get("href", ""), text))
        elif tag in {"td", "th"}:
            self.cells.append(text)

    @property
    def addresses(self) -> list[str]:
        return [address for address, _ in self.links]

    def value_of(self, name: str) -> str | None:
        """Return the value of the first control of that name."""
        found = [a for tag, a in self.tags if tag == "input" and a.get("name") == name]
        return found[0].get("value") if found else None


def read(answer: HttpResponse) -> Page:
    return Page(answer)


def whole(answer) -> tuple:
    """Everything of an answer but the secret of its form, which is new each time."""
    content = re.sub(rb'(name="csrfmiddlewaretoken" value=")[^"]+', rb"\1", answer.content)
    headers = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
    return answer.status_code, content, headers


class _Sent(HTMLParser):
    """What a browser sends of each form of a page, as it stands."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []
        self._is_in_form = False
        self._select: str | None = None
        self._text: str | None = None

    def handle_starttag(self, tag: str, attrs: list) -> None:
        given = dict(attrs)
        name, value = given.get("name"), given.get("value")
        if tag == "form":
            self.forms.append({})
            self._is_in_form = True
        elif not self._is_in_form:
            return
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if "selected" in given or self._select not in self.forms[-1]:
                self.forms[-1][self._select] = value or ""
        elif tag == "textarea" and name:
            self._text, self.forms[-1][name] = name, ""
        elif tag == "input" and name and given.get("type") != "file":
            is_choice = given.get("type") in ("radio", "checkbox")
            if not is_choice or "checked" in given:
                self.forms[-1][name] = (value or "on") if is_choice else value or ""

    def handle_data(self, data: str) -> None:
        if self._text:
            self.forms[-1][self._text] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_in_form = False
        elif tag == "select":
            self._select = None
        elif tag == "textarea" and self._text:
            text = self.forms[-1][self._text].removeprefix("\r\n").removeprefix("\n")
            self.forms[-1][self._text] = text.replace("\n", "\r\n")
            self._text = None


def sent_by(answer: HttpResponse, name: str) -> dict[str, str]:
    """Return what a browser sends of the form that has a control of that name, as it stands."""
    reader = _Sent()
    reader.feed(answer.content.decode())
    (found,) = (form for form in reader.forms if name in form)
    return found
