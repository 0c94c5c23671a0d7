"""Bundles of FHIR that other systems write: people, episodes of care, appointments, encounters."""

import json
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from practice.imports.readers.fhir import read_bundle
from practice.imports.sheets import CannotRead
from tests.archive import archive_of, files_of
from tests.archive.conftest import practice  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


def bundle(*resources: dict, url: str = "urn:uuid:{id}") -> str:
    entries = [{"fullUrl": url.format(**r), "resource": r} for r in resources]
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries})


def patient(number: str, given: str, family: str, **more: object) -> dict:
    name = [{"use": "official", "family": family, "given": [given], "prefix": ["Ms."]}]
    return {"resourceType": "Patient", "id": number, "name": name, **more}


def episode(number: str, of: str, status: str, **more: object) -> dict:
    person = {"reference": f"urn:uuid:{of}"}
    return {
        "resourceType": "EpisodeOfCare",
        "id": number,
        "status": status,
        "patient": person,
        **more,
    }


def encounter(number: str, of: str, start: str, end: str, **more: object) -> dict:
    return {
        "resourceType": "Encounter",
        "id": number,
        "status": "finished",
        "subject": {"reference": f"urn:uuid:{of}"},
        "period": {"start": start, "end": end},
        **more,
    }


# As Synthea writes them: urn:uuid references, no episodes, encounters as what took place.
SYNTHEA = bundle(
    patient(
        *("p1", "Aaron697", "Jerde200"),
        birthDate="1986-07-11",
        telecom=[{"system": "phone", "value": "555-677-3119", "use": "home"}],
    ),
    encounter("e1", "p1", "2021-07-03T08:00:00-04:00", "2021-07-03T08:15:00-04:00"),
    encounter("e2", "p1", "2022-07-09T08:00:00-04:00", "2022-07-09T13:15:00-04:00"),
    patient("p2", "Elba356", "Rice937", birthDate="1941-01-02", deceasedDateTime="2019-05-06"),
    encounter("e3", "p2", "2018-02-03T08:00:00-05:00", "2018-02-03T08:50:00-05:00"),
    {"resourceType": "Observation", "id": "o1", "status": "final"},
)


def test_a_bundle_of_synthea_is_people_with_what_took_place(planned):
    plan = planned(synthea__json=SYNTHEA).plan

    assert (plan.refused, plan.open) == ([], [])
    assert [(person.name, str(person.born)) for person in plan.people] == [
        ("Aaron697 Jerde200", "1986-07-11"),
        ("Elba356 Rice937", "1941-01-02"),
    ]
    assert plan.people[0].phone == "555-677-3119"
    assert [work.history[-1].reason for work in plan.works] == ["", "died"]
    assert [session.state for session in plan.sessions] == ["attended", "attended"]
    (long,) = plan.unreadable
    assert (long.line, long.why) == (3, "It lasts more than four hours.")


def test_episodes_say_who_is_past_and_since_when(planned):
    plan = planned(
        episodes__json=bundle(
            patient("p1", "Ada", "Brook", active=True),
            patient("p2", "Ben", "Castle", active=True),
            episode(
                *("e1", "p1", "finished"),
                period={"start": "2024-01-09T10:00:00Z", "end": "2024-06-04T11:30:00Z"},
            ),
            episode("e2", "p2", "active", period={"start": "2025-02-03T10:00:00+01:00"}),
            episode("e3", "p2", "entered-in-error", period={"start": "2020-02-03"}),
        )
    ).plan

    ada, ben = plan.works
    assert [(line.kind, line.at.isoformat()) for line in ada.history] == [
        ("started", "2024-01-09T10:00:00+00:00"),
        ("ended", "2024-06-04T11:30:00+00:00"),
    ]
    assert not ada.is_end_estimated
    assert [(line.kind, line.at.isoformat()[:10]) for line in ben.history] == [
        ("started", "2025-02-03")
    ]


