"""`import_caseload`: everything or nothing, twice is once, and one JSON object last."""

import json
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.utils import timezone

from clients.models import Client
from practice.audit.chaining import chain_everything
from practice.audit.models import Entry, Verb
from practice.audit.verify import faults, faults_of_writers
from practice.diary.models import Session
from practice.imports.models import Import, ImportedNote, ImportedRow
from practice.imports.writing import Changed, bring_in
from practice.notifications.models import Message
from practice.notifications.reminders import remind
from practice.records.erasure import erase
from relationships.models import Relationship
from relationships.models.sealed_history import faults as faults_of_history
from tests.factories import ClientFactory, counters_of, true_counters_of
from tests.imports.conftest import SAMPLES

pytestmark = pytest.mark.django_db
ALL = sorted(SAMPLES.iterdir())
KEYS = {
    *("people", "already_here", "couples", "past", "estimated", "sessions", "unmatched"),
    *("unreadable", "questions"),
}


@pytest.fixture
def bring(alice, capsys):
    """Run the command for Alice; return the object that it prints last."""

    def run(*paths, **options):
        call_command("import_caseload", *paths, therapist=alice.user.email, json=True, **options)
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    return run


def rows() -> dict[str, int]:
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


def test_a_dry_run_says_all_and_writes_nothing(bring):
    before = rows()

    data = bring(*ALL, dry_run=True)

    assert data.keys() == KEYS
    assert (data["people"], data["couples"], data["past"], data["sessions"]) == (12, 3, 5, 6)
    assert all(question.keys() == {"file", "what", "choices"} for question in data["questions"])
    assert rows() == before


def test_all_samples_are_brought_in_and_the_history_is_whole(bring, alice):
    data = bring(*ALL)

    assert alice.clients.count() == data["people"] == 12
    assert alice.relationships.ended().count() == data["past"]
    assert alice.relationships.filter(is_end_estimated=True).count() == data["estimated"]
    assert alice.sessions.count() == data["sessions"]
    clients = list(alice.clients.all())
    assert counters_of(*clients) == true_counters_of(*clients)
    maren = alice.clients.get(name="Maren Ostrova")
    assert (maren.email, str(maren.date_of_birth)) == ("maren@example.org", "1988-02-29")
    assert alice.clients.search("nunez").count() == 2
    chain_everything()
    assert list(faults(alice.pk)) == list(faults_of_history(alice.pk)) == []
    assert list(faults_of_writers()) == []


def test_the_same_files_again_change_nothing(bring, alice):
    bring(*ALL)
    before = rows()

    data = bring(*reversed(ALL))

    assert (data["people"], data["sessions"], data["already_here"]) == (0, 0, 12)
    assert rows() == before


def test_it_is_one_act_and_every_row_says_where_it_came_from(bring, alice):
    bring(SAMPLES / "jane_patient_list.csv", SAMPLES / "jane_appointments.csv")

    came = Import.objects.get()
    (entry,) = Entry.objects.filter(verb=Verb.IMPORTED)
    assert (entry.about, entry.outcome) == (
        f"import:{came.public_id}",
        "3 people, 0 couples, 4 sessions",
    )
    assert not Entry.objects.filter(verb__in=[Verb.CLIENT_ADDED, Verb.SESSION_BOOKED]).exists()
    wen = alice.clients.get(name="Wen Li")
    row = ImportedRow.objects.get(kind="client", row=wen.pk)
    assert row.place == "jane_patient_list.csv, line 4"
    assert ImportedRow.objects.count() == 3 + 3 + 4


def test_nobody_is_told_of_anything(bring, alice, mailoutbox):
    bring(*ALL)

    assert mailoutbox == []
    assert not Session.objects.exclude(tell_at=None).exists()


