"""Parts that pages are made of; always loaded."""

from functools import cache

from django import template
from django.templatetags.static import static
from django.urls import get_urlconf, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from practice.database.public_ids import LENGTH
from practice.text.phone_numbers import dialled

register = template.Library()

TABLE = """<div class="card">
  <table class="table" role="table">
    <caption class="visually-hidden">{}</caption>
    <thead role="rowgroup">
      <tr role="row">{}</tr>
    </thead>
    <tbody role="rowgroup">{}</tbody>
  </table>
</div>"""


def address(name: str, public_id: str = "") -> str:
    """Return the address of a page, if it is about a row the one with its public id.

    `reverse` works it out once: on a page with a hundred addresses it would be felt.
    """
    before, after = _around(name, get_urlconf(), is_of_a_row=bool(public_id))
    return before + public_id + after


@cache
def _around(name: str, urlconf: str | None, *, is_of_a_row: bool) -> list[str]:
    """Return what stands before and after the id."""
    if not is_of_a_row:
        return [reverse(name), ""]
    somebody = "0" * LENGTH
    return reverse(name, args=[somebody]).split(somebody)


@register.simple_tag
def icon(name: str) -> SafeString:
    """A decorative drawing of the icon sheet."""
    sheet = static("icons.svg")
    markup = '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>'
    return format_html(markup, sheet, name)


@register.simple_tag
def phone(number: str, drawing: str = "") -> SafeString:
    """A phone number as it was written, perhaps after a drawing; a link where it can be dialled."""
    found, before = dialled(number), icon(drawing) if drawing else ""
    markup = '<a href="tel:{}">{}{}</a>' if found else "{1}{2}"
    return format_html(markup, found, format_html("{} ", before) if before else "", number)


@register.simple_block_tag
def breadcrumb(content: SafeString) -> SafeString:
    """The way to a page: an `<li>` with a link for each step."""
    markup = '<nav class="breadcrumb" aria-label="Breadcrumb"><ol>{}</ol></nav>'
    return format_html(markup, content)


@register.simple_block_tag
def table(content: SafeString, caption: str, *columns: str) -> SafeString:
    """A table that becomes cards on a phone; the content is its rows."""
    heads = format_html_join(
        "", '<th role="columnheader" scope="col">{}</th>', ((column,) for column in columns)
    )
    return format_html(TABLE, caption, heads, content)
