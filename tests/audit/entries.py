"""Entries of the audit, as tests write them."""

from threading import Barrier, Thread

from django.db import connections

from practice.audit.models import Entry, Verb


def record(therapist, number: int = 1) -> None:
    for _ in range(number):
        Entry.record(Verb.CLIENT_OPENED, by=therapist.user, therapist=therapist)


def columns_of(entry: Entry, **changes: object) -> dict[str, object]:
    fields = [field for field in entry._meta.concrete_fields if field.column]
    return {field.column: getattr(entry, field.attname) for field in fields} | changes


def new_columns_of(entry: Entry, **changes: object) -> dict[str, object]:
    """Return what somebody would insert who writes an entry like this one by hand."""
    unchained = {"id": 987654, "number": None, "mac": "", "writer_number": 987654}
    return columns_of(entry, **unchained | changes)


def at_once(*deeds) -> list[BaseException]:
    """Do everything at the same moment, in threads; return what went wrong."""
    start, wrong = Barrier(len(deeds)), []

    def run(deed) -> None:
        try:
            start.wait()
            deed()
        except BaseException as error:
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong
