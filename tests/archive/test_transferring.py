"""A whole caseload passes to a colleague: every row of it, with a history that is proved."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.apps import apps
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from clients.models import Client
from practice.accounts.access import act_as_therapist, transaction_of
from practice.accounts.models import Therapist
from practice.audit.models import Entry
from practice.database.operations import statements
from practice.diary.models import Attendance, Session
from practice.imports.models import Import, ImportedNote, ImportedRow
from practice.management import transferring
from practice.profiles.models import ClientNumbers
from practice.records.erasure import erase
from practice.records.models import RetentionChange, RetentionDate
from relationships.models import Event, Relationship
from relationships.models.choices import EndReason
from tests.application_role import application
from tests.factories import ClientFactory, counters_of, start, true_counters_of
from tests.racing import at_once
from tests.raw_sql import refused

pytestmark = pytest.mark.database

ALICE, BOB = "alice@practice.example", "bob@practice.example"
LENGTH = timedelta(minutes=50)


def transfer(*words: str, former: str = ALICE, receiver: str = BOB) -> str:
    out = StringIO()
    call_command("transfer_clients", former, receiver, *(words or ["--yes"]), stdout=out)
    return out.getvalue()


def book(work: Relationship, days: int, **columns: object) -> Session:
    at = timezone.now() + timedelta(days=days)
    made = Session.book(work, starts_at=at, length=LENGTH, by=work.therapist.user)
    Session.objects.filter(pk=made.pk).update(booked_at=timezone.now() - 90 * DAY, **columns)
    return made


DAY = timedelta(days=1)


def therapist_models() -> set:
    return {
        model
        for model in apps.get_models()
        if model._meta.managed
        and any(f.related_model is Therapist for f in model._meta.concrete_fields)
    }


def rows() -> dict[str, list]:
    """Every row of every model with a therapist, as the database has it."""
    models = sorted(therapist_models(), key=lambda model: model._meta.label)
    return {m._meta.label: [*m._base_manager.order_by("pk").values_list()] for m in models}


def all_is_true() -> None:
    call_command("verify_audit", stdout=StringIO())
    call_command("check_figures", stdout=StringIO())


def triggers_and_keys() -> list[tuple]:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgrelid::regclass::text, tgname, tgenabled, tgdeferrable, tginitdeferred "
                "FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2"
            )
            found = cursor.fetchall()
            cursor.execute(
                "SELECT conrelid::regclass::text, conname, condeferrable, condeferred, "
                "convalidated, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1, 2"
            )
            return [*found, *cursor.fetchall()]
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
        return cursor.fetchall()


def tamper(event: Event) -> None:
    """Change a line of history as somebody does who has the owner's password."""
    connection.check_constraints()
    with connection.cursor() as cursor:
        for statement in statements("relationships", "0001_rules", connection.vendor)[0]:
            cursor.execute(statement)
    Event.objects.filter(pk=event.pk).update(at=timezone.now())


@pytest.fixture
def full(practice, ann, bob, carl) -> Therapist:
    """Alice's practice with sessions held and to come, and something brought in."""
    came = Import.objects.create(
        therapist=practice, begun_by=practice.user, state="done", finished_at=timezone.now()
    )
    ImportedNote.objects.create(therapist=practice, came_with=came, client=ann, text="From paper")
    ImportedRow.objects.create(
        therapist=practice, came_with=came, kind="client", row=ann.pk, file=0, line=2, digest="d"
    )
    active = practice.relationships.active().first()
    book(active, -30, state="attended")
    book(active, -20, state="attended")
    book(active, 8)
    book(start(carl), -10, state="attended")
    couples = practice.relationships.get(kind="couples")
    Attendance.objects.create(
        therapist=practice,
        session=couples.sessions.get(state="attended"),
        participation=couples.participations.get(client=ann),
        came=True,
    )
    return practice


def test_every_model_with_a_therapist_is_passed_on_stays_or_is_worked_out_anew():
    decided = [*transferring.PASSED_ON, *transferring.STAYS, *transferring.WORKED_OUT]
    assert len(decided) == len(set(decided))
    assert set(decided) == therapist_models()


