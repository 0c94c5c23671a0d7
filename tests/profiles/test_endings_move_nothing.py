"""Ending, undoing, restarting and correcting move no figure, no badge, and no byte of a page."""

import ast
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from practice import profiles
from practice.database.operations import statements
from practice.profiles.figures import count_installation, figures, visits_of
from practice.profiles.models import ClientNumbers, Profile, TherapistNumbers
from practice.profiles.settling import settle_everybody
from relationships.models.choices import EndReason
from tests.pressing import Browser
from tests.profiles import DAY, HOUR, NOW, colleagues, practice_of, proof
from tests.profiles.proof import Step, prove
from tests.reading import read

STEPS = st.builds(
    Step,
    what=st.sampled_from(["end", "end", "undo", "restart", "correct"]),
    which=st.integers(0, 5),
    later=st.timedeltas(timedelta(0), 20 * DAY) | st.timedeltas(timedelta(0), HOUR / 2),
    reason=st.sampled_from(EndReason.values),
)
SESSIONS = st.tuples(st.integers(0, 5), st.integers(-30, 120), st.sampled_from(proof.STATES))
HISTORIES = st.lists(SESSIONS, max_size=24, unique_by=lambda one: one[1])


@pytest.mark.django_db
def test_a_practice_with_something_to_lose_loses_nothing():
    assert prove(proof.HISTORY, proof.STEPS) == len(proof.STEPS)


@pytest.mark.django_db
@settings(max_examples=8, deadline=None, phases=(Phase.reuse, Phase.generate))  # shrinking is slow
@given(HISTORIES, st.lists(STEPS, min_size=1, max_size=5))
def test_no_run_of_endings_moves_anything(history, steps):
    with transaction.atomic():
        assert prove(history, steps) <= len(steps)
        transaction.set_rollback(True)


def test_the_practice_of_the_proof_has_every_figure_and_badge(db):
    world = proof.World(proof.HISTORY)

    count_installation(NOW)
    shown = figures(world.therapist, NOW)

    assert shown.stats.out_of_ten is not None
    assert [badge.key for badge in shown.badges] == ["smooth", "again", "demand"]


@pytest.mark.parametrize("address", ["/profile/", "/profile/figures/", "/therapists/alice/"])
def test_the_owners_view_is_the_same_after_every_ending(alice, as_alice, address):
    relationships = practice_of(alice, 3, 2, 2, 1, 2)
    Profile.objects.create(therapist=alice, is_published=True)
    count_installation(NOW)
    before = read(as_alice.get(address)).text

    for relationship in relationships:
        relationship.end(by=alice.user, reason="completed")

    count_installation(NOW)
    assert read(as_alice.get(address)).text == before
    assert len(before) > 200


# What the database is asked.

FORBIDDEN = re.compile(
    r"status|end_reason|end_note|ended_at|ended_by|relationships_event|active_relationships"
)


PARTS = "relationships_participation"


def asked(what) -> list[str]:
    cache.clear()
    with CaptureQueriesContext(connection) as context:
        what()
    statements = [query["sql"] for query in context.captured_queries]
    assert statements
    return [sql for sql in statements if FORBIDDEN.search(sql)]


@pytest.fixture
def practice(alice):
    practice_of(alice, 3, 2, 2, 1, 2)
    colleagues(4, 2)
    Profile.objects.create(therapist=alice, is_published=True)
    return alice


def test_no_figure_asks_how_a_relationship_stands(practice):
    assert asked(lambda: visits_of(practice)) == []
    assert asked(lambda: count_installation(NOW)) == []
    assert asked(lambda: figures(practice, NOW)) == []


def test_no_ending_has_numbers_worked_out_anew(practice):
    settle_everybody()
    settled = numbers()
    for relationship in practice.relationships.all():
        relationship.end(by=practice.user, reason=EndReason.COMPLETED)
        ending = {"by": practice.user, "ended_at": relationship.ended_at}
        relationship.correct_reason(reason=EndReason.DIED, **ending)
        relationship.restart(by=practice.user)

    assert numbers() == settled
    assert len(settled) == 9 + 5  # clients and therapists


def numbers() -> list[tuple]:
    tables = (ClientNumbers.objects, TherapistNumbers.objects)
    return [row for table in tables for row in table.order_by("pk").values_list()]


def test_no_public_page_asks_how_a_relationship_stands(practice):
    assert asked(lambda: Browser().get("/therapists/alice/")) == []
    assert asked(lambda: Browser().get("/therapists/")) == []
    assert asked(lambda: Browser().get("/therapists/?q=alice")) == []


def test_the_page_that_explains_the_figures_does_not_ask_either(practice, as_alice):
    assert asked(lambda: as_alice.get("/profile/figures/")) == []


def test_the_view_of_the_visits_does_not_ask_either():
    _, (create,) = statements("profiles", "0001_views", "sqlite")

    assert re.findall(r"\b(?:FROM|JOIN) (\w+)", create) == [
        "diary_attendance",
        "diary_session",
        PARTS,
        "clients_client",
    ]
    assert set(re.findall(r"\bclient\.(\w+)", create)) == {"id", "person_id"}
    assert not FORBIDDEN.search(create)


def test_the_search_for_forbidden_words_would_find_them(practice):
    assert asked(lambda: practice.relationships.active().count())
    assert asked(lambda: practice.clients.active().count())
    assert asked(lambda: practice.events.count())


# What the code knows.


def modules() -> list[Path]:
    here = Path(practice_profiles_folder())
    return [path for path in here.rglob("*.py") if "migrations" not in path.parts]


def practice_profiles_folder() -> str:
    return profiles.__path__[0]


def imported_by(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or "", *(f"{node.module}.{a.name}" for a in node.names)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= {node.value} if re.fullmatch(r"relationships(\.\w+)+", node.value) else set()
    return found


def test_profiles_import_nothing_of_relationships():
    knowing = {
        path.name: names
        for path in modules()
        if (names := {n for n in imported_by(path) if n.split(".")[0] == "relationships"})
    }

    assert knowing == {}
    assert len(modules()) >= 8


def test_what_ends_a_relationship_knows_nothing_of_figures_and_neither_do_its_pages():
    folder = Path(practice_profiles_folder()).parents[1] / "relationships"
    imported = {name for path in folder.rglob("*.py") for name in imported_by(path)}

    assert {name for name in imported if "profiles" in name} == set()
    assert "practice.audit.models" in imported