def test_two_whose_episodes_share_an_identifier_are_a_couple(planned):
    shared = [{"system": "urn:other:relationship", "value": "77"}]
    plan = planned(
        couple__json=bundle(
            patient("p1", "Ada", "Brook"),
            patient("p2", "Ben", "Castle"),
            episode("e1", "p1", "active", identifier=shared),
            episode("e2", "p2", "active", identifier=shared),
            {
                "resourceType": "Appointment",
                "id": "a1",
                "status": "booked",
                "start": "2027-01-05T10:00:00Z",
                "end": "2027-01-05T10:50:00Z",
                "participant": [
                    {"actor": {"reference": f"Patient/{one}"}, "status": "accepted"}
                    for one in ("p1", "p2")
                ],
            },
        )
    ).plan

    assert (plan.open, plan.unmatched) == ([], [])
    assert [(work.kind, len(work.people)) for work in plan.works] == [("couples", 2)]
    assert [session.work for session in plan.sessions] == [0]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("fulfilled", "attended"),
        ("noshow", "missed"),
        ("cancelled", "cancelled"),
        ("entered-in-error", None),
        ("proposed", None),
    ],
)
def test_what_became_of_an_appointment_is_understood(planned, status, state):
    appointment = {
        "resourceType": "Appointment",
        "id": "a1",
        "status": status,
        "start": "2025-01-07T10:00:00Z",
        "end": "2025-01-07T10:50:00Z",
        "participant": [{"actor": {"reference": "Patient/p1"}}],
    }
    plan = planned(one__json=bundle(patient("p1", "Ada", "Brook"), appointment)).plan

    assert [session.state for session in plan.sessions] == ([state] if state else [])
    assert len(plan.left_out) == (state is None)


def test_an_encounter_of_an_appointment_is_no_second_session(planned):
    times = {"start": "2025-01-07T10:00:00Z", "end": "2025-01-07T10:50:00Z"}
    appointment = {
        "resourceType": "Appointment",
        "id": "a1",
        "status": "fulfilled",
        **times,
        "participant": [{"actor": {"reference": "Patient/p1"}}],
    }
    visit = encounter("e1", "p1", *times.values(), appointment=[{"reference": "Appointment/a1"}])
    plan = planned(one__json=bundle(patient("p1", "Ada", "Brook"), appointment, visit)).plan

    assert len(plan.sessions) == 1


def test_what_we_write_ourselves_is_read(practice):  # noqa: F811
    fhir = files_of(archive_of(practice))["fhir.json"].decode()

    sheets = read_bundle(fhir, "fhir.json")

    people, appointments = (sheet.rows[1:] for sheet in sheets)
    together = defaultdict(set)
    for row in people:
        together[row.cells[-1]].add(row.cells[1])
    assert {"Ann Ashby", "Ben Bright"} in together.values()
    assert [row.cells[5] for row in appointments] == [
        *("Attended", "No show", "Cancelled", "Cancelled", "Booked"),
    ]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"resourceType": "Bundle", "entry": [', "not the whole of a file"),
        ('{"resourceType": "Patient", "id": "x"}', "no Bundle"),
        ('{"resourceType": "Bundle", "entry": []}', "nobody in it"),
        ('{"resourceType": "Bundle", "x": ' + "[" * 100_000, "not the whole of a file"),
    ],
)
def test_what_is_no_bundle_is_a_sentence(planned, text, why):
    (refused,) = planned(odd__json=text).plan.refused

    assert why in refused.why


KEYS = [
    *("entry", "resource", "resourceType", "id", "name", "given", "patient", "telecom"),
    *("reference", "identifier", "period", "status", "participant", "actor", "use", "value"),
]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner | st.sampled_from(["Patient", "EpisodeOfCare", "Appointment", "Patient/1"]),
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=50)
@given(st.lists(ANYTHING, max_size=5))
def test_whatever_a_bundle_has_is_read_or_refused_in_a_sentence(entries):
    text = json.dumps({"resourceType": "Bundle", "entry": [{"resource": one} for one in entries]})
    try:
        sheets = read_bundle(text, "any.json")
    except CannotRead:
        return
    assert all(len(row.cells) == len(sheet.rows[0].cells) for sheet in sheets for row in sheet.rows)
