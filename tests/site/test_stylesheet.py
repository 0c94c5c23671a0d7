"""The stylesheet holds what pages use and nothing else; what a browser loads stays small."""

import gzip
import re
from collections.abc import Iterator
from inspect import getsource
from itertools import product
from pathlib import Path

import pytest
from django.conf import settings

from practice.booking import diary_lines
from practice.diary import today_lines
from practice.profiles import stats
from practice.site.banners import INFO, SUCCESS
from relationships.models import Event
from tests.practice.source import CODE, PAGES

STATIC = Path(settings.BASE_DIR) / "static"
SCRIPTS = list(STATIC.glob("*.js"))
# What a page writes into the name of a class.
VALUES = {
    "banner.kind": [SUCCESS, INFO],
    "badge.key": [badge.key for badge in vars(stats).values() if isinstance(badge, stats.Badge)],
    "event.kind": Event.Kind.values,
    "size": ["wide", "narrow"],
}
# The plain tag and the plain mark of a history, and what tests look for in it.
WITHOUT_A_LOOK = {"tag-ended", "tag-inactive", "started", "joined", "left", "what"}


def names(text: str) -> set[str]:
    """Return every class that the value of a `class` may hold."""
    text = re.sub(r"\{%.*?%\}", " ", text)
    spots = re.findall(r"\{\{ ([\w.]+) \}\}", text)
    found = set()
    for values in product(*(VALUES[spot] for spot in spots)):
        filled = iter(values)
        found |= set(re.sub(r"\{\{.*?\}\}", lambda _, said=filled: next(said), text).split())
    return found


def used() -> set[str]:
    """Return the classes of all templates, forms and scripts."""
    told: list[str] = []
    for page in PAGES:
        if page.match("notifications/message.html"):  # a mail, which brings its own styles
            continue
        told += re.findall(r'\bclass="([^"]*)"', page.read_text())
    for code in CODE:
        told += re.findall(r'\bclass="([\w -]*)"|"class": "([\w -]*)"', code.read_text())
    for script in SCRIPTS:
        told += re.findall(
            r'classList\.\w+\("([\w-]+)"|className = "([\w -]+)"', script.read_text()
        )
    for classes in (diary_lines._classes, today_lines._classes):  # each where it holds
        told += re.findall(r'"([\w-]+)": ', getsource(classes))
    flat = [text for found in told for text in ([found] if isinstance(found, str) else found)]
    return set().union(*map(names, flat))


def styled() -> set[str]:
    """Return the classes that the stylesheet has rules for."""
    return {name for head in heads() for name in re.findall(r"\.([a-zA-Z][\w-]*)", head)}


def heads() -> Iterator[str]:
    """Yield what stands before each block of declarations."""
    css = re.sub(r"/\*.*?\*/", "", (STATIC / "practice.css").read_text(), flags=re.DOTALL)
    for head in re.findall(r"([^{};]+)\{", css):
        if not head.strip().startswith("@"):
            yield head


def test_no_rule_is_for_a_class_that_nothing_has():
    assert styled() - used() == set()


def test_no_class_is_without_a_look():
    assert used() - styled() == WITHOUT_A_LOOK


def test_classes_are_read_as_pages_write_them():
    text = "tag{% if row.is_active %} tag-active{% endif %} chart-{{ size }}"

    assert names(text) == {"tag", "tag-active", "chart-wide", "chart-narrow"}
    assert {"w-short", "qr", "has-htmx", "button"} <= used()
    assert {"visually-hidden", "tag-booked", "has-htmx"} <= styled()
    assert len(styled()) > 100


@pytest.mark.parametrize(
    ("file", "most"), [("app.js", 2_000), ("stay.js", 1_600), ("practice.css", 12_700)]
)
def test_what_a_browser_loads_is_small(file, most):
    assert len(gzip.compress((STATIC / file).read_bytes(), mtime=0)) <= most