@pytest.mark.django_db
def test_every_row_of_a_caseload_is_the_receivers_and_is_the_same_else(full, bob):
    before = {m: m._base_manager.filter(therapist=full).count() for m in transferring.PASSED_ON}
    there = {m: m._base_manager.filter(therapist=bob).count() for m in transferring.PASSED_ON}
    stays = {m: m._base_manager.filter(therapist=full).count() for m in transferring.STAYS}
    empty = [model.__name__ for model, number in before.items() if not number]
    rules, numbers = triggers_and_keys(), sorted(Relationship.objects.values_list("public_id"))
    transfer()
    assert empty == []
    for model, number in before.items():
        assert not model._base_manager.filter(therapist=full).exists(), model
        assert model._base_manager.filter(therapist=bob).count() == number + there[model], model
    for model, number in stays.items():
        found = model._base_manager.filter(therapist=full).count()
        assert found >= number if model is Entry else found == number, model
    assert not ClientNumbers.objects.filter(therapist=full).exists()
    assert not RetentionDate.objects.filter(therapist=full).exists()
    assert not RetentionChange.objects.filter(therapist=full).exists()
    assert triggers_and_keys() == rules
    assert sorted(Relationship.objects.values_list("public_id")) == numbers


@pytest.mark.django_db(transaction=True)
def test_audit_history_figures_and_counters_are_true_afterwards(full):
    all_is_true()
    people = [*Client.objects.filter(merged_into=None, merged_records=None)]
    counted = counters_of(*people)
    transfer()
    all_is_true()
    assert counters_of(*people) == counted == true_counters_of(*people)


@pytest.mark.django_db
def test_who_did_not_hold_sessions_has_no_figures_of_them(full, bob):
    transfer()
    counted = Session.objects.filter(therapist=bob, in_figures=True)
    assert counted.count() == 2  # the one held with Carl, and the one to come
    assert bob.numbers.sessions_held == 1


@pytest.mark.django_db
def test_the_rules_hold_again_afterwards(full, bob):
    transfer()
    event = Event.objects.filter(therapist=bob).first()
    with refused(), transaction.atomic():
        Event.objects.filter(pk=event.pk).update(therapist=full)
    with pytest.raises(IntegrityError), transaction.atomic():
        Client.objects.filter(pk=event.relationship.clients.first().pk).update(therapist=full)


@pytest.mark.django_db
def test_a_changed_line_of_history_is_found_after_a_transfer(full, bob):
    transfer()
    tamper(Event.objects.filter(therapist=bob).first())
    with pytest.raises(CommandError, match="2 found to be wrong"):
        call_command("verify_audit", stdout=StringIO())


@pytest.mark.django_db
def test_the_receiver_goes_on_with_the_history_and_it_can_go_back(full, bob, ann):
    transfer()
    work = Relationship.objects.filter(therapist=bob, participations__client=ann).active().get()
    work.end(by=bob.user, reason=EndReason.COMPLETED, note="Private.")
    all_is_true()
    transfer(former=BOB, receiver=ALICE)
    all_is_true()


@pytest.mark.django_db
def test_both_sides_say_so_in_the_audit_as_the_operators(full, bob):
    transfer()
    for therapist, verb in ((full, "caseload_passed_on"), (bob, "caseload_taken_over")):
        entry = Entry.objects.get(therapist=therapist, verb=verb, about__startswith="therapist:")
        assert (entry.role, entry.by) == ("operator", None)
        assert entry.outcome == "4 clients, 8 sessions"


@pytest.mark.django_db
def test_the_database_shows_the_former_nothing_and_the_receiver_everything(full, bob, ann):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no row-level security")
    transfer()
    for therapist, number in ((full, 0), (bob, 5)):
        with application(), transaction_of(therapist.user_id):
            act_as_therapist()
            assert Client.objects.count() == number
            assert Session.objects.exists() == bool(number)
            assert Event.objects.exists() == bool(number)
    with application(), transaction_of(ann.account_id):
        assert {c.therapist_id for c in Client.objects.filter(account=ann.account_id)} == {bob.pk}


