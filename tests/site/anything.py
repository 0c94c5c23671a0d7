"""What anybody can send: requests that make sense, requests that make none, and all between."""

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import quote, unquote_to_bytes, urlencode, urljoin, urlsplit

from django.http import HttpResponse
from django.test import Client as Browser
from hypothesis import strategies as st

from tests.access import forms
from tests.access.table import TABLE
from tests.access.walk import PARAMETER, Walk
from tests.factories import PASSWORD

WHO = ("visitor", "alice", "ann")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
URLS = (
    "https://[",
    "http://testserver/",
    "http://testserver/clients/?q=ann&page=2#x",
    "http://testserver//evil.example/",
    "http://testserver/\\evil.example/",
    "http://testserver/%0d%0aLocation:%20https://evil.example",
    "http://testserver/%2f%2fevil.example/",
    "http://testserver:99999/",
    "http://testserver@evil.example/",
    "https://evil.example/",
    "https:evil.example",
    "https:///evil.example",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example/",
    "\\\\evil.example",
    "/clients/",
    "javascript:alert(1)",
    "data:text/html,x",
    "http://[::1]:80/",
    "http://testserver/" + "x" * 3_000,
    "null",
    "",
)
TEXTS = (
    *URLS,
    "\x00",
    "é" * 300,
    "9" * 5_000,
    "-1",
    "1e400",
    "NaN",
    "2026-02-30",
    "2026-W48-1",
    "20261123",
    "0001-01-01",
    "9999-12-31",
    "24:00",
    "[" * 2_000,
    '{"id": "x"}',
    "\u202e\u0000\ufeff",
    "\U0001f642" * 50,
    "%s%n{0}{{7*7}}",
    "' OR 1=1 --",
    "../../etc/passwd",
    "on",
    "yes",
    "add-off",
    "remove-mon-99999999999999999999",
)
HEADERS = (
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "Cookie",
    "Host",
    "HX-Boosted",
    "HX-Current-URL",
    "HX-Current-URL-URI-AutoEncoded",
    "HX-History-Restore-Request",
    "HX-Prompt",
    "HX-Request",
    "HX-Target",
    "HX-Trigger",
    "HX-Trigger-Name",
    "If-Modified-Since",
    "If-None-Match",
    "Origin",
    "Range",
    "Referer",
    "Sec-Fetch-Site",
    "Triggering-Event",
    "User-Agent",
    "X-CSRFToken",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-HTTP-Method-Override",
    "X-Requested-With",
)
CONTENT_TYPES = (
    "application/x-www-form-urlencoded; charset=nonsense",
    "application/json",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=" + "x" * 500,
    "multipart/form-data; boundary=\u00e9; charset=utf-7",
    "text/plain; charset=utf-16",
    "; ;; =",
)
# Names that a page reads from an address, or from a form, beside the columns of the models.
NAMES = (
    *("add", "background", "do", "asked", "include", "key", "next", "only", "page", "q"),
    *("recovery", "row", "second", "sure", "week", "weeks", "which", "who", "attended"),
    *("login", "password", "password1", "oldpassword", "new_password1", "new_password2", "code"),
    *("credential", "others-TOTAL_FORMS", "others-0-name", "others-0-who", "mon-TOTAL_FORMS"),
    *("mon-INITIAL_FORMS", "mon-0-starts", "off-TOTAL_FORMS", "off-0-first_day", "day", "time"),
    *("minutes", "ended_at", "planned_end", "csrfmiddlewaretoken"),
)
LINK = re.compile(r"""\b(?:href|action|src|data-hx-(?:get|post))="(?!mailto:|tel:)([^"]*)""")
LED_BY = ("Location", "HX-Redirect", "HX-Location", "HX-Push-Url", "HX-Replace-Url", "Refresh")


@dataclass(frozen=True)
class Asked:
    """A request."""

    who: str
    with_token: bool
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes | dict[str, str]


def latin(text: str) -> str:
    """Return text as it can stand in a header."""
    return re.sub(r"[\r\n]", " ", text).encode("utf-8").decode("latin-1")


def addresses(walk: Walk) -> list[str]:
    """Return every address of the site, at Ann's things and at Carl's."""
    found = []
    for route in TABLE:
        part = PARAMETER.search(route)
        things = walk.world.objects(part[1]) if part else {"ann": "", "carl": ""}
        chosen = [things[name] for name in ("ann", "carl") if name in things]
        found += {walk.address(route, thing) for thing in chosen or things.values()}
    return found


