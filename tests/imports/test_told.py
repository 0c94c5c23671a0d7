"""What comes out of our own exports goes in again: the same people, work, histories, sessions."""

import json

import pytest
import time_machine

from practice.accounts.models import Therapist
from practice.imports.asking import ONE, key_of
from practice.imports.models import Import
from practice.imports.names import tidy
from practice.imports.reading import OURS, read_files
from practice.imports.undoing import undo
from practice.imports.writing import bring_in
from relationships.models.history import episodes
from tests.archive import archive_of, files_of
from tests.archive.conftest import practice  # noqa: F401 - a fixture
from tests.archive.histories import DAY, NOW, play, seal_faults
from tests.factories import ClientFactory, TherapistFactory, counters_of, start, true_counters_of

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def moved() -> Therapist:
    return TherapistFactory(user__email="new@practice.example", name="New", slug="new")


def brought(named, therapist: Therapist, answers: dict | None = None) -> Import:
    """Bring files in for a therapist."""
    plan = read_files(named, therapist, answers or {}, NOW).plan
    assert (plan.refused, plan.unreadable, plan.unmatched) == ([], [], [])
    assert not plan.stops
    came = Import.objects.create(therapist=therapist, begun_by=therapist.user)
    return bring_in(plan, came, therapist, therapist.user)


def told_of(therapist: Therapist) -> tuple:
    """Return what a practice says of its work and its sessions, without any number."""
    works = sorted(
        (
            work.kind,
            sorted(
                (tidy(part.client.person.name), part.joined_at, part.left_at)
                for part in work.participations.select_related("client__merged_into")
            ),
            [
                (one.started_at, one.ended_at, one.reason)
                for one in episodes(work.events.order_by("pk"))
            ],
            (work.status, work.started_at, work.ended_at, work.end_reason),
            sorted(
                (session.starts_at, session.ends_at, session.state)
                for session in work.sessions.exclude(state="mistaken")
            ),
        )
        for work in therapist.relationships.all()
    )
    people = therapist.clients.people().exclude(name="")
    columns = ("preferred_name", "email", "phone", "date_of_birth")
    return works, sorted(
        f"{tidy(name)} {more}" for name, *more in people.values_list("name", *columns)
    )


def without_state(told: tuple) -> tuple:
    """Return the same as FHIR has it, for which what did not take place was cancelled."""
    works, people = told
    as_fhir = [
        (*work[:4], [(*s[:2], s[2].replace("not_held", "cancelled")) for s in work[4]])
        for work in works
    ]
    return as_fhir, people


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("what", ["fhir.json", "practice.zip"])
def test_whatever_happened_comes_out_and_goes_in_the_same(files, alice, moved, what, seed):
    play(alice, seed, works=6)
    with time_machine.travel(NOW, tick=False):
        archive = archive_of(alice)
        is_fhir = what == "fhir.json"
        content = files_of(archive)["fhir.json"] if is_fhir else archive
        question = f"It is the archive of {alice.user.email}. Whose is it?"
        brought(files(**{what.replace(".", "__"): content}), moved, {key_of(what, question): OURS})

        there, here = told_of(alice), told_of(moved)
        if is_fhir:
            there, here = without_state(there), without_state(here)
        for a, b in zip(here[0], there[0], strict=True):
            assert a == b
        assert here == there
        assert len(here[0]) == 6
        clients = list(moved.clients.all())
        assert counters_of(*clients) == true_counters_of(*clients)
        assert seal_faults(moved) == []


@pytest.mark.parametrize("what", ["fhir.json", "practice.zip"])
def test_a_group_that_somebody_joined_and_left_is_one_work(files, alice, moved, what):
    people = [ClientFactory(therapist=alice, name=f"{n} Brook") for n in ("Ada", "Ben", "Cleo")]
    work = start(*people, at=NOW - 90 * DAY)
    with time_machine.travel(NOW - 30 * DAY, tick=False):
        work.participations.filter(client=people[2]).update(left_at=NOW - 30 * DAY)
        work.events.create(
            therapist=alice,
            by=alice.user,
            kind="left",
            at=NOW - 30 * DAY,
            client=people[2],
        )
    with time_machine.travel(NOW, tick=False):
        archive = archive_of(alice)
        content = files_of(archive)["fhir.json"] if what == "fhir.json" else archive
        question = f"It is the archive of {alice.user.email}. Whose is it?"
        brought(files(**{what.replace(".", "__"): content}), moved, {key_of(what, question): OURS})

    assert told_of(moved) == told_of(alice)
    assert list(moved.events.values_list("kind", flat=True)) == ["started", "left"]
    assert moved.events.last().client.name == "Cleo Brook"


