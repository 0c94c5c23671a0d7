"""Parts that pages are made of; always loaded."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from functools import cache, lru_cache
from html import escape
from typing import Any

from django import template
from django.conf import settings
from django.template.base import NodeList, Parser, Token
from django.template.defaultfilters import date as django_date
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as django_url
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from practice.database.public_ids import ALPHABET, LENGTH
from practice.text.phone_numbers import dialled
from practice.text.places import link_of, without_scheme
from practice.text.spoken import zone_name

register = template.Library()

LETTERS = frozenset(ALPHABET)
DAY_OR_TIME = re.compile(r"\d{4}(-\d\d-\d\d)?", re.ASCII)
MOST_RENDERINGS = 500  # of one `{% memoize %}`
ABSENT = object()

TABLE = """<div class="card">
  <table class="table" role="table">
    <caption class="visually-hidden">{}</caption>
    <thead role="rowgroup">
      <tr role="row">{}</tr>
    </thead>
    <tbody role="rowgroup">{}</tbody>
  </table>
</div>"""


def format_markup(markup: str, *values: object) -> SafeString:
    """Return markup with values in its places, escaped unless they are markup themselves.

    For what is shown a hundred times on a page: Django's `format_html`, which expects texts that
    are translated later and so takes four times as long.
    """
    return SafeString(markup.format(*map(_as_markup, values)))  # nosec B703


def join_markup(parts: Iterable[object], between: str = "") -> SafeString:
    """Return parts one after the other, escaped unless they are markup themselves."""
    return SafeString(between.join(map(_as_markup, parts)))  # nosec B703


def _as_markup(value: object) -> str:
    if isinstance(value, SafeString):
        return value
    text = str(value)
    return text if text.isalnum() else escape(text)  # an id or a number needs no look at each sign


class URL(URLNode):
    """Django's `{% url %}`, which works an address out once for all ids, days and times in it."""

    def render(self, context: template.Context) -> str:
        args = [arg.resolve(context) for arg in self.args]
        if self.kwargs or self.asvar or not all(map(_is_id_day_or_time, args)):
            return super().render(context)
        return address(self.view_name.resolve(context), *map(str, args))


@register.tag
def url(parser: Parser, token: Token) -> URL:
    node = django_url(parser, token)
    return URL(node.view_name, node.args, node.kwargs, node.asvar)


class Memoized(template.Node):
    """Markup that is rendered once for each combination of the values that it names.

    Within it nothing else of the context is there, the request neither: so it cannot show anybody
    what was rendered for somebody else. The values have to be few, and may be no one's name.
    """

    child_nodelists = ()  # a page cannot fill a block that stands in it

    def __init__(self, nodelist: NodeList, names: list[str]) -> None:
        self.nodelist, self.names = nodelist, names
        self.rendered: dict[tuple, str] = {}

    def render(self, context: template.Context) -> str:
        values = tuple([context.get(name, ABSENT) for name in self.names])
        text = self.rendered.get(values)
        if text is None:
            if len(self.rendered) >= MOST_RENDERINGS:
                self.rendered.clear()
            text = self.rendered[values] = self._render(context, values)
        return text

    def _render(self, context: template.Context, values: tuple[Any, ...]) -> str:
        named = zip(self.names, values, strict=True)
        alone = context.new({name: value for name, value in named if value is not ABSENT})
        return self.nodelist.render(alone)


@register.tag
def memoize(parser: Parser, token: Token) -> Memoized:
    """Render a part once for each value of these names: `{% memoize section is_therapist %}`."""
    nodelist = parser.parse(("endmemoize",))
    parser.delete_first_token()
    return Memoized(nodelist, token.split_contents()[1:])


@register.simple_tag(name="static")
def static_file(name: str) -> str:
    """Django's `{% static %}`, which asks for the address of a file once."""
    return _static(name, settings.STORAGES["staticfiles"]["BACKEND"])


@cache
def _static(name: str, storage: str) -> str:
    return static(name)


