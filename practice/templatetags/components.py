"""Parts that pages are made of; always loaded."""

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from practice.text.phone_numbers import dialled

register = template.Library()


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
    return render_to_string(
        "_table.html", {"rows": content, "caption": caption, "columns": columns}
    )
