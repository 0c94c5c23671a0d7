"""Reading a page as a person does: its text, its headings, its links."""

import re

from django.http import HttpResponse
from lxml import etree

VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
READ = {"title", "main", "body", "h1", "h2", "h3", "a", "td", "th"}  # what `Page` keeps the text of
BLOCKS = {"p", "li", "h1", "h2", "h3", "td", "th", "tr", "div", "dt", "dd", "option", "label"}


class Reader:
    """Reads HTML: what is opened, said and closed, in the order of the source."""

    def read(self, html: str) -> None:
        """Read it, and fail where what is opened is not what is closed."""
        parser = etree.HTMLParser(target=self, remove_comments=True)
        parser.feed(html)
        parser.close()
        torn = [str(error) for error in parser.feed_error_log if "MISMATCH" in error.type_name]
        assert not torn, torn

    def start(self, tag: str, attrs: dict[str, str]) -> None: ...

    def data(self, text: str) -> None: ...

    def end(self, tag: str) -> None: ...

    def close(self) -> None: ...


class Page(Reader):
    """The page of an answer.

    `text` is what stands in `main`, `all_text` in the whole body, each with single spaces; `heads`
    are the headings, `links` all (address, text) of `main`, `ids` the text of what has an id.
    """

    def __init__(self, answer: HttpResponse) -> None:
        self.source = answer.content.decode()
        self._pieces: list[str] = []  # of the text of the page
        self._open: list[tuple[str, dict[str, str], int]] = []  # with the pieces before it
        self.heads: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.ids: dict[str, str] = {}
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.cells: list[str] = []
        self.title = self.text = self.all_text = ""
        self.read(self.source)
        if self.source.startswith("<!"):
            opened = [tag for tag, _ in self.tags if tag not in VOID]
            assert len(opened) == self.source.count("</"), "what is opened is left open"

    def start(self, tag: str, attrs: dict[str, str]) -> None:
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if tag == "br":
            self._pieces.append(" ")
        self._open.append((tag, attrs, len(self._pieces)))

    def data(self, text: str) -> None:
        self._pieces.append(text)

    def end(self, tag: str) -> None:
        _, attrs, before = self._open.pop()
        if tag not in VOID and ("id" in attrs or tag in READ):
            text = " ".join("".join(self._pieces[before:]).split())
            if "id" in attrs:
                self.ids[attrs["id"]] = text
            if tag == "title":
                self.title = text
            elif tag == "main":
                self.text = text
            elif tag == "body":
                self.all_text = text
            elif tag in {"h1", "h2", "h3"}:
                self.heads.append(text)
            elif tag == "a" and any(parent == "main" for parent, _, _ in self._open):
                self.links.append((attrs.get("href", ""), text))
            elif tag in {"td", "th"}:
                self.cells.append(text)
        if tag in BLOCKS:
            self._pieces.append(" ")

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


class _Sent(Reader):
    """What a browser sends of each form of a page, as it stands."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self._is_in_form = False
        self._select: str | None = None
        self._text: str | None = None

    def start(self, tag: str, attrs: dict[str, str]) -> None:
        name, value = attrs.get("name"), attrs.get("value")
        if tag == "form":
            self.forms.append({})
            self._is_in_form = True
        elif not self._is_in_form:
            return
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            if "selected" in attrs or self._select not in self.forms[-1]:
                self.forms[-1][self._select] = value or ""
        elif tag == "textarea" and name:
            self._text, self.forms[-1][name] = name, ""
        elif tag == "input" and name and attrs.get("type") != "file":
            is_choice = attrs.get("type") in ("radio", "checkbox")
            if not is_choice or "checked" in attrs:
                self.forms[-1][name] = (value or "on") if is_choice else value or ""

    def data(self, text: str) -> None:
        if self._text:
            self.forms[-1][self._text] += text

    def end(self, tag: str) -> None:
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
    reader.read(answer.content.decode())
    (found,) = (form for form in reader.forms if name in form)
    return found
