"""Queries that are compiled once: nothing of the request that asked first is left in them."""

import pkgutil
from datetime import date, datetime, timedelta
from importlib import import_module
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

import clients
import practice
import relationships
from clients.list_address import BY_LAST, BY_NEXT, NOTHING_BOOKED
from clients.models import Client
from practice.database.compiled import MOMENT, CompiledQuery, Place
from practice.diary.models import Session

pytestmark = pytest.mark.django_db

LISTS = {"people", "words", "clients", "relationships"}  # what is given as several places
# The forms of those that have several: all parts that choose differently.
SHOWN, EITHER = ("", "individual", NOTHING_BOOKED), (False, True)
FORMS = {
    "_numbers": [*product(SHOWN, EITHER, EITHER)],
    "_a_day": [("Europe/London",), ("America/Argentina/Ushuaia",)],
    "_page": [*product(SHOWN, EITHER, ("", BY_NEXT, BY_LAST))],
}
A_CONSTANT = 1000  # below it a number is no row's


def every_compiled_query() -> list[CompiledQuery]:
    """Return those of all modules of the product."""
    found: dict[int, CompiledQuery] = {}
    for package in (clients, practice, relationships):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith((".wsgi", ".product")):
                values = vars(import_module(module.name)).values()
                found |= {id(one): one for one in values if isinstance(one, CompiledQuery)}
    return [*found.values()]


def baked_in(query: CompiledQuery) -> list[Any]:
    """Return the values in a query that are neither places nor constants."""

    def given(name: str, field: Any = None) -> Any:
        field = (field,) if field else (Place("", MOMENT).output_field,)
        return [Place(name, *field, 0)] if name in LISTS else Place(name, *field)

    found = []
    for form in FORMS.get(getattr(query._build, "__name__", ""), [()]):
        compiler = query._build(given, *form).query.get_compiler(connection=connection)
        found += [p for p in compiler.as_sql()[1] if not (isinstance(p, Place) or is_constant(p))]
    return found


def is_constant(param: Any) -> bool:
    if str(param).startswith(f"{date.max}"):  # what stands for no moment at all
        return True
    if isinstance(param, str):  # on SQLite a moment or a day is a text, with digits in it
        return not any(map(str.isdigit, param))
    if isinstance(param, date | datetime | timedelta):
        return False
    return not isinstance(param, int) or param < A_CONSTANT


def test_nothing_of_the_request_that_asked_first_is_left_in_a_compiled_query():
    every = every_compiled_query()

    assert len(every) > 20
    assert [baked_in(query) for query in every if baked_in(query)] == []


@pytest.mark.parametrize(
    "faulty",
    [
        lambda given: Session.objects.filter(therapist=given("therapist")).upcoming(),
        lambda given: Client.objects.filter(therapist=123_456).values_list("name"),
        lambda given: Client.objects.filter(date_of_birth=timezone.localdate()).values_list("name"),
    ],
    ids=["now", "a row", "today"],
)
def test_what_would_be_left_in_it_is_found(faulty):
    assert baked_in(CompiledQuery(faulty)) != []
