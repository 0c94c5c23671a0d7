"""Everything of a practice, file by file, each made when its turn comes."""

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from itertools import islice
from typing import Any

from django.db.models import Prefetch
from django.template.loader import render_to_string
from django.utils import timezone

from clients.models import Client
from practice.accounts.models import Therapist
from practice.archive import tables
from practice.archive.cells import cell
from practice.archive.fhir import Fhir
from practice.archive.readme import readme
from practice.archive.tables import NUMBER, Table
from practice.diary.calendar import calendar_of_all
from practice.records.export_client import export_clients
from practice.records.shapes import as_json
from practice.version import VERSION as MADE_BY

FORMAT, VERSION = "stillwater-practice", 1
AT_ONCE = 100  # people
ROWS_AT_ONCE = 2000

Progress = Callable[[int, int], None]


@dataclass
class Practice:
    """A therapist's practice, read within one moment (`one_moment`)."""

    therapist: Therapist
    now: datetime
    progress: Progress = lambda done, of: None

    def __post_init__(self) -> None:
        # Of each table that others refer to: which row has which number.
        self.numbers: dict[Any, dict[int, int]] = {}
        self.rows = {table.name: table.rows(self.therapist).count() for table in tables.ALL}
        self.people = self.therapist.clients.people().count()
        self.done = 0

    @property
    def file_name(self) -> str:
        return f"practice-{timezone.localtime(self.now):%Y-%m-%d}.zip"

    def members(self) -> Iterator[tuple[str, Iterable[bytes]]]:
        """Yield path and parts of each file."""
        yield "README.txt", [readme(self).encode()]
        yield "manifest.json", [self._manifest()]
        for table in tables.ALL:
            yield table.path, _encoded(self._table(table))
        yield "fhir.json", _encoded(Fhir(self.therapist, self.now).text())
        yield "calendar.ics", calendar_of_all(self._sessions())
        index: list[dict] = []
        for data in self._each_client():
            number = data["client"]["id"]
            folder = f"clients/{number}"
            index.append(_line(data))
            page = render_to_string("records/client_archive.html", {"data": data})
            yield f"{folder}/index.html", [page.encode()]
            yield f"{folder}/client.json", [as_json(data)]
            self.done += 1
            self.progress(self.done, self.people)
        context = {"practice": self, "clients": index}
        yield "index.html", [render_to_string("archive/index.html", context).encode()]

    def _manifest(self) -> bytes:
        therapist = self.therapist
        about = {
            "format": FORMAT,
            "version": VERSION,
            "made_by": f"Stillwater {MADE_BY}",
            "made_at": self.now.astimezone(UTC),
            "therapist": {
                "name": therapist.name,
                "email": therapist.user.email,
                "time_zone": therapist.time_zone,
            },
            "rows": self.rows,
        }
        return as_json(about)

    def _table(self, table: Table) -> Iterator[str]:
        """Yield the lines of a table: the names of its columns, and its rows."""
        out = StringIO()
        out.write("\ufeff")  # without it Excel takes UTF-8 for the letters of its country
        writer = csv.writer(out)
        writer.writerow([NUMBER, *(column.name for column in table.fields)])
        targets = [self._numbers_of(column.related_model) for column in table.fields]
        names = ["pk", *(column.attname for column in table.fields)]
        rows = table.rows(self.therapist).values_list(*names).iterator(chunk_size=ROWS_AT_ONCE)
        for number, (_, *values) in enumerate(rows, start=1):
            told = [
                value if target is None or value is None else target[value]
                for target, value in zip(targets, values, strict=True)
            ]
            if table.names_by_kind:
                self._name_by_kind(names[1:], told, table.names_by_kind)
            writer.writerow([number, *map(cell, told)])
            if number % ROWS_AT_ONCE == 0:
                yield _taken(out)
        yield _taken(out)

    def _name_by_kind(self, names: list[str], told: list, column: str) -> None:
        numbers = self._numbers_of(tables.KINDS[told[names.index("kind")]]) or {}
        at = names.index(column)
        told[at] = numbers.get(told[at])  # it may have been erased

    def _numbers_of(self, model: Any) -> dict[int, int] | None:
        if model is None:
            return None
        if model not in self.numbers:
            rows = tables.table_of(model).rows(self.therapist)
            pks = rows.values_list("pk", flat=True).iterator(chunk_size=ROWS_AT_ONCE)
            self.numbers[model] = {pk: number for number, pk in enumerate(pks, start=1)}
        return self.numbers[model]

    def _sessions(self) -> Iterator[Any]:
        every = self.therapist.sessions.select_related("relationship").order_by("starts_at", "pk")
        return every.iterator(chunk_size=ROWS_AT_ONCE)

    def _each_client(self) -> Iterator[dict]:
        """Yield the export of each client, A to Z, so many at once."""
        ids = iter(
            list(self.therapist.clients.people().in_name_order().values_list("pk", flat=True))
        )
        merged = Client.objects.select_related("account")
        while some := list(islice(ids, AT_ONCE)):
            found = (
                self.therapist.clients.select_related("account")
                .prefetch_related(Prefetch("merged_records", merged))
                .in_bulk(some)
            )
            yield from export_clients(self.therapist, [found[pk] for pk in some], self.now)


def _line(data: dict) -> dict:
    """Return what the list of all clients says of one; no more of them is kept."""
    shown = ("kind", "with", "ended_at")
    return {
        "public_id": data["client"]["id"],
        "name": data["client"]["name"],
        "is_active": data["client"]["is_active"],
        "work": [{key: work[key] for key in shown} for work in data["relationships"]],
    }


def _taken(out: StringIO) -> str:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text


def _encoded(parts: Iterable[str]) -> Iterator[bytes]:
    return (part.encode() for part in parts)
