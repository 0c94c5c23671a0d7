"""Markup that is put together without a template."""

import pytest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from practice.templatetags.components import address, format_markup


@pytest.mark.parametrize(
    "value", ["Ann", "O'Sullivan & <b>", '"', SafeString("<b>bold</b>"), 7, None, "{}", ""]
)
def test_values_are_escaped_as_django_escapes_them(value):
    made = format_markup('<li class="{}">{}</li>', value, "1 < 2")

    assert made == format_html('<li class="{}">{}</li>', value, "1 < 2")
    assert isinstance(made, SafeString)


def test_addresses_are_those_of_the_site_map():
    assert address("clients") == "/clients/"
    assert address("client", "bcdfghjkmn") == "/clients/bcdfghjkmn/"
    assert address("restart", "bcdfghjkmn") == "/relationships/bcdfghjkmn/restart/"