def test_nobody_is_reminded_of_a_session_that_came_until_it_is_moved(bring, alice, tmp_path):
    path = tmp_path / "export.csv"
    soon = (timezone.now() + timedelta(days=8)).replace(hour=12, minute=0)
    path.write_text(f"Start Time,Name,Email\n{soon:%Y-%m-%d %H:%M},Ann Brook,ann@x.org\n")
    bring(path)
    session = alice.sessions.get()
    day_before = session.starts_at - timedelta(hours=22)

    remind(alice, day_before)
    assert not Message.objects.exists()

    session.move(starts_at=session.starts_at + timedelta(hours=1), by=alice.user)
    Session.objects.update(tell_at=None)
    remind(alice, day_before)
    assert Message.objects.count() == 1


def test_answers_are_the_questions_with_an_answer_each(bring, tmp_path):
    answered = [
        question | {"answer": question["choices"][0]}
        for question in bring(*ALL, dry_run=True)["questions"]
        if "One person" in question["choices"]
    ]
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(answered))

    data = bring(*ALL, answers=path)

    assert data["people"] == 10
    assert Client.objects.filter(name="Ben Castle").count() == 1


@pytest.mark.parametrize("answers", ["", "[1]", "{}", '[{"file": 1}]', "\0"])
def test_answers_of_another_form_are_refused(bring, tmp_path, answers):
    path = tmp_path / "answers.json"
    path.write_text(answers)

    with pytest.raises(CommandError, match="cannot be read"):
        bring(ALL[0], answers=path)
    assert not Client.objects.exists()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\x89PNG\r\n" + bytes(range(256)) * 9, "no text"),
        (b"", "is empty"),
        (b"a,b\n1,2\n", "columns that are known"),
        (b"Patient Name,ICD-10\nAnn Brook,F41\n", "Answer first"),
    ],
)
def test_if_anything_stands_in_the_way_nothing_is_brought_in(bring, tmp_path, content, why):
    path = tmp_path / "export.csv"
    path.write_bytes(content)
    before = rows()

    with pytest.raises(CommandError, match=why):
        bring(ALL[0], path)

    assert rows() == before


def test_headers_alone_bring_nothing_and_are_no_fault(bring, tmp_path):
    path = tmp_path / "export.csv"
    path.write_text("Name,Email\n")

    assert bring(path)["people"] == 0
    assert not Import.objects.exists()


def test_somebody_who_is_here_stays_as_they_are_but_for_do_not_contact(bring, tmp_path, alice):
    ann = ClientFactory(therapist=alice, name="Ann Brook", email="ann@x.org", phone="1")
    path = tmp_path / "export.csv"
    path.write_text("Name,Email,Phone,Do Not Contact\nAnn Brook,ann@x.org,2,yes\n")

    bring(path)

    ann.refresh_from_db()
    assert (ann.phone, ann.do_not_contact, ann.active_relationships) == ("1", True, 1)


def test_what_has_changed_since_the_files_were_read_stops_it(planned, alice):
    plan = planned(a__csv="Name\nAnn Brook\n").plan
    came = Import.objects.create(therapist=alice, begun_by=alice.user)
    ClientFactory(therapist=alice, name="Somebody New")

    with pytest.raises(Changed):
        bring_in(plan, came, alice, alice.user)

    came.refresh_from_db()
    assert came.state == Import.State.READ
    assert not Relationship.objects.exists()


def test_of_two_at_once_one_brings_it_in(planned, alice):
    plan = planned(a__csv="Name\nAnn Brook\n").plan
    came = Import.objects.create(therapist=alice, begun_by=alice.user)
    bring_in(plan, came, alice, alice.user)

    with pytest.raises(Changed):
        bring_in(plan, came, alice, alice.user)

    assert alice.clients.count() == 1


def test_erasing_somebody_forgets_where_they_came_from(bring, alice):
    bring(SAMPLES / "cliniko_patients.csv")
    ben = alice.clients.get(name="Ben Castle")
    assert ImportedNote.objects.get().client == ben

    erase(ben, by=alice.user)

    assert not ImportedNote.objects.exists()
    assert ImportedRow.objects.count() == 2
    assert timezone.now() >= Import.objects.get().finished_at
