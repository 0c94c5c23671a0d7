"""Statements of a page: as many for one row as for sixty, and no more than is written down."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.utils import timezone

import benchmarks.server
from benchmarks.counting import count
from benchmarks.floors import bare_page_of
from benchmarks.pages import PAGES, UNIT, Page, Stage
from clients import views
from clients.models import Client
from practice.accounts.models import Therapist, User
from practice.booking.models import WeeklyHours
from practice.diary.models import Session
from practice.profiles.figures import count_installation
from practice.profiles.models import Profile
from practice.profiles.settling import settle
from practice.records import settling as retention
from relationships.caseload import settling as caseload
from relationships.models import EndReason, Event, Participation, Relationship
from tests.benchmarks.budgets import STATEMENTS
from tests.factories import UserFactory
from tests.harness.installation import HOST

pytestmark = pytest.mark.django_db(transaction=True)
TEMPLATES = Path(benchmarks.server.__file__).with_name("templates")
ALL = {page.name: page for page in [UNIT, *PAGES]}


@pytest.fixture(autouse=True)
def as_in_production(settings) -> None:
    """Have what each request of production has, and nothing of the tests."""
    settings.SECOND_FACTOR_FOR_THERAPISTS = True
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if not name.startswith("tests.")]
    settings.ROOT_URLCONF = "benchmarks.server.product_urls"
    settings.ALLOWED_HOSTS = [HOST]
    templates = settings.TEMPLATES[0]
    settings.TEMPLATES = [templates | {"DIRS": [*templates["DIRS"], TEMPLATES]}]


@pytest.fixture
def practice(alice: Therapist) -> Callable[[int], Stage]:
    """Make Alice's practice larger, to so many clients with two relationships each."""
    Authenticator.objects.create(user=alice.user, type=Authenticator.Type.TOTP, data={})
    Profile.objects.create(therapist=alice, is_published=True, headline="Counsellor, online")
    WeeklyHours.objects.bulk_create(
        WeeklyHours(therapist=alice, weekday=day, starts="09:00", ends="17:00") for day in range(5)
    )

    def grow(clients: int) -> Stage:
        have = alice.clients.count() // 2
        add_clients(alice, range(have, clients))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as a server does within a minute
        settle(alice)  # some nights later
        count_installation(timezone.now())
        retention.settle(alice)
        caseload.settle(alice)
        return Stage.of(alice)

    return grow


# Weeks of the sessions of each relationship, from the present one, and of its end. Of somebody who
# is there: what goes on; what is quiet and to be tidied up; what has ended; what goes on, too.
HERE = [((-2, 1), None), ((-60, -50), None), ((-90, -80), -70), ((-4,), None)]
GONE = [((-520, -510), -500)]  # whose records need not be kept any more


def add_clients(therapist: Therapist, numbers: range) -> None:
    """Add two clients for each number, one who is there and one who is gone."""
    by, account = therapist.user, UserFactory() if 0 in numbers else None
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    of = {"therapist": therapist}
    people, plans = [], []
    for number in numbers:
        hour = today + timedelta(hours=number % 24, days=number // 24)
        for kind, works in (("Number", HERE), ("Gone", GONE)):
            person = Client(**of, name=f"Brooke {kind}{number}", time_zone="Europe/London")
            person.active_relationships = sum(ended is None for _, ended in works)
            people.append(person)
            plans += [(person, hour, weeks, ended) for weeks, ended in works]
    if account:
        people[0].account = account
    Client.objects.bulk_create(people)
    made = [begun(therapist, hour, weeks[0] - 1, ended) for _, hour, weeks, ended in plans]
    Relationship.objects.bulk_create(made)
    Participation.objects.bulk_create(
        Participation(**of, relationship=relationship, client=person)
        for relationship, (person, *_) in zip(made, plans, strict=True)
    )
    give_history(made, plans, by)


def give_history(made: list[Relationship], plans: list[tuple], by: User) -> None:
    """Add the event that began each relationship, and its sessions."""
    of = {"therapist": by.therapist}
    Event.objects.bulk_create(
        Event(**of, relationship=relationship, kind="started", at=relationship.started_at, by=by)
        for relationship in made
    )
    Session.objects.bulk_create(
        Session(
            **of,
            relationship=relationship,
            starts_at=hour + timedelta(weeks=week),
            ends_at=hour + timedelta(weeks=week, minutes=50),
            state="attended" if week < 0 else "booked",
            booked_at=relationship.started_at,
            booked_by=by,
        )
        for relationship, (_, hour, weeks, _) in zip(made, plans, strict=True)
        for week in weeks
    )


def begun(therapist: Therapist, hour: datetime, week: int, ended: int | None) -> Relationship:
    """Return work that began in one week and, perhaps, ended in another."""
    relationship = Relationship(therapist=therapist, kind="individual")
    relationship.started_at = hour + timedelta(weeks=week)
    if ended:
        relationship.status, relationship.end_reason = "ended", EndReason.COMPLETED
        relationship.ended_at, relationship.ended_by = hour + timedelta(weeks=ended), therapist.user
    return relationship


def counted(stage: Stage, pages: dict[str, Page] = ALL) -> dict[str, int]:
    """Return how many statements each page takes."""
    found = {}
    for name, page in pages.items():
        of_page = count(page, stage, plans=False)
        assert of_page.status == page.status, name
        found[name] = of_page.statements
        stage.cancel_bookings()
    return found


def grown(few: dict[str, int], many: dict[str, int]) -> set[str]:
    """Return the pages that take more statements with more rows."""
    return {name for name in many if many[name] > few[name]}


def over_budget(found: dict[str, int]) -> dict[str, int]:
    """Return the pages that take more statements than they may, and how many."""
    most = {name: getattr(budget, connection.vendor) for name, budget in STATEMENTS.items()}
    return {name: number for name, number in found.items() if number > most[name]}


def test_a_page_takes_no_more_statements_with_more_rows_and_keeps_its_budget(practice):
    few, many = counted(practice(1)), counted(practice(60))

    assert grown(few, many) == set()
    assert over_budget(few) == {}


def test_a_query_for_each_row_is_found(practice, monkeypatch):
    render = views.render

    def one_for_each(request, template, context):
        listing = context["listing"]
        for number in listing.page.object_list:
            listing.therapist.clients.filter(pk=number).exists()
        return render(request, template, context)

    monkeypatch.setattr(views, "render", one_for_each)
    lists = {"Clients list": ALL["Clients list"]}

    few, many = counted(practice(1), lists), counted(practice(60), lists)
    assert grown(few, many) == {*over_budget(many)} == {"Clients list"}


def test_a_page_has_its_own_statements_and_the_entry_that_it_writes(practice):
    stage = practice(1)
    listed, client = (bare_page_of(ALL[name], stage) for name in ("Clients list", "client page"))

    assert any("ORDER BY" in statement.sql for statement in listed.asked)
    assert not any("browsersession" in statement.sql for statement in listed.asked)
    assert b"</table>" in listed.markup
    assert [look.verb for look in client.looks] == ["client_opened"]
    assert not listed.looks
