"""The rules of FHIR find what was planted, each of it, and nothing where nothing was."""

import copy
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from practice.archive.fhir_rules import faults_of_bundle

AT = datetime(2025, 3, 4, 15, tzinfo=UTC)


def at(days: int) -> str:
    return (AT + timedelta(days=days)).isoformat()


def period(start: int, end: int | None = None) -> dict:
    return {"start": at(start)} | ({} if end is None else {"end": at(end)})


def episode(number: str, relationship: str, kind: str, person: str, **more: object) -> dict:
    return {
        "resourceType": "EpisodeOfCare",
        "id": number,
        "identifier": [{"system": "urn:stillwater:relationship", "value": relationship}],
        "type": [{"coding": [{"system": "urn:stillwater:kind", "code": kind}]}],
        "patient": {"reference": f"Patient/{person}"},
        "careManager": {"reference": "Practitioner/t"},
        **copy.deepcopy(more),
    }


ENDED = {
    "status": "finished",
    "period": period(0, 90),
    "statusHistory": [
        {"status": "active", "period": period(0, 10)},
        {"status": "onhold", "period": period(10, 40)},
        {"status": "active", "period": period(40, 90)},
    ],
}
ACTIVE = {
    "status": "active",
    "period": period(5),
    "statusHistory": [{"status": "active", "period": period(5)}],
}


def resources() -> dict[str, dict]:
    """A couple that has ended, one of them alone, and a session of the couple."""
    found = [
        {"resourceType": "Practitioner", "id": "t"},
        {"resourceType": "Patient", "id": "ann", "birthDate": "1990-01-02"},
        {"resourceType": "Patient", "id": "ben", "telecom": [{"system": "phone", "value": "1"}]},
        episode("couple-ann", "couple", "couples", "ann", **ENDED),
        episode("couple-ben", "couple", "couples", "ben", **ENDED),
        episode("alone", "alone", "individual", "ann", **ACTIVE),
        {
            "resourceType": "Appointment",
            "id": "s",
            "status": "fulfilled",
            "start": at(3),
            "end": (AT + timedelta(days=3, minutes=50)).isoformat(),
            "minutesDuration": 50,
            "supportingInformation": [
                {"reference": "EpisodeOfCare/couple-ann"},
                {"reference": "EpisodeOfCare/couple-ben"},
            ],
            "participant": [
                {"actor": {"reference": f"Patient/{person}"}, "status": "accepted"}
                for person in ("ann", "ben")
            ],
        },
    ]
    return {resource["id"]: resource for resource in found}


def bundle(found: dict[str, dict]) -> dict:
    base = "https://practice.example/fhir"
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": f"{base}/{r['resourceType']}/{r['id']}", "resource": r}
            for r in found.values()
        ],
    }


def test_where_nothing_is_planted_nothing_is_found():
    assert list(faults_of_bundle(bundle(resources()))) == []


def history(found: dict, number: str) -> list:
    return found[number]["statusHistory"]


def both(change: Callable[[dict], object]) -> Callable[[dict], object]:
    """Change both episodes of the couple, so that nothing but this is wrong."""
    return lambda found: [change(found[name]) for name in ("couple-ann", "couple-ben")]


