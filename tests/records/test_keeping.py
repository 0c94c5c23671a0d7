"""How long records are kept: the dates, the page of a client, and the list of who is due."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from clients.models import Client, KeepRule
from practice.diary.models import Session
from practice.records.retention import keep_until, retention_expired, retention_periods
from relationships.models import Relationship
from tests.factories import ClientFactory, start
from tests.reading import read

pytestmark = pytest.mark.database

NOW = datetime(2032, 6, 15, 10, tzinfo=UTC)
SEVEN, TEN, BIRTHDAY = KeepRule


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.mark.parametrize(
    ("rule", "last", "born", "until"),
    [
        (SEVEN, "2025-03-14", None, "2032-03-14"),
        (SEVEN, "2024-02-29", None, "2031-03-01"),
        (SEVEN, "2021-02-28", None, "2028-02-28"),
        (TEN, "2024-02-29", None, "2034-03-01"),
        (TEN, "2025-12-31", None, "2035-12-31"),
        (BIRTHDAY, "2020-05-01", "2010-05-02", "2035-05-02"),
        (BIRTHDAY, "2020-05-01", "2008-02-29", "2033-03-01"),
        # 18 on the very day of the last session, and a day before it: from then on 7 years count.
        (BIRTHDAY, "2020-05-01", "2002-05-01", "2027-05-01"),
        (BIRTHDAY, "2020-05-01", "2002-04-30", "2027-05-01"),
        (BIRTHDAY, "2020-05-01", "1960-01-01", "2027-05-01"),
    ],
)
def test_until_when_records_are_kept(rule, last, born, until):
    day = date.fromisoformat

    assert keep_until(rule, last=day(last), born=day(born) if born else None) == day(until)


def test_a_25th_birthday_needs_a_date_of_birth():
    with pytest.raises(ValueError, match="date of birth"):
        keep_until(BIRTHDAY, last=date(2020, 5, 1))


def session(relationship: Relationship, day: str, **state: object) -> Session:
    starts_at = datetime.fromisoformat(f"{day}T12:00+00:00")
    made = Session.book(
        relationship,
        starts_at=starts_at,
        length=timedelta(minutes=50),
        by=relationship.therapist.user,
    )
    Session.objects.filter(pk=made.pk).update(**({"state": "attended"} | state))
    return made


@pytest.fixture
def old(ann: Client) -> Relationship:
    """Work with Ann that ended long after its only session."""
    Client.objects.filter(pk=ann.pk).update(added_at=datetime(2024, 1, 1, tzinfo=UTC))
    relationship = start(ann, at=datetime(2024, 1, 1, tzinfo=UTC))
    session(relationship, "2025-06-15")
    relationship.end(
        by=relationship.therapist.user, reason="completed", at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    return relationship


def until_of(client: Client) -> date:
    client.refresh_from_db()
    return retention_periods([client], NOW)[0].until


def test_the_time_counts_from_the_last_session_and_not_from_the_ending(old, ann):
    assert until_of(ann) == date(2032, 6, 15)


def test_a_session_that_was_cancelled_missed_or_is_to_come_does_not_count(old, ann, alice):
    session(old, "2025-07-01", state="missed")
    session(old, "2025-07-02", state="cancelled", cancelled_at=NOW, cancelled_by=alice.user)
    session(old, "2032-07-01", state="booked")

    assert until_of(ann) == date(2032, 6, 15)


def test_a_session_nobody_has_answered_for_counts(old, ann):
    session(old, "2026-07-01", state="booked")

    assert until_of(ann) == date(2033, 7, 1)


def test_a_session_with_others_counts_for_each(old, ann, ben):
    session(start(ann, ben), "2027-02-03")

    assert until_of(ann) == until_of(ben) == date(2034, 2, 3)


def test_without_a_session_the_last_ending_counts_and_then_the_day_of_adding(ann, alice):
    Client.objects.filter(pk=ann.pk).update(added_at=datetime(2024, 1, 1, tzinfo=UTC))
    relationship = start(ann, at=datetime(2024, 1, 1, tzinfo=UTC))
    assert until_of(ann) == date(2031, 1, 1)

    relationship.end(by=alice.user, reason="no_sessions", at=datetime(2024, 3, 1, 12, tzinfo=UTC))
    assert until_of(ann) == date(2031, 3, 1)


def test_the_day_is_the_readers(old, ann):
    late = session(old, "2026-07-01")
    ends_at = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)  # half past midnight in London
    times = {"starts_at": ends_at - timedelta(hours=1), "ends_at": ends_at}
    Session.objects.filter(pk=late.pk).update(**times)

    assert until_of(ann) == date(2033, 7, 1)


def due_names(therapist) -> list[str]:
    people = Client.objects.in_bulk(retention_expired(therapist, NOW))
    return [people[pk].name for pk in retention_expired(therapist, NOW)]


def test_who_is_due_is_due_from_the_very_day_on(old, alice, clock):
    assert due_names(alice) == ["Ann Ashby"]
    assert retention_expired(alice, NOW - timedelta(days=1)) == []


def test_an_active_client_is_never_due(old, ann, alice):
    old.restart(by=alice.user)

    assert due_names(alice) == []


def test_a_client_with_a_session_to_come_is_not_due(old, alice):
    session(old, "2032-07-01", state="booked")

    assert due_names(alice) == []


def test_a_longer_rule_is_kept_to(old, ann, alice):
    Client.objects.filter(pk=ann.pk).update(keep_rule="10_years")
    assert due_names(alice) == []

    Client.objects.filter(pk=ann.pk).update(
        keep_rule="25th_birthday", date_of_birth=date(2009, 1, 1)
    )
    assert due_names(alice) == []


def test_those_who_wait_longest_come_first_and_colleagues_clients_never(old, alice, carl):
    early = ClientFactory(therapist=alice, name="Zoe Early", added_at=NOW - timedelta(days=4000))
    foreign = start(carl, at=NOW - timedelta(days=4000))
    Client.objects.filter(pk=carl.pk).update(added_at=NOW - timedelta(days=4000))
    foreign.end(by=carl.therapist.user, reason="completed", at=NOW - timedelta(days=3990))

    assert due_names(alice) == [early.name, "Ann Ashby"]


def test_the_list_costs_the_same_for_one_and_for_many(
    old, alice, as_alice, django_assert_max_num_queries
):
    with django_assert_max_num_queries(8) as for_one:
        as_alice.get("/clients/due/")
    ClientFactory.create_batch(20, therapist=alice, added_at=NOW - timedelta(days=4000))

    with django_assert_max_num_queries(8) as for_many:
        page = as_alice.get("/clients/due/").content.decode()

    assert len(for_one) == len(for_many)
    assert "21 inactive clients whose records need not be kept any longer" in page
    assert "Ann Ashby" in page


def test_the_list_has_pages_the_longest_due_first(old, alice, as_alice):
    for n in range(26):
        days = timedelta(days=5000 - n)
        ClientFactory(therapist=alice, name=f"Gone {n:02}", added_at=NOW - days)

    first = read(as_alice.get("/clients/due/"))
    second = read(as_alice.get("/clients/due/?page=2"))

    assert first.cells[4::4] == [f"Gone {n:02}" for n in range(25)]
    assert second.cells[4::4] == ["Gone 25", "Ann Ashby"]
    assert "Page 1 of 2 Next" in first.text
    assert "27 inactive clients" in second.text


def test_who_is_due_is_read_by_one_query_and_as_little_of_each_as_is_needed(old, alice):
    with CaptureQueriesContext(connection) as asked:
        retention_expired(alice, NOW)

    assert len(asked) == 1
    assert "phone" not in asked[0]["sql"]


def test_nobody_is_due_and_the_page_says_so(as_alice):
    assert b"No records to review" in as_alice.get("/clients/due/").content


def test_the_rule_is_chosen_on_a_page_of_its_own(old, ann, as_alice):
    typed = {"keep_rule": "25th_birthday", "date_of_birth": "2010-02-28"}

    answer = as_alice.post(f"/clients/{ann.public_id}/keep/", typed)

    assert answer.status_code == 303
    page = as_alice.get(answer.url).content.decode()
    assert "Keep until 28 February 2035" in page
    assert as_alice.get(f"/clients/{ann.public_id}/keep/").content.decode().count("checked") == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"keep_rule": "25th_birthday"}, "Enter the date of birth"),
        ({"keep_rule": "25th_birthday", "date_of_birth": "soon"}, "Enter a date"),
        ({"keep_rule": "7_years", "date_of_birth": "2032-06-16"}, "within the last 130 years"),
        ({"keep_rule": "7_years", "date_of_birth": "1900-01-01"}, "within the last 130 years"),
        ({"keep_rule": "ever"}, "Choose how long the records are kept"),
        ({}, "Choose how long the records are kept"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(old, ann, as_alice, typed, words):
    answer = as_alice.post(f"/clients/{ann.public_id}/keep/", typed)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    ann.refresh_from_db()
    assert (ann.keep_rule, ann.date_of_birth) == ("7_years", None)


def test_the_database_knows_three_rules_and_the_date_of_birth_one_of_them_needs(ann):
    for wrong in ({"keep_rule": "ever"}, {"keep_rule": "25th_birthday"}, {"keep_rule": ""}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Client.objects.filter(pk=ann.pk).update(**wrong)


def test_choosing_writes_nothing_else(old, ann, as_alice, alice):
    """A page opened before the work ended, and sent after it, brings nobody back."""
    as_alice.post(f"/clients/{ann.public_id}/keep/", {"keep_rule": "10_years", "name": "X"})

    ann.refresh_from_db()
    assert (ann.name, ann.is_active, ann.keep_rule) == ("Ann Ashby", False, "10_years")
