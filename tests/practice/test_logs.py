"""What the log says of an error, and what it keeps to itself."""

import logging
import sys

from django.db import IntegrityError, OperationalError, transaction

from practice.logs import WithoutValues
from tests.factories import UserFactory


def logged() -> str:
    """Return what the log says of the error being handled."""
    record = logging.LogRecord("django.request", 40, "", 1, "%s", ("/x/",), sys.exc_info())
    return WithoutValues().format(record)


def test_an_error_tells_where_it_broke_and_not_with_which_words():
    name, other = "Ann Ashby", "Ben Bright"
    try:
        try:
            int(name)
        except ValueError as error:
            raise LookupError(other) from error
    except LookupError:
        told = logged()

    assert "builtins.ValueError\nwhich led to\n" in told
    assert told.endswith("builtins.LookupError")
    assert "test_logs.py" in told
    assert told.startswith("/x/")
    assert name not in told
    assert other not in told


def test_a_row_that_the_database_refuses_is_not_quoted(db):
    known = UserFactory()
    try:
        with transaction.atomic():
            UserFactory(email=known.email)
    except IntegrityError:
        told = logged()

    assert told.endswith("django.db.utils.IntegrityError")
    assert known.email not in told


def test_what_the_database_says_of_itself_is_kept_in_one_line():
    try:
        raise OperationalError("the database system is starting up\nDETAIL: something else")
    except OperationalError:
        told = logged()

    assert told.endswith("django.db.utils.OperationalError: the database system is starting up")


def test_every_line_of_the_log_passes_both(settings):
    console = settings.LOGGING["handlers"]["console"]

    assert "without_query" in console["filters"]
    assert console["formatter"] == "without_values"
