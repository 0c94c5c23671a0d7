"""Whatever has happened with two records: merged they are one person, separated what they were.

Hypothesis makes the histories. Each is played in a part of a transaction that is undone.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.apps import apps
from django.db import models, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clients.models import Client
from practice.diary.models import Session
from practice.profiles.figures import figures, visits_of
from practice.profiles.stats import tallies
from practice.records.merging import merge, separate
from practice.records.retention import retention_expired, retention_periods
from relationships.caseload.figures import Caseload
from relationships.models import Relationship
from relationships.models.choices import EndReason
from tests.conftest import browser_of
from tests.factories import ClientFactory, UserFactory, counters_of, start
from tests.sampling import examples

pytestmark = pytest.mark.database

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY, LENGTH = timedelta(days=1), timedelta(minutes=50)
STEPS = st.tuples(
    st.sampled_from(["start", "start", "end", "restart", "session", "session", "session"]),
    st.integers(0, 1),  # with which of the two records
    st.integers(0, 3),  # which of their relationships; a start with an odd number is with Ben, too
    st.sampled_from([EndReason.COMPLETED, EndReason.LOST_CONTACT, EndReason.DIED]),
    st.sampled_from(["attended", "attended", "attended", "missed", "booked", "cancelled"]),
)
HISTORIES = st.lists(STEPS, max_size=12)
some = settings(
    max_examples=examples(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate],
)
a_few = settings(some, max_examples=examples(6))  # each asks for forty pages


class Stage:
    """Alice, Ben, and two records, `one` and `two`, each with an account."""

    def __init__(self, alice, ben) -> None:
        self.alice, self.by, self.ben = alice, alice.user, ben
        self.one, self.two = (
            ClientFactory(
                therapist=alice,
                name=name,
                email=email,
                account=UserFactory(email=email),
                added_at=NOW - 400 * DAY,
            )
            for name, email in (("Ann Ashby", "a@mail.example"), ("Anna Zell", "z@mail.example"))
        )
        self.works: list[tuple[int, Relationship]] = []
        self.steps = 0

    def play(self, history: list[tuple], *, on_one_record: bool = False) -> None:
        """Let it happen, a step every nine days; what cannot be is left out."""
        for what, which, nth, reason, state in history:
            self.steps += 1
            at = NOW - timedelta(days=330) + self.steps * 9 * DAY
            own = [work for whose, work in self.works if whose == which]
            if what == "start":
                record = self.one if on_one_record else (self.one, self.two)[which]
                others = [self.ben] if nth % 2 else []
                self.works.append((which, start(record, *others, at=at)))
            elif own:
                with suppress(Relationship.AlreadyDone):
                    self.step(what, own[nth % len(own)], reason, state, at)

    def step(self, what: str, work: Relationship, reason: str, state: str, at: datetime) -> None:
        work.refresh_from_db()
        if what == "end":
            work.end(by=self.by, reason=reason, at=at)
        elif what == "restart":
            work.restart(by=self.by, at=at)
        elif state == "cancelled" or (state == "booked" and self.steps % 2):
            soon = NOW + self.steps * DAY
            session = Session.book(work, starts_at=soon, length=LENGTH, by=self.by)
            if state == "cancelled":
                session.cancel(by=self.by)
        else:
            session = Session.book(work, starts_at=at, length=LENGTH, by=self.by)
            Session.objects.filter(pk=session.pk).update(booked_at=at - 2 * DAY, state=state)

    def merge(self) -> None:
        merge(self.two, into=Client.objects.get(pk=self.one.pk), by=self.by)

    def separate(self) -> None:
        separate(Client.objects.get(pk=self.two.pk), by=self.by)

    def rows(self) -> dict[str, list]:
        """Return every row of every table but the audit and what browsers leave behind."""
        # What is worked out anew at night is compared with its rule elsewhere.
        left_out = ("audit", "sessions", "usersessions", "profiles", "records", "caseload")
        found = {}
        for model in apps.get_models():
            label = model._meta.label
            if model._meta.app_label not in left_out and label != "accounts.BrowserSession":
                rows = model._base_manager.order_by(*primary_key(model)).values_list()
                found[label] = list(rows)
        return found

    def pages(self) -> dict[str, str]:
        """Return what everybody reads who has to do with the two."""
        own = [f"/clients/{client.public_id}/" for client in (self.one, self.two)]
        tabs = [page + tab for page in own for tab in ("", "relationships/", "sessions/", "erase/")]
        of_alice = ["/clients/", "/clients/?include=inactive", "/clients/due/", "/caseload/"]
        of_alice += ["/profile/figures/", "/clients/?q=ann&include=inactive", *tabs]
        of_clients = ["/dashboard/", "/dashboard/sessions/"]
        asked = [
            (account, page)
            for accounts, pages in (
                ([self.by], of_alice),
                ([self.one.account, self.two.account], of_clients),
            )
            for account in accounts
            for page in pages
        ]
        browsers = {account: browser_of(account) for account, _ in asked}
        return {
            f"{account.email} {page}": read_page(browsers[account].get(page))
            for account, page in asked
        }

    def as_one_person(self) -> list:
        """Return what is said of the person, however many records there are."""
        people = list(self.alice.clients.people().in_name_order())
        load = Caseload(self.alice, NOW)
        with_numbers = tallies(visits_of(self.alice), NOW)
        one = [client for client in people if client == self.one]
        sessions = self.alice.sessions.of_clients(one)
        return [
            [(client.name, client.is_active, client.active_relationships) for client in people],
            [(tally.first_booking, tally.attended, tally.why) for tally in with_numbers],
            figures(self.alice, NOW),
            [(point.at, point.clients) for point in load.months],
            (load.active_now, load.started, load.restarted, load.reasons),
            [(session.starts_at, session.state) for session in sessions.order_by("starts_at")],
            [(row.counts_from, row.until) for row in retention_periods(people, NOW)],
            [Client.objects.get(pk=pk).name for pk in retention_expired(self.alice, NOW)],
            sorted(r.with_whom for r in self.alice.relationships.of_people(one).with_people()),
        ]


def primary_key(model: type[models.Model]) -> list[str]:
    return [field.name for field in model._meta.pk_fields]


def read_page(answer) -> str:
    """Return an answer without what differs between any two."""
    body = re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", answer.content.decode())
    return f"{answer.status_code} {answer.headers.get('Location', '')} {body}"


@contextmanager
def undone() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False), transaction.atomic():
        yield
        transaction.set_rollback(True)


@a_few
@given(st.lists(STEPS, min_size=4, max_size=12))
def test_merging_and_separating_changes_nothing_at_all(alice, ben, history):
    with undone():
        stage = Stage(alice, ben)
        stage.play(history)
        pages, rows = stage.pages(), stage.rows()  # whoever signs in leaves a row

        stage.merge()
        assert stage.rows() != rows
        stage.separate()

        assert stage.rows() == rows
        assert stage.pages() == pages


@some
@given(HISTORIES, HISTORIES)
def test_what_happens_while_they_are_merged_is_as_if_they_were_not(alice, ben, before, meanwhile):
    def told(*, merged: bool) -> tuple:
        with undone():
            stage = Stage(alice, ben)
            stage.play(before)
            if merged:
                stage.merge()
            stage.play(meanwhile)
            if merged:
                assert counters_of(stage.one)[0] == active(stage.one) + active(stage.two)
                with pytest.raises(Client.Merged):
                    start(Client.objects.get(pk=stage.two.pk))
                stage.separate()
            assert counters_of(stage.one, stage.two) == [active(stage.one), active(stage.two)]
            return outcome(stage)

    # Nobody begins work with a record that is merged: the page of the person is that of the other.
    meanwhile = [step for step in meanwhile if step[0] != "start" or step[1] == 0]
    assert told(merged=True) == told(merged=False)


def active(client: Client) -> int:
    return client.relationships.filter(status="active").count()


def outcome(stage: Stage) -> tuple:
    """Return how everything stands, without numbers that are never given twice."""
    works = [
        (
            sorted(client.name for client in work.clients.all()),
            [(event.kind, event.at, event.reason) for event in work.events.order_by("pk")],
            list(work.sessions.order_by("starts_at").values_list("starts_at", "state")),
            (work.status, work.end_reason, work.ended_at),
        )
        for work in stage.alice.relationships.order_by("pk")
    ]
    return works, stage.as_one_person()


@some
@given(HISTORIES)
def test_merged_they_are_what_one_record_with_the_same_history_is(alice, ben, history):
    with undone():
        stage = Stage(alice, ben)
        stage.play(history, on_one_record=True)
        stage.two.delete()
        expected = stage.as_one_person()
    with undone():
        stage = Stage(alice, ben)
        stage.play(history)
        stage.merge()

        assert stage.as_one_person() == expected
