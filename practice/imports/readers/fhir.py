"""A Bundle of FHIR R4 as two sheets: people with their episodes of care, and appointments.

A line is the place of the resource in the Bundle, from 1. Where a system has no EpisodeOfCare, who
is active says so; where it has encounters and no appointments for them (Synthea), these are the
sessions. Two people whose episodes share an identifier are a couple. Nothing here fails for a
resource that is not as it should be: what is not there is an empty cell.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from practice.imports.sheets import CannotRead, Row, Sheet, Unreadable, checked

PEOPLE = (
    *("Client ID", "Name", "First Name", "Last Name", "Preferred Name", "Email", "Phone"),
    *("Date of Birth", "Status", "Date Added", "Discharged At", "Deceased At", "Spouse"),
    "Spouse ID",
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
    ),
)
GOES_ON = ("planned", "waitlist", "active", "onhold")
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
        for line, entry in enumerate(_list(bundle.get("entry")), start=1):
            resource = _dict(_dict(entry).get("resource"))
            kind = _text(resource.get("resourceType"))
            self.of_kind[kind].append((line, resource))
            if kind == "Patient":
                for known in (_text(_dict(entry).get("fullUrl")), f"Patient/{resource.get('id')}"):
                    self.patients[known] = (line, resource)
        self.episodes: dict[int, list[Resource]] = defaultdict(list)  # by the line of the patient
        self.together: dict[tuple[str, str], list[int]] = defaultdict(list)
        for _, episode in self.of_kind["EpisodeOfCare"]:
            if episode.get("status") != "entered-in-error" and (at := self._line_of(episode)):
                self.episodes[at].append(episode)
                for number in _list(episode.get("identifier")):
                    shared = _text(_dict(number).get("system")), _text(_dict(number).get("value"))
                    if all(shared) and at not in self.together[shared]:
                        self.together[shared].append(at)

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
                sheet.unreadable += self._several()
            if lines or sheet.unreadable:
                found.append(sheet)
        if not found:
            raise CannotRead(self.file, "There is nobody in it: no Patient and no Appointment.")
        return found

    def _line_of(self, episode: Resource) -> int:
        found = self.patients.get(_text(_dict(episode.get("patient")).get("reference")))
        return found[0] if found else 0

    def _several(self) -> Iterator[Unreadable]:
        """Yield that work of three and more is not known as one: each gets work of their own."""
        for lines in self.together.values():
            if len(lines) > 2:
                why = f"{len(lines)} people share it: each is brought in alone."
                yield Unreadable(self.file, min(lines), "identifier", why)

    def _people(self) -> Iterator[Row]:
        for line, patient in self.of_kind["Patient"]:
            alone, partners = self._work_of(line)
            if alone or not partners:
                yield Row(line, (*self._person(patient, alone), "", ""))
            for episodes, partner in partners:
                _, other = next(p for p in self.patients.values() if p[0] == partner)
                spouse = (_name(other)[0], _text(other.get("id")))
                yield Row(line, (*self._person(patient, episodes), *spouse))

    def _work_of(self, line: int) -> tuple[list[Resource], list[tuple[list[Resource], int]]]:
        """Return somebody's episodes alone, and those with partners, by the partners' lines."""
        alone: list[Resource] = []
        shared: dict[int, list[Resource]] = defaultdict(list)
        for episode in self.episodes[line]:
            numbers = [
                (_text(_dict(n).get("system")), _text(_dict(n).get("value")))
                for n in _list(episode.get("identifier"))
            ]
            pairs = [self.together[n] for n in numbers if len(self.together.get(n, ())) == 2]
            if pairs:
                shared[next(at for at in pairs[0] if at != line)].append(episode)
            else:
                alone.append(episode)
        return alone, [(episodes, partner) for partner, episodes in shared.items()]

    def _person(self, patient: Resource, episodes: list[Resource]) -> tuple[str, ...]:
        name, first, last = _name(patient)
        reached = _telecom(patient)
        died = _text(patient.get("deceasedDateTime"))
        if not died and patient.get("deceasedBoolean") is True:
            died = "yes"
        goes_on = any(episode.get("status") in GOES_ON for episode in episodes)
        is_active = goes_on if episodes else patient.get("active") is not False and not died
        periods = [_dict(episode.get("period")) for episode in episodes]
        starts = [s for period in periods if (s := _text(period.get("start")))]
        ends = [e for period in periods if (e := _text(period.get("end")))]
        return (
            *(_text(patient.get("id")), name, first, last, _preferred(patient)),
            *(reached.get("email", ""), reached.get("phone", "")),
            _text(patient.get("birthDate")),
            "Active" if is_active else "Inactive",
            min(starts, default=""),
            "" if is_active else max(ends, default=""),
            died,
        )

    def _appointments(self) -> Iterator[Row]:
        taken = set()
        for line, resource in self.of_kind["Appointment"]:
            taken.add(f"Appointment/{_text(resource.get('id'))}")
            people = [
                _text(_dict(_dict(one).get("actor")).get("reference"))
                for one in _list(resource.get("participant"))
            ]
            times = (_text(resource.get("start")), _text(resource.get("end")))
            yield Row(line, self._session(resource, people, times))
        for line, resource in self.of_kind["Encounter"]:
            of = {_text(_dict(one).get("reference")) for one in _list(resource.get("appointment"))}
            if not of & taken:
                period = _dict(resource.get("period"))
                times = (_text(period.get("start")), _text(period.get("end")))
                people = [_text(_dict(resource.get("subject")).get("reference"))]
                yield Row(line, self._session(resource, people, times))

    def _session(
        self, resource: Resource, people: list[str], times: tuple[str, str]
    ) -> tuple[str, ...]:
        patients = [self.patients[p][1] for p in dict.fromkeys(people) if p in self.patients]
        is_alone = len(patients) == 1
        return (
            _text(resource.get("id")),
            _text(patients[0].get("id")) if is_alone else "",
            " & ".join(_name(patient)[0] for patient in patients),
            *times,
            STATES.get(_text(resource.get("status")), "Deleted"),
            _text(resource.get("created")),
            "" if is_alone else "Couples",
        )


def _name(patient: Resource) -> tuple[str, str, str]:
    """Return the whole name, and its two parts where they are told apart."""
    names = [_dict(name) for name in _list(patient.get("name"))]
    by_use = {_text(name.get("use")): name for name in reversed(names)}
    chosen = by_use.get("official") or by_use.get("usual") or (names[0] if names else {})
    first = " ".join(_text(given) for given in _list(chosen.get("given")))
    last = _text(chosen.get("family"))
    whole = _text(chosen.get("text")) or " ".join(filter(None, [first, last]))
    return whole, first, last


def _preferred(patient: Resource) -> str:
    for name in map(_dict, _list(patient.get("name"))):
        if name.get("use") in ("usual", "nickname"):
            given = " ".join(_text(one) for one in _list(name.get("given")))
            return given or _text(name.get("text"))
    return ""


def _telecom(patient: Resource) -> dict[str, str]:
    """Return the first address and number that are not old ones; a mobile one first."""
    points = [_dict(one) for one in _list(patient.get("telecom"))]
    points = [point for point in points if point.get("use") != "old"]
    points.sort(key=lambda point: point.get("use") != "mobile")
    return {_text(point.get("system")): _text(point.get("value")) for point in reversed(points)}


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _dict(value: object) -> Resource:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
