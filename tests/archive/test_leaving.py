"""Somebody who left a group, and came again: their own episode of care says so."""

from datetime import timedelta

import pytest

from practice.archive.fhir_rules import faults_of_bundle
from relationships.models import Kind
from tests.archive import archive_of, bundle_of, files_of
from tests.diary import DAY, NOW, book
from tests.factories import ClientFactory, start

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)


def test_an_episode_ends_when_somebody_leaves_and_goes_on_when_they_join_again(ann, ben, alice):
    cleo = ClientFactory(therapist=alice, name="Cleo Cole")
    family = start(ann, ben, cleo, kind=Kind.FAMILY, at=NOW - 60 * DAY)
    before, after = book(family, NOW - 40 * DAY), book(family, NOW - 25 * DAY)
    family.leave(person=cleo, by=alice.user, at=NOW - 30 * DAY, kind=Kind.COUPLES)
    left = resources(alice)
    own = left[f"EpisodeOfCare/{family.public_id}-{cleo.public_id}"]

    assert own["status"] == "finished"
    assert [one["status"] for one in own["statusHistory"]] == ["active"]
    assert own["period"]["end"] == (NOW - timedelta(days=30)).isoformat()
    assert takes_part(left, before, cleo)
    assert not takes_part(left, after, cleo)
    assert left[f"EpisodeOfCare/{family.public_id}-{ann.public_id}"]["status"] == "active"

    type(family).objects.get(pk=family.pk).join(
        person=cleo, by=alice.user, at=NOW - 20 * DAY, kind=Kind.FAMILY
    )
    again = resources(alice)
    own = again[f"EpisodeOfCare/{family.public_id}-{cleo.public_id}"]

    assert own["status"] == "active"
    assert takes_part(again, before, cleo)
    assert not takes_part(again, after, cleo)
    assert [one["status"] for one in own["statusHistory"]] == ["active", "onhold", "active"]
    assert "end" not in own["period"]


def resources(therapist) -> dict[str, dict]:
    bundle = bundle_of(files_of(archive_of(therapist)))
    assert [*faults_of_bundle(bundle)] == []
    found = [entry["resource"] for entry in bundle["entry"]]
    return {f"{one['resourceType']}/{one['id']}": one for one in found}


def takes_part(found: dict[str, dict], session, person) -> bool:
    appointment = found[f"Appointment/{session.public_id}"]
    actors = [one["actor"]["reference"] for one in appointment["participant"]]
    return f"Patient/{person.public_id}" in actors