def filled_in(walk: Walk, pages: list[str]) -> list[tuple[str, str, dict[str, str]]]:
    """Return (who, address, fields) of every form that somebody is shown, as it stands there."""
    return [
        (who, action or page, fields)
        for who in WHO
        for page in pages
        for action, fields in forms.of(walk.browsers[who].get(page))
    ]


def requests(walk: Walk) -> st.SearchStrategy[Asked]:
    """Requests to a world: forms as people send them but for a field or two, and anything."""
    world, pages = walk.world, addresses(walk)
    known = [world.alice.slug, world.alice.user.email, PASSWORD, world.typed_email, world.token]
    values = st.one_of(st.sampled_from([*TEXTS, *known]), st.text(max_size=30))
    fields = st.dictionaries(st.sampled_from(NAMES), values, max_size=6)
    urls = st.sampled_from(URLS).map(latin)
    headers = st.one_of(
        st.just({}),
        st.dictionaries(st.sampled_from(HEADERS), values.map(latin), max_size=4),
        st.fixed_dictionaries({"HX-Request": st.just("true"), "HX-Current-URL": urls}),
        st.fixed_dictionaries({"Content-Type": st.sampled_from(CONTENT_TYPES).map(latin)}),
    )
    queries = st.one_of(st.just(""), fields.map(urlencode), values.map(latin))
    with_token = st.sampled_from((True, True, True, False))

    @st.composite
    def of_a_form(draw: st.DrawFn) -> Asked:
        who, page, typed = draw(st.sampled_from(filled))
        names = st.sampled_from([*typed, *typed, *NAMES])
        body = typed | draw(st.dictionaries(names, values, min_size=1, max_size=3))
        return Asked(who, draw(with_token), "POST", page, draw(queries), draw(headers), body)

    filled = filled_in(walk, pages)
    tails = st.sampled_from(["", "", "", "", "/", "//evil.example/", "%ff", "%00", "%0a", "?"])
    parts = st.one_of(st.sampled_from(pages), values.map(lambda text: f"/{quote(text)}"))
    anything = st.builds(
        Asked,
        who=st.sampled_from(WHO),
        with_token=with_token,
        method=st.sampled_from(("GET", "GET", "POST", *METHODS)),
        path=st.builds("{}{}".format, parts, tails),
        query=queries,
        headers=headers,
        body=st.one_of(fields, st.binary(max_size=60)),
    )
    return st.one_of(of_a_form(), anything)


def send(browser: Browser, asked: Asked) -> HttpResponse:
    """Send it as it is, whatever a library would have made of it."""
    body = urlencode(asked.body).encode() if isinstance(asked.body, dict) else asked.body
    sent = {f"HTTP_{name.upper().replace('-', '_')}": v for name, v in asked.headers.items()}
    kind = sent.pop("HTTP_CONTENT_TYPE", "application/x-www-form-urlencoded")
    sent["PATH_INFO"] = unquote_to_bytes(asked.path).decode("latin-1")
    return browser.generic(asked.method, "/", body, kind, QUERY_STRING=asked.query, **sent)


def is_foreign(address: str) -> bool:
    """Whether a browser that follows an address leaves the site."""
    address = re.sub(r"[\x00-\x20]", "", address).replace("\\", "/")
    address = re.sub(r"^(https?:)?/{2,}", r"\1//", address, flags=re.IGNORECASE)
    if re.match(r"https?:(?!//)", address, re.IGNORECASE):
        return True  # or not, but none of ours looks like that
    try:
        parts = urlsplit(urljoin("http://testserver/a/", address))
    except ValueError:
        return False  # no browser follows it
    return parts.scheme not in ("http", "https") or parts.hostname != "testserver"


def findings(answer: HttpResponse) -> list[str]:
    """Return what is wrong with an answer."""
    found = [f"answered {answer.status_code}"] if answer.status_code >= 500 else []
    led = [(name, answer.headers[name]) for name in LED_BY if name in answer.headers]
    led += [
        ("a link", unescape(a)) for a in LINK.findall(answer.content.decode("utf-8", "replace"))
    ]
    return found + [f"{name} leads to {there}" for name, there in led if is_foreign(there)]
