"""Markup that is put together without a template."""

from datetime import UTC, date, datetime

import pytest
from django.template import engines
from django.urls import NoReverseMatch
from django.utils import formats
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
    to = address("check_booking", "bcdfghjkmn", "2026-07-31", "0930")
    assert to == "/book/bcdfghjkmn/2026-07-31/0930/"


@pytest.mark.parametrize(
    ("tag", "to"),
    [
        ("{% url 'check_booking' id day time %}", "/book/bcdfghjkmn/2026-07-31/0930/"),
        ("{% url 'check_booking' id on time %}", "/book/bcdfghjkmn/2026-07-31/0930/"),
        ("{% url 'therapist' slug %}", "/therapists/zoe-ash/"),
        ("{% url 'who_asked' id 'moved' %}", "/sessions/bcdfghjkmn/who-asked/moved/"),
    ],
)
def test_so_are_those_of_a_template(tag, to):
    context = {"id": "bcdfghjkmn", "day": date(2026, 7, 31), "on": "2026-07-31", "time": "0930"}

    assert engines["django"].from_string(tag).render(context | {"slug": "zoe-ash"}) == to


def test_an_address_of_nothing_is_refused():
    with pytest.raises(NoReverseMatch):
        engines["django"].from_string("{% url 'client' id %}").render({"id": "no id"})


@pytest.mark.parametrize("words", ["j F Y", "l j F Y", "D", "Y-m-d", "F"])
def test_days_are_said_as_django_says_them_and_moments_on_the_readers_clock(words):
    day, moment = date(2026, 7, 31), datetime(2026, 7, 31, 23, 30, tzinfo=UTC)
    said = engines["django"].from_string(f'{{{{ when|date:"{words}" }}}}')

    assert said.render({"when": day}) == formats.date_format(day, words)
    assert said.render({"when": moment}) == formats.date_format(date(2026, 8, 1), words)
    assert said.render({"when": None}) == ""