@pytest.mark.django_db
def test_pages_of_all_three_are_as_they_should_be(full, bob, as_alice, as_bob, as_ann, ann):
    transfer()
    assert as_alice.get(f"/clients/{ann.public_id}/").status_code == 404
    assert as_bob.get(f"/clients/{ann.public_id}/").status_code == 200
    for work in Relationship.objects.filter(therapist=bob):
        assert as_alice.get(reverse("relationship", args=[work.public_id])).status_code == 404
        assert as_bob.get(reverse("relationship", args=[work.public_id])).status_code == 200
    for session in Session.objects.filter(therapist=bob):
        assert as_alice.get(reverse("session", args=[session.public_id])).status_code == 404
        assert as_bob.get(reverse("session", args=[session.public_id])).status_code == 200
    home = as_ann.get("/", follow=True).content.decode()
    assert "Bob Baker" in home
    assert "Alice Archer" not in home


@pytest.mark.django_db
def test_both_therapists_are_told_and_whoever_signs_in_and_nothing_of_therapy(full, bob, ann):
    transfer()
    told = {letter.to[0]: letter for letter in mail.outbox}
    assert sorted(told) == [ALICE, "ann@mail.example", BOB]
    assert "passed your clients on to Bob Baker." in told[ALICE].body
    assert "passed the clients of Alice Archer on to you." in told[BOB].body
    letter = told["ann@mail.example"]
    assert letter.subject.startswith("A change to your appointments")
    assert "appointments on Stillwater are with Bob Baker." in letter.body
    words = (letter.subject + letter.body).lower()
    assert not [word for word in ("therap", "ended", "ending", "alice", "relat") if word in words]


@pytest.mark.django_db
def test_whoever_is_not_to_be_contacted_is_not_told(full, ann):
    Client.objects.filter(pk=ann.pk).update(do_not_contact=True)
    transfer()
    assert sorted(letter.to[0] for letter in mail.outbox) == [ALICE, BOB]


@pytest.mark.django_db
def test_a_client_whom_the_receiver_erases_is_no_fault_of_the_former_history(full, bob, ann):
    transfer()
    person = Client.objects.get(pk=ann.pk)
    for work in Relationship.objects.filter(participations__client=person).active():
        work.end(by=bob.user, reason=EndReason.COMPLETED)
    Session.objects.filter(starts_at__gt=timezone.now()).delete()
    erase(Client.objects.get(pk=ann.pk), by=bob.user)
    assert Client.objects.filter(pk=ann.pk, name="Ann Ashby").count() == 0
    all_is_true()


# What is refused, and changes nothing.


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("former", "receiver", "said"),
    [
        (ALICE, ALICE, "Both addresses are of the same therapist."),
        ("nobody@practice.example", BOB, "There is no account for nobody@practice.example."),
        ("ann@mail.example", BOB, "ann@mail.example is no therapist's account."),
    ],
)
def test_addresses_that_cannot_be_are_refused(full, bob, former, receiver, said):
    refuses(said, former=former, receiver=receiver)


def refuses(said: str, **addresses: str) -> None:
    before = rows()
    with pytest.raises(CommandError) as refusal:
        transfer(**addresses)
    assert said in str(refusal.value)
    assert rows() == before


@pytest.mark.django_db
def test_a_history_that_was_tampered_with_is_not_sealed_anew(full, bob):
    tamper(Event.objects.filter(therapist=full).first())
    refuses("Something in the history is wrong: run verify_audit.")


@pytest.mark.django_db
def test_a_disabled_receiver_is_refused(full, bob):
    bob.user.disable()
    refuses("The account bob@practice.example is disabled.")


@pytest.mark.django_db
def test_nothing_is_passed_on_while_files_are_being_brought_in(full, bob):
    Import.objects.create(therapist=full, begun_by=full.user, state="running")
    refuses("Files are being brought in at this moment.")


@pytest.mark.django_db
def test_a_caseload_of_nobody_is_refused(alice, bob):
    refuses("alice@practice.example has no clients to pass on.")


@pytest.mark.django_db
def test_overlapping_sessions_are_refused_and_listed(full, bob, carl):
    session = Session.objects.filter(therapist=full, starts_at__gt=timezone.now()).get()
    work = Relationship.objects.get(therapist=bob)
    Session.book(work, starts_at=session.starts_at, length=LENGTH, by=bob.user)
    refuses(
        f"Sessions to come overlap with sessions of the receiver (1): {session.starts_at:%Y-%m-%d}"
    )


@pytest.mark.django_db
def test_sessions_that_two_held_at_the_same_time_are_passed_on(full, bob, carl):
    before = [*Session.objects.filter(therapist=full, state="attended")]
    work = Relationship.objects.get(therapist=bob)
    for session in before:
        book_at(work, session.starts_at)
    transfer()
    for session in before:
        both = Session.objects.filter(starts_at=session.starts_at)
        assert [*both.values_list("therapist", flat=True)] == [bob.pk, bob.pk]
    all_is_true()


