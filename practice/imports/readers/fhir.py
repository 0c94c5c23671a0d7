"""A Bundle of FHIR R4 as two sheets: people with their episodes of care, and appointments.

A line is the place of the resource in the Bundle, from 1. Where a system has no EpisodeOfCare, who
is active says so; where it has encounters and no appointments for them (Synthea), these are the
sessions. People whose episodes share an identifier are in one work (`fhir_work.py`). Nothing here
fails for a resource that is not as it should be: what is not there is an empty cell.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from practice.imports.candidates import WITHOUT_WORK
from practice.imports.readers.fhir_work import GOES_ON, Episode, dict_of, list_of, text_of, works_of
from practice.imports.sheets import CannotRead, Row, Sheet, checked

PEOPLE = (
    *("Client ID", "Name", "First Name", "Last Name", "Preferred Name", "Email", "Phone"),
    *("Date of Birth", "Status", "Date Added", "Discharged At", "Deceased At", "Relationship ID"),
)
APPOINTMENTS = (
    *(
        "Appointment ID",
        "Client ID",
        "Client Name",
        "Start",
        "End",
        "Status",
        "Date Booked",
        "Type",
        "Relationship ID",
    ),
)
# What becomes of an appointment, or of an encounter, in words that are known from other exports.
STATES = {
    "fulfilled": "Attended",
    "finished": "Attended",
    "noshow": "No show",
    "cancelled": "Cancelled",
    "booked": "Booked",
    "arrived": "Booked",
    "checked-in": "Booked",
    "pending": "Booked",
    "planned": "Booked",
}
Resource = dict[str, Any]


def is_fhir(text: str) -> bool:
    """Whether a text is FHIR as JSON, by how it begins."""
    head = text.lstrip("\ufeff \r\n\t")[:4000]
    return head.startswith("{") and '"resourceType"' in head


def read_bundle(text: str, name: str) -> list[Sheet]:
    """Return the people and the appointments of a Bundle.

    Raises:
        CannotRead: it is no JSON, or no Bundle.
    """
    try:
        bundle = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        raise CannotRead(name, "It is not the whole of a file, or no FHIR.") from None
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise CannotRead(name, "It is FHIR, but no Bundle.")
    return _Bundle(bundle, name).sheets()


class _Bundle:
    """The resources of a Bundle, by what refers to them."""

    def __init__(self, bundle: Resource, name: str) -> None:
        self.file = name
        self.of_kind: dict[str, list[tuple[int, Resource]]] = defaultdict(list)
        self.patients: dict[str, tuple[int, Resource]] = {}  # by every name that refers to them
        for line, entry in enumerate(list_of(bundle.get("entry")), start=1):
            resource = dict_of(dict_of(entry).get("resource"))
            kind = text_of(resource.get("resourceType"))
            self.of_kind[kind].append((line, resource))
            if kind == "Patient":
                for known in (
                    text_of(dict_of(entry).get("fullUrl")),
                    f"Patient/{resource.get('id')}",
                ):
                    self.patients[known] = (line, resource)
        self.episodes: dict[int, list[Episode]] = defaultdict(list)  # by the line of the patient
        by_patient = {
            name: (line, text_of(resource.get("id")))
            for name, (line, resource) in self.patients.items()
        }
        self.works = works_of(self.of_kind["EpisodeOfCare"], by_patient)
        for episode in self.works.episodes:
            self.episodes[episode.line_of_patient].append(episode)

    def sheets(self) -> list[Sheet]:
        found = []
        for name, columns, rows in (
            ("people", PEOPLE, self._people()),
            ("appointments", APPOINTMENTS, self._appointments()),
        ):
            sheet = Sheet(self.file, [], name)
            lines = [*checked(self.file, rows, sheet.unreadable)]
            sheet.rows = [Row(0, columns), *lines]
            if name == "people":
                sheet.works = self.works.told()
            if lines or sheet.unreadable:
                found.append(sheet)
        if not found:
            raise CannotRead(self.file, "There is nobody in it: no Patient and no Appointment.")
        return found

    def _people(self) -> Iterator[Row]:
        """Yield a line for each work of everybody; whoever has none has none if others have."""
        for line, patient in self.of_kind["Patient"]:
            episodes = self.episodes[line]
            for number in dict.fromkeys(episode.work for episode in episodes):
                own = [episode.resource for episode in episodes if episode.work == number]
                yield Row(line, (*self._person(patient, own), number))
            if not episodes:
                yield Row(line, (*self._person(patient, []), ""))

    def _person(self, patient: Resource, episodes: list[Resource]) -> tuple[str, ...]:
        name, first, last = _name(patient)
        reached = _telecom(patient)
        died = text_of(patient.get("deceasedDateTime"))
        if not died and patient.get("deceasedBoolean") is True:
            died = "yes"
        goes_on = any(episode.get("status") in GOES_ON for episode in episodes)
        is_active = goes_on if episodes else patient.get("active") is not False and not died
        periods = [dict_of(episode.get("period")) for episode in episodes]
        starts = [s for period in periods if (s := text_of(period.get("start")))]
        ends = [e for period in periods if (e := text_of(period.get("end")))]
        return (
            *(text_of(patient.get("id")), name, first, last, _preferred(patient)),
            *(reached.get("email", ""), reached.get("phone", "")),
            text_of(patient.get("birthDate")),
            WITHOUT_WORK
            if self.works.episodes and not episodes
            else "Active"
            if is_active
            else "Inactive",
            min(starts, default=""),
            "" if is_active else max(ends, default=""),
            died,
        )

    def _appointments(self) -> Iterator[Row]:
        taken = set()
        for line, resource in self.of_kind["Appointment"]:
            taken.add(f"Appointment/{text_of(resource.get('id'))}")
            people = [
                text_of(dict_of(dict_of(one).get("actor")).get("reference"))
                for one in list_of(resource.get("participant"))
            ]
            times = (text_of(resource.get("start")), text_of(resource.get("end")))
            yield Row(line, self._session(resource, people, times))
        for line, resource in self.of_kind["Encounter"]:
            of = {
                text_of(dict_of(one).get("reference"))
                for one in list_of(resource.get("appointment"))
            }
            if not of & taken:
                period = dict_of(resource.get("period"))
                times = (text_of(period.get("start")), text_of(period.get("end")))
                people = [text_of(dict_of(resource.get("subject")).get("reference"))]
                yield Row(line, self._session(resource, people, times))

    def _session(
        self, resource: Resource, people: list[str], times: tuple[str, str]
    ) -> tuple[str, ...]:
        patients = [self.patients[p][1] for p in dict.fromkeys(people) if p in self.patients]
        is_alone = len(patients) == 1
        return (
            text_of(resource.get("id")),
            text_of(patients[0].get("id")) if is_alone else "",
            " & ".join(_name(patient)[0] for patient in patients),
            *times,
            STATES.get(text_of(resource.get("status")), "Deleted"),
            text_of(resource.get("created")),
            "" if is_alone else "Couples",
            self.works.number_of(resource),
        )


def _name(patient: Resource) -> tuple[str, str, str]:
    """Return the whole name, and its two parts where they are told apart."""
    names = [dict_of(name) for name in list_of(patient.get("name"))]
    by_use = {text_of(name.get("use")): name for name in reversed(names)}
    chosen = by_use.get("official") or by_use.get("usual") or (names[0] if names else {})
    first = " ".join(text_of(given) for given in list_of(chosen.get("given")))
    last = text_of(chosen.get("family"))
    whole = text_of(chosen.get("text")) or " ".join(filter(None, [first, last]))
    return whole, first, last


def _preferred(patient: Resource) -> str:
    for name in map(dict_of, list_of(patient.get("name"))):
        if name.get("use") in ("usual", "nickname"):
            given = " ".join(text_of(one) for one in list_of(name.get("given")))
            return given or text_of(name.get("text"))
    return ""


def _telecom(patient: Resource) -> dict[str, str]:
    """Return the first address and number that are not old ones; a mobile one first."""
    points = [dict_of(one) for one in list_of(patient.get("telecom"))]
    points = [point for point in points if point.get("use") != "old"]
    points.sort(key=lambda point: point.get("use") != "mobile")
    return {text_of(point.get("system")): text_of(point.get("value")) for point in reversed(points)}