def _is_id_day_or_time(value: object) -> bool:
    if isinstance(value, str):
        is_id = len(value) == LENGTH and set(value) <= LETTERS
        return is_id or DAY_OR_TIME.fullmatch(value) is not None
    return type(value) is date


def address(name: str, *parts: str) -> str:
    """Return the address of a page; about a row, a day or a time with the ids or digits of these.

    `reverse` works it out once: on a page with a hundred addresses it would be felt.
    """
    first, *others = _around(name, len(parts))
    return first + "".join([part + after for part, after in zip(parts, others, strict=True)])


@cache
def _around(name: str, number: int) -> list[str]:
    """Return what stands before, between and after so many parts."""
    somebody = "0" * LENGTH
    return reverse(name, args=[somebody] * number).split(somebody)


@register.simple_tag
def icon(name: str) -> SafeString:
    """A decorative drawing of the icon sheet."""
    sheet = static_file("icons.svg")
    markup = '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>'
    return format_markup(markup, sheet, name)


@register.simple_tag(takes_context=True)
def zone_once(context: template.Context) -> str:
    """Name the reader's time zone beside the first time of a page; beside the others nothing."""
    request = context.get("request")
    if request is None or getattr(request, "zone_is_named", False):
        return ""
    request.zone_is_named = True
    return f" ({zone_name(timezone.get_current_timezone_name())})"


@register.simple_tag
def phone(number: str, drawing: str = "") -> SafeString:
    """A phone number as it was written, perhaps after a drawing; a link where it can be dialled."""
    found, before = dialled(number), icon(drawing) if drawing else ""
    markup = '<a href="tel:{}">{}{}</a>' if found else "{1}{2}"
    return format_html(markup, found, format_html("{} ", before) if before else "", number)


@register.filter
def breakable(address: str) -> SafeString:
    """An e-mail address that breaks after its @ and its dots rather than within a word."""
    parts = re.split(r"(?<=[@.])", address)
    return format_html_join(SafeString("<wbr>"), "{}", ((part,) for part in parts))


@register.simple_tag(name="place")
def where(place: str) -> SafeString | str:
    """A place as it was written; "Online" and the link where it is one."""
    if not (link := link_of(place)):
        return place
    markup = 'Online, <a href="{}" rel="noopener">{}</a>'
    return format_html(markup, link, without_scheme(link))


@register.simple_tag
def open_meeting(place: str) -> SafeString | str:
    """The button that opens an online meeting; nothing where a place is none."""
    markup = '<a class="button" href="{}" rel="noopener">Open the meeting</a>'
    return format_html(markup, link_of(place)) if link_of(place) else ""


@register.simple_block_tag
def breadcrumb(content: SafeString) -> SafeString:
    """The way to a page: an `<li>` with a link for each step."""
    markup = '<nav class="breadcrumb" aria-label="Breadcrumb"><ol>{}</ol></nav>'
    return format_html(markup, content)


@register.simple_block_tag
def table(
    content: SafeString, caption: str, *columns: str, ordered_by: tuple[int, str] = (0, "")
) -> SafeString:
    """A table that becomes cards on a phone; the content is its rows.

    Where the reader chooses its order, it says which column that is, from 1, and which way.
    """
    number, way = ordered_by
    order = {number: format_html(' aria-sort="{}"', way)}
    heads = format_html_join(
        "",
        '<th role="columnheader" scope="col"{}>{}</th>',
        ((order.get(each, ""), column) for each, column in enumerate(columns, 1)),
    )
    return format_html(TABLE, caption, heads, content)


@register.filter(name="date", expects_localtime=True)
def formatted(moment: Any, words: str) -> str:
    """Django's `|date`, which puts a day into words once: a diary says the same ones all day."""
    return _formatted(moment, words) if type(moment) is date else django_date(moment, words)


@lru_cache(maxsize=2000)
def _formatted(day: date, words: str) -> str:
    return django_date(day, words)


@register.filter
def left_by(relationship: Any, client: Any) -> datetime | None:
    """When somebody left a relationship: `{{ relationship|left_by:client }}`."""
    return relationship.left_by(client)