def book_at(work: Relationship, starts_at: datetime) -> Session:
    made = Session.book(work, starts_at=starts_at, length=LENGTH, by=work.therapist.user)
    Session.objects.filter(pk=made.pk).update(state="attended")
    return made


@pytest.mark.django_db
def test_what_the_former_held_takes_no_time_of_the_receivers_and_what_is_to_come_does(full, bob):
    held = Session.objects.filter(therapist=full, state="attended").earliest("starts_at")
    ahead = Session.objects.get(therapist=full, starts_at__gt=timezone.now())
    transfer()
    work = Relationship.objects.filter(therapist=bob).active().first()
    recorded = book_at(work, held.starts_at)
    with pytest.raises(Session.Taken):
        book_at(work, ahead.starts_at)
    with pytest.raises(IntegrityError), transaction.atomic():
        Session.objects.filter(pk=recorded.pk).update(
            starts_at=ahead.starts_at, ends_at=ahead.ends_at
        )


@pytest.mark.django_db
def test_a_session_that_was_passed_on_and_is_moved_ahead_is_the_receivers(full, bob):
    transfer()
    work = Relationship.objects.filter(therapist=bob).active().first()
    Session.objects.filter(relationship=work, passed_on=True).update(state="booked")
    session = Session.objects.filter(relationship=work, passed_on=True).first()
    session.move(starts_at=timezone.now() + 12 * DAY, by=bob.user)
    with pytest.raises(Session.Taken):
        book_at(work, session.starts_at)


@pytest.mark.django_db
def test_who_began_to_book_before_and_comes_after_books_nothing_with_the_former(full, bob):
    read_before = full.relationships.active().first()
    transfer()
    with pytest.raises(Session.Taken):
        Session.book(read_before, starts_at=timezone.now() + 15 * DAY, length=LENGTH, by=full.user)


@pytest.mark.django_db(transaction=True)
def test_who_books_while_a_caseload_is_passed_on_books_with_whoever_has_it_then(full, bob):
    ahead = Session.objects.get(therapist=full, starts_at__gt=timezone.now())
    passed = ahead.relationship
    theirs = Relationship.objects.get(therapist=bob)

    def booking(work: Relationship, starts_at: datetime) -> Callable[[], str]:
        def book() -> str:
            try:
                Session.book(work, starts_at=starts_at, length=LENGTH, by=work.therapist.user)
            except Session.Taken:
                return "taken"
            return "booked"

        return book

    def passing() -> str:
        try:
            return "passed on" if transfer() else ""
        except CommandError as refusal:
            return str(refusal)

    free = timezone.now() + 15 * DAY
    answers = at_once(booking(passed, free), booking(theirs, ahead.starts_at), passing)

    refused_for_it = str(answers[2]).startswith("Sessions to come overlap")
    assert (answers[1:] == ["taken", "passed on"]) != (answers[1] == "booked" and refused_for_it)
    standing = Session.objects.filter(starts_at__gt=timezone.now()).standing()
    times = [*standing.order_by("starts_at").values_list("therapist", "starts_at")]
    assert len(times) == len(set(times)) == 1 + answers[:2].count("booked")
    assert not Session.objects.exclude(therapist=F("relationship__therapist")).exists()


@pytest.mark.django_db
def test_a_client_of_both_is_refused(full, bob, ann):
    ClientFactory(therapist=bob, account=ann.account)
    refuses("Some sign in as clients of both, or are the receiver (1): ann@mail.example.")


@pytest.mark.django_db
def test_a_receiver_who_is_a_client_of_the_former_is_refused(full, bob):
    ClientFactory(therapist=full, account=bob.user)
    refuses("or are the receiver (1): bob@practice.example.")


@pytest.mark.django_db
def test_a_dry_run_and_another_answer_than_yes_change_nothing(full, bob, monkeypatch):
    before = rows()
    assert "clients: 4\n" in transfer("--dry-run")
    monkeypatch.setattr("builtins.input", lambda _: "y")
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("transfer_clients", ALICE, BOB, stdout=StringIO())
    assert rows() == before