PLANTED: dict[str, tuple[Callable[[dict], object], str]] = {
    "a status of ours": (lambda f: f["alone"].update(status="ended"), "status cannot be 'ended'"),
    "a status of ours in the history": (
        both(lambda e: e["statusHistory"][1].update(status="break")),
        "statusHistory.status cannot be 'break'",
    ),
    "attendance as we call it": (
        lambda f: f["s"].update(status="attended"),
        "status cannot be 'attended'",
    ),
    "an answer that is none": (
        lambda f: f["s"]["participant"][0].update(status="yes"),
        "participant.status cannot be 'yes'",
    ),
    "a way to be reached that is none": (
        lambda f: f["ben"]["telecom"][0].update(system="mobile"),
        "telecom.system cannot be 'mobile'",
    ),
    "no status": (lambda f: f["alone"].pop("status"), "status is missing"),
    "no answer": (
        lambda f: f["s"]["participant"][1].pop("status"),
        "participant.status is missing",
    ),
    "nobody": (lambda f: f["s"].update(participant=[]), "participant is missing"),
    "somebody who is not there": (
        lambda f: f["alone"]["patient"].update(reference="Patient/carl"),
        "refers to Patient/carl, which is not there",
    ),
    "a therapist as a patient": (
        lambda f: f["alone"]["patient"].update(reference="Practitioner/t"),
        "refers to Practitioner/t, which is no Patient",
    ),
    "a period backwards": (
        lambda f: (
            history(f, "alone").insert(0, {"status": "active", "period": period(7, 5)}),
            f["alone"].update(period=period(7)),
        ),
        "a period ends before it starts",
    ),
    "a gap": (
        both(lambda e: e["statusHistory"][1].update(period=period(11, 40))),
        "between two periods is a gap",
    ),
    "an overlap": (
        both(lambda e: e["statusHistory"][1].update(period=period(9, 40))),
        "two periods overlap",
    ),
    "an open period before the last": (
        both(lambda e: e["statusHistory"][0].update(period=period(0))),
        "a period is open, and is not the last",
    ),
    "what ended is open": (
        both(
            lambda e: (
                e["statusHistory"][2].update(period=period(40)),
                e.update(period=period(0)),
            )
        ),
        "the last period is open",
    ),
    "what goes on is closed": (
        lambda f: (
            history(f, "alone")[0].update(period=period(5, 9)),
            f["alone"].update(period=period(5, 9)),
        ),
        "the last period is closed",
    ),
    "a period that is not the whole": (
        both(lambda e: e.update(period=period(0, 80))),
        "period is not from the first start to the last end",
    ),
    "a break at the end": (
        both(lambda e: e["statusHistory"][2].update(status="onhold")),
        "what ended was not active before",
    ),
    "half a couple": (lambda f: f.pop("couple-ben"), "1 people are no couples"),
    "one person twice": (
        lambda f: f["couple-ben"]["patient"].update(reference="Patient/ann"),
        "a person has two episodes",
    ),
    "a couple not tied": (
        lambda f: f["couple-ben"]["identifier"][0].update(value="other"),
        "1 people are no couples",
    ),
    "a couple of two minds": (
        lambda f: f["couple-ben"].update(status="cancelled"),
        "its episodes differ",
    ),
    "a couple of two beginnings": (
        lambda f: (
            f["couple-ben"]["period"].update(start="2020-01-01T00:00:00+00:00"),
            f["couple-ben"]["statusHistory"][0]["period"].update(start="2020-01-01T00:00:00+00:00"),
        ),
        "its episodes differ",
    ),
    "an episode of nothing": (
        lambda f: f["alone"].pop("identifier"),
        "it has no identifier of one relationship",
    ),
    "a session of somebody else": (
        lambda f: f["s"]["participant"].pop(),
        "its people are not those of its episodes",
    ),
    "a session backwards": (
        lambda f: f["s"].update(end=at(2)),
        "it ends before it starts",
    ),
    "a wrong length": (
        lambda f: f["s"].update(minutesDuration=60),
        "minutesDuration is not the time between start and end",
    ),
    "a time without a zone": (
        lambda f: f["s"].update(start="2025-03-07T15:00:00"),
        "start or end is no moment",
    ),
    "a session without a time": (
        lambda f: (f["s"].pop("start"), f["s"].pop("end")),
        "start and end are missing",
    ),
    "a reason to cancel what was held": (
        lambda f: f["s"].update(cancelationReason={"text": "Away"}),
        "cancelationReason, and it was not cancelled",
    ),
    "a birthday to come": (
        lambda f: f["ann"].update(birthDate="2990-01-02"),
        "birthDate is to come",
    ),
    "an id that is none": (lambda f: f["ben"].update(id="b_n"), "the id is none"),
    "a kind of resource that is not ours": (
        lambda f: f["ben"].update(resourceType="Person"),
        "an entry is no Patient",
    ),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_what_is_planted_is_found(planted):
    change, sentence = PLANTED[planted]
    found = resources()

    change(found)

    assert any(sentence in fault for fault in faults_of_bundle(bundle(found)))


def test_who_left_before_the_end_has_an_episode_that_ended_before():
    found = resources()
    left = found["alone"] | {"id": "left", "patient": {"reference": "Patient/ben"}}
    left |= {"status": "finished", "period": period(5, 9)}
    left["statusHistory"] = [{"status": "active", "period": period(5, 9)}]
    left["extension"] = [{"url": "urn:stillwater:took-part", "valuePeriod": period(5, 9)}]

    assert list(faults_of_bundle(bundle({**found, "left": left}))) == []


def test_an_address_twice_or_of_something_else_is_found():
    found = bundle(resources())
    found["entry"][1]["fullUrl"] = found["entry"][0]["fullUrl"]

    faults = list(faults_of_bundle(found))

    assert any("is not the address of its resource" in fault for fault in faults)
    assert any("is there twice" in fault for fault in faults)


@pytest.mark.parametrize("hostile", [None, [], "Bundle", {"resourceType": "Patient"}])
def test_what_is_no_bundle_is_said_to_be_none(hostile):
    assert list(faults_of_bundle(hostile)) == ["this is no Bundle"]


def test_the_command_says_what_it_finds_in_a_bundle_or_an_archive(tmp_path):
    file, archive, out = tmp_path / "bundle.json", tmp_path / "practice.zip", StringIO()
    found = resources()
    file.write_text(json.dumps(bundle(found)))
    call_command("check_fhir", str(file), stdout=out)
    found["alone"]["status"] = "ended"
    with zipfile.ZipFile(archive, "w") as bundled:
        bundled.writestr("fhir.json", json.dumps(bundle(found)))

    with pytest.raises(CommandError, match="faults"):
        call_command("check_fhir", str(archive), stdout=out)

    assert "every rule is kept" in out.getvalue()
    assert "EpisodeOfCare/alone: status cannot be 'ended'" in out.getvalue()
    archive.write_text("no archive")
    with pytest.raises(CommandError, match="there is no FHIR in it"):
        call_command("check_fhir", str(archive))