def test_an_archive_comes_beside_what_is_here_twice_is_once_and_can_be_undone(
    files,
    practice,  # noqa: F811
):
    maren = ClientFactory(therapist=practice, name="Maren Ostrova")
    start(maren)
    before = told_of(practice)
    named = files(practice__zip=archive_of(practice))
    plan = read_files(named, practice, {}, NOW).plan
    same = {q.key: ONE for q in plan.questions if ONE in q.choices}

    plan = read_files(named, practice, same, NOW).plan
    assert (plan.counts["people"], plan.new_works, len(plan.sessions)) == (0, [], 0)

    moved = TherapistFactory(user__email="other@practice.example", name="Other", slug="other")
    keys = {q.key: OURS for q in read_files(named, moved, {}, NOW).plan.stops}
    came = brought(named, moved, keys)
    assert len(told_of(moved)[0]) == len(before[0])
    assert moved.clients.filter(do_not_contact=True).count() == 0
    undo(came, by=moved.user)
    assert not moved.clients.exists()


def test_an_archive_of_another_is_left_out_unless_the_therapist_says_it_is_theirs(
    files, planned, bob, ann
):
    plan = planned(practice__zip=archive_of(ann.therapist)).plan
    assert plan.stops == []

    content = archive_of(ann.therapist)
    ann.therapist.user.email = "changed@practice.example"
    ann.therapist.user.save()
    plan = planned(practice__zip=content).plan

    (question,) = plan.stops
    assert question.what == "It is the archive of alice@practice.example. Whose is it?"
    assert plan.is_empty
    assert [one.why for one in plan.left_out] == ["It is the archive of alice@practice.example."]


def test_an_archive_of_more_than_a_caseload_is_refused(planned, practice, monkeypatch):  # noqa: F811
    monkeypatch.setattr("practice.imports.readers.own_archive.MOST_LINES", 3)

    (refused,) = planned(practice__zip=archive_of(practice)).plan.refused

    assert refused.why == "data/clients.csv has more than 3 lines."


def test_an_archive_that_was_changed_is_refused_in_a_sentence(planned, practice):  # noqa: F811
    content = archive_of(practice)
    (refused,) = planned(practice__zip=content[:2000] + b"x" + content[2001:]).plan.refused

    assert refused.file == "practice.zip"
    assert refused.why.endswith(".")


def test_a_break_of_another_system_is_an_ending_and_a_restart(planned):
    def period(status: str, start: str, end: str = "") -> dict:
        told = {"start": f"{start}T10:00:00Z"} | ({"end": f"{end}T10:00:00Z"} if end else {})
        return {"status": status, "period": told}

    history = [
        period("planned", "2024-01-01", "2024-01-09"),
        period("active", "2024-01-09", "2024-05-01"),
        period("onhold", "2024-05-01", "2024-09-01"),
        period("active", "2024-09-01"),
    ]
    resources = [
        {"resourceType": "Patient", "id": "p1", "name": [{"text": "Ada Brook"}]},
        {
            "resourceType": "EpisodeOfCare",
            "id": "e1",
            "status": "active",
            "patient": {"reference": "Patient/p1"},
            "statusHistory": history,
        },
    ]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}

    (work,) = planned(a__json=json.dumps(bundle)).plan.works

    assert [(line.kind, str(line.at.date()), line.reason) for line in work.history] == [
        ("started", "2024-01-01", ""),
        ("ended", "2024-05-01", "other"),
        ("restarted", "2024-09-01", ""),
    ]
