"""Undo this import: every table is as before, unless somebody has changed what came."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from clients.models import Client, Invitation
from practice.audit.chaining import chain_everything
from practice.audit.models import Entry, Verb
from practice.audit.verify import faults
from practice.diary.models import Session
from practice.imports.models import Import, ImportedRow
from practice.imports.reading import read_files
from practice.imports.undoing import TooLate, undo
from practice.imports.writing import bring_in
from practice.profiles.settling import settle_everybody
from practice.records import settling
from relationships.caseload import settling as caseload
from relationships.caseload.models import SettledCaseload
from relationships.models import EndReason, Relationship
from relationships.models.sealed_history import faults as faults_of_history
from tests.factories import ClientFactory, counters_of, start, true_counters_of
from tests.imports.conftest import SAMPLES

pytestmark = [pytest.mark.django_db, pytest.mark.database]
# What tells of the act, and can never be taken back: the audit, its erasure records, the import.
REMAIN = {"audit_entry", "audit_chain", "relationships_erasure", "imports_import"}


@pytest.fixture
def brought(alice):
    """Bring files in for Alice; return the import."""

    def bring(*paths):
        named = [(path, path.name) for path in paths or sorted(SAMPLES.iterdir())]
        plan = read_files(named, alice, {}, timezone.now()).plan
        came = Import.objects.create(therapist=alice, begun_by=alice.user)
        return bring_in(plan, came, alice, alice.user)

    return bring


def tables() -> dict[str, list]:
    """Return every row of every table, with what is worked out every night."""
    settle_everybody()
    settling.settle_everybody()
    caseload.settle_everybody()
    # A picture of a moment, made of the rows that are compared.
    SettledCaseload.objects.update(settled_at=None, counted={})
    found = {}
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            table = model._meta.db_table
            if model._meta.managed and table not in REMAIN:
                cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - tables of ours
                found[table] = sorted(map(repr, cursor.fetchall()))
    return found


@pytest.mark.database
def test_undo_leaves_every_table_as_before(brought, alice, tmp_path):
    maren = ClientFactory(therapist=alice, name="Maren Ostrova", email="maren@example.org")
    start(maren)
    ClientFactory(therapist=alice, name="Ada Dale", email="ada@dale.example")
    barred = tmp_path / "barred.csv"
    barred.write_text("Name,Email,Do Not Contact\nAda Dale,ada@dale.example,yes\n")
    before = tables()
    came = brought(*sorted(SAMPLES.iterdir()), barred)
    assert alice.clients.get(name="Ada Dale").do_not_contact
    assert Client.objects.count() > 10
    assert Session.objects.filter(relationship__clients=maren).exists(), "also work that was here"

    found = undo(came, by=alice.user)

    assert found.staying == []
    assert tables() == before
    came.refresh_from_db()
    assert came.state == Import.State.UNDONE
    chain_everything()
    assert list(faults(alice.pk)) == list(faults_of_history(alice.pk)) == []
    assert Entry.objects.filter(verb=Verb.IMPORT_UNDONE).count() == 1


def test_after_undoing_the_same_files_come_again(brought, alice):
    undo(brought(), by=alice.user)

    brought()

    assert alice.clients.count() == 12
    clients = list(alice.clients.all())
    assert counters_of(*clients) == true_counters_of(*clients)


def rename(maren: Client) -> None:
    maren.name = "Maren Berg"
    maren.save()


def invite(maren: Client) -> None:
    Invitation.create_for(maren)


def end(maren: Client) -> None:
    work = maren.relationships.active().first()
    work.end(by=maren.therapist.user, reason=EndReason.COMPLETED)


def answer(maren: Client) -> None:
    session = Session.objects.filter(relationship__clients=maren).earliest("starts_at")
    session.set_attendance(attended=False, by=maren.therapist.user)


def book(maren: Client) -> None:
    by, soon = maren.therapist.user, timezone.now() + timedelta(days=40)
    work = maren.relationships.active().first()
    Session.book(work, starts_at=soon, length=timedelta(minutes=50), by=by)


def start_more(maren: Client) -> None:
    start(maren)


@pytest.mark.parametrize("change", [rename, invite, end, answer, book, start_more])
def test_what_was_changed_stays_with_what_belongs_to_it(brought, alice, change):
    came = brought(SAMPLES / "jane_patient_list.csv", SAMPLES / "jane_appointments.csv")
    maren = alice.clients.get(name="Maren Ostrova")
    change(maren)
    sessions = Session.objects.filter(relationship__clients=maren).count()

    found = undo(came, by=alice.user)

    assert found.staying == [maren]
    assert list(alice.clients.all()) == [maren]
    assert alice.sessions.count() == sessions
    assert counters_of(maren) == true_counters_of(maren)
    assert ImportedRow.objects.filter(kind="client").get().row == maren.pk


def test_it_is_undone_once_and_for_thirty_days(brought, alice):
    came = brought(SAMPLES / "cliniko_patients.csv")
    Import.objects.update(finished_at=timezone.now() - timedelta(days=30))
    with pytest.raises(TooLate):
        undo(came, by=alice.user)
    Import.objects.update(finished_at=timezone.now() - timedelta(days=29))
    undo(came, by=alice.user)

    with pytest.raises(TooLate):
        undo(came, by=alice.user)
    assert not Relationship.objects.exists()
