"""Rows of an archive as rows of a database: checked one by one, written many at once."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import models

from practice.accounts.models import Therapist, User
from practice.archive import tables
from practice.archive.reading import Unreadable
from practice.archive.tables import NUMBER, Table
from practice.database.fields import UnreturnedAutoField
from practice.database.public_ids import PublicIdField, is_public_id, new_public_id

AT_ONCE = 1000


class Rows:
    """Makes the rows of an archive a therapist's, and knows which number has become which row."""

    def __init__(self, therapist: Therapist) -> None:
        self.therapist = therapist
        self.ids: dict[Any, dict[str, int]] = {}  # of each model: number and primary key

    def save(self, table: Table, rows: Iterable[dict[str, str]], **columns: object) -> int:
        """Write the rows of a table, and return how many there were; `columns` are set in each."""
        number, source = 0, iter(rows)
        while some := list(islice(source, AT_ONCE)):
            made = [self.made(table, row, **columns) for row in some]
            self._give_free_ids(table, made)
            if isinstance(table.model._meta.pk, UnreturnedAutoField):  # which tells no keys
                for one in made:
                    one.save(force_insert=True)
            else:
                table.model._base_manager.bulk_create(made)
            known = self.ids.setdefault(table.model, {})
            known |= {row[NUMBER]: one.pk for row, one in zip(some, made, strict=True)}
            number += len(made)
        return number

    def made(self, table: Table, row: dict[str, str], **columns: object) -> Any:
        """Return a row of the archive as a row of a model, which is not saved.

        Raises:
            Unreadable: something about it cannot be; the text says where and what.
        """
        values = {
            column.attname: self._value(table, row, column)
            for column in table.fields
            if column.name in row
        }
        if table.names_by_kind:
            values[table.names_by_kind] = self._named(table, row)
        if any(field.name == "therapist" for field in table.model._meta.fields):
            values["therapist_id"] = self.therapist.pk
        made = table.model(**values | columns)
        self.check(table, row, made)
        return made

    def check(self, table: Table, row: dict[str, str], made: models.Model) -> None:
        """Hold a row against the rules of its columns."""
        told = {column.name for column in table.fields if not column.is_relation}
        other = {field.name for field in made._meta.fields} - told
        try:
            made.clean_fields(exclude=other)
        except ValidationError as error:
            name, (words, *_) = next(iter(error.message_dict.items()))
            raise Unreadable(f"{place(table, row)}, {name}: {words}") from None

    def _value(self, table: Table, row: dict[str, str], column: Any) -> Any:
        text = row[column.name]
        if text == "" and column.null:
            return None
        if column.is_relation:
            return self.id_of(table, row, column.related_model, text)
        if table.names_by_kind == column.name:
            return None
        try:
            if isinstance(column, models.JSONField):
                return json.loads(text)
            if isinstance(column, models.BooleanField) and text not in ("True", "False"):
                raise ValueError
            return UUID(text) if isinstance(column, models.UUIDField) else column.to_python(text)
        except (ValidationError, ValueError, RecursionError):
            raise Unreadable(
                f"{place(table, row)}, {column.name}: {text[:40]!r} cannot be."
            ) from None

    def _named(self, table: Table, row: dict[str, str]) -> int:
        kind, number = tables.KINDS.get(row.get("kind", "")), row.get(table.names_by_kind, "")
        return self.id_of(table, row, kind, number) if number else 0

    def id_of(self, table: Table, row: dict[str, str], model: Any, number: str) -> int:
        """Return the row that a number of the archive has become.

        Raises:
            Unreadable: there is no row of that number before this one.
        """
        if model is User and number not in self.ids.get(User, {}):
            raise Unreadable(
                f"{place(table, row)} names account {number[:20]!r}, which is not there."
            )
        try:
            return self.ids[model][number]
        except KeyError:
            raise Unreadable(
                f"{place(table, row)} names a row {number[:20]!r}, which is not there."
            ) from None

    def _give_free_ids(self, table: Table, made: list[Any]) -> None:
        """Let rows keep the numbers of their addresses, as long as nobody here has them."""
        if not any(isinstance(field, PublicIdField) for field in table.model._meta.fields):
            return
        told = [one.public_id for one in made]
        taken = set(
            table.model._base_manager.filter(public_id__in=told).values_list("public_id", flat=True)
        )
        for one in made:
            if one.public_id in taken or not is_public_id(one.public_id):
                one.public_id = new_public_id()
            taken.add(one.public_id)


def place(table: Table, row: dict[str, str]) -> str:
    """Return where a row stands, in words."""
    return f"{table.path}, row {row[NUMBER]}"


def batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    """Yield rows, so many at once."""
    source = iter(rows)
    while some := list(islice(source, AT_ONCE)):
        yield some
