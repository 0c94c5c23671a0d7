"""The tables of an archive: a file for each, and what each of its columns says.

Every column of every table of a practice is in it, unless `words.py` says why it is left out. A row
has a number in its file, in the order in which rows were made; what refers to it has that number.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import QuerySet

from clients.models import Client, Invitation
from practice.accounts.models import Contact, Therapist, User
from practice.archive.words import COLUMNS, LEFT_OUT, TABLES
from practice.audit.models import Entry
from practice.booking.dated_hours import DatedHours
from practice.booking.models import BookingRules, TimeOff, WeeklyHours
from practice.diary.models import Attendance, News, Session
from practice.imports.models import Import, ImportedNote, ImportedRow
from practice.notifications.models import Message, MessageSettings, Told
from practice.profiles.models import ClientNumbers, Profile, TherapistNumbers
from practice.records.models import RetentionChange, RetentionDate
from relationships.caseload.models import CaseloadChange, SettledCaseload
from relationships.models import Erasure, Event, Participation, Relationship

NUMBER = "number"


@dataclass(frozen=True)
class Table:
    """One file: `name.csv`, of the rows of a model that are a therapist's."""

    name: str
    model: Any
    # Whether a new installation takes it; what it does not is there to be read.
    arrives: bool = True
    # A column that names a row of the model that its `kind` says, by no key of the database.
    names_by_kind: str = ""

    @property
    def path(self) -> str:
        return f"data/{self.name}.csv"

    @property
    def about(self) -> str:
        return TABLES[self.name]

    @property
    def fields(self) -> list[models.Field]:
        """Return the columns that are in the archive."""
        columns = COLUMNS.get(self.name, {})
        out = LEFT_OUT["*"] | LEFT_OUT.get(self.name, {})
        named = dict.fromkeys(columns)
        present = [f for f in self.model._meta.concrete_fields if f.name not in out]
        if self.model in (User, Entry):  # only what is said: both belong to more than a practice
            present = [f for f in present if f.name in named]
        return present

    @property
    def words(self) -> Iterator[tuple[str, str]]:
        """Yield the name of each column, and what it says."""
        yield NUMBER, "of the row in this file"
        for column in self.fields:
            yield column.name, self.says(column)

    def says(self, column: models.Field) -> str:
        words = COLUMNS.get(self.name, {}).get(column.name) or COLUMNS["*"].get(column.name)
        if words is None and column.is_relation:
            words = f"number of the row in {table_of(column.related_model).name}.csv"
        return words or str(column.help_text or column.verbose_name)

    def rows(self, therapist: Therapist) -> QuerySet:
        """Return a therapist's rows, in the order in which they were made."""
        every = self.model._base_manager.order_by("pk")
        if self.model is Therapist:
            return every.filter(pk=therapist.pk)
        if self.model is User:
            return every.filter(pk__in=accounts_of(therapist))
        return every.filter(therapist=therapist)


ACCOUNTS = Table("accounts", User)
PRACTICE = Table("practice", Therapist)
CLIENTS = Table("clients", Client)
INVITATIONS = Table("invitations", Invitation)
RELATIONSHIPS = Table("relationships", Relationship)
HISTORY = Table("history", Event)
MESSAGES = Table("messages", Message)
IMPORTED_ROWS = Table("imported_rows", ImportedRow, names_by_kind="row")
ALL = (
    ACCOUNTS,
    PRACTICE,
    Table("contact", Contact),
    Table("booking_rules", BookingRules),
    Table("weekly_hours", WeeklyHours),
    Table("dated_hours", DatedHours),
    Table("time_off", TimeOff),
    Table("profile", Profile),
    CLIENTS,
    INVITATIONS,
    RELATIONSHIPS,
    Table("participations", Participation),
    HISTORY,
    Table("sessions", Session),
    Table("attendances", Attendance),
    Table("message_settings", MessageSettings),
    MESSAGES,
    Table("told", Told),
    Table("imports", Import),
    IMPORTED_ROWS,
    Table("imported_notes", ImportedNote),
    Table("news", News),
    Table("erasures", Erasure, arrives=False),
    Table("audit", Entry, arrives=False),
)
# Models of a practice that are in no archive, and why.
NOT_HELD = {
    ClientNumbers: "worked out of the sessions",
    TherapistNumbers: "worked out of the sessions",
    RetentionDate: "worked out of the sessions and endings",
    RetentionChange: "worked out of the sessions and endings",
    SettledCaseload: "worked out of the sessions and endings",
    CaseloadChange: "worked out of the sessions and endings",
}


# What a column "kind" says of a row that it names (`names_by_kind`).
KINDS = {"client": Client, "relationship": Relationship, "session": Session}


def table_of(model: Any) -> Table:
    """Return the table of a model."""
    return next(table for table in ALL if table.model is model)


def accounts_of(therapist: Therapist) -> set[int]:
    """Return whoever signs in for a client, or has done something in a practice, as ids."""
    found = {therapist.user_id}
    for table in ALL:
        if table.model in (User, Therapist):
            continue
        for column in table.fields:
            if column.related_model is User:
                of_rows = table.rows(therapist).order_by().exclude(**{column.name: None})
                found |= set(of_rows.values_list(column.attname, flat=True).distinct())
    return found
