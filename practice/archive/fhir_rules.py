"""What a Bundle of ours has to be, beyond what validators of FHIR know.

They know types and shapes, and some take any text for a code. These rules are FHIR's required
bindings and references, and what our own use of it promises: periods in order and without gaps, an
open last one exactly while the work goes on, an episode for each person of a couple. Whoever reads
an archive elsewhere can hold it against them with `manage.py check_fhir`.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

from practice.archive.fhir_codes import BINDINGS, REFERENCES, REQUIRED

OPEN = ("planned", "waitlist", "active", "onhold")
ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
RELATIONSHIP = "urn:stillwater:relationship"
KIND = "urn:stillwater:kind"
TOOK_PART = "urn:stillwater:took-part"
PEOPLE = {"individual": range(1, 2), "couples": range(2, 3)}


def values(resource: Any, path: str) -> Iterator[Any]:
    """Yield what stands at a path, in each element of lists; where nothing stands, None."""
    name, _, rest = path.partition(".")
    found = resource.get(name) if isinstance(resource, dict) else None
    for one in found if isinstance(found, list) and found else [found or None]:
        yield from values(one, rest) if rest else [one]


def moment_of(text: object) -> datetime:
    """Return a moment of FHIR's, which has an offset.

    Raises:
        ValueError: it is none.
    """
    at = datetime.fromisoformat(str(text))
    if at.tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return at


@dataclass
class Check:
    """Holds the resources of a Bundle, one after the other, against the rules."""

    kinds: dict[str, str] = field(default_factory=dict)  # "Patient/x": "Patient"
    referred: list[tuple[str, str, str, str]] = field(default_factory=list)
    # Of each relationship: the people, until when, and what their episodes say of the work.
    shared: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)
    whole: dict[str, set[str]] = field(default_factory=dict)  # of who took part from start to end
    counts: dict[str, int] = field(default_factory=dict)
    patient_of: dict[str, str] = field(default_factory=dict)
    told: list[tuple[str, set[str], set[str]]] = field(default_factory=list)

    def faults(self, resources: Iterable[Any]) -> Iterator[str]:
        """Yield a sentence for everything that is not as it should be."""
        for resource in resources:
            if not isinstance(resource, dict) or resource.get("resourceType") not in REQUIRED:
                yield f"an entry is no {', '.join(REQUIRED)}"
                continue
            name = f"{resource['resourceType']}/{resource.get('id')}"
            for fault in self._faults_of(resource, name):
                yield f"{name}: {fault}"
        yield from self._faults_between()

    def _faults_of(self, resource: dict, name: str) -> Iterator[str]:
        kind = resource["resourceType"]
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if not ID.fullmatch(str(resource.get("id"))):
            yield "the id is none"
        if name in self.kinds:
            yield "another has the same id"
        self.kinds[name] = kind
        for path in REQUIRED[kind]:
            outer = path.rpartition(".")[0]
            if None in values(resource, path) and (not outer or resource.get(outer)):
                yield f"{path} is missing"
        for path, codes in BINDINGS[kind].items():
            for code in values(resource, path):
                if code is not None and code not in codes:
                    yield f"{path} cannot be {code!r}"
        for path, kinds in REFERENCES.get(kind, {}).items():
            for reference in values(resource, path):
                if reference is not None:
                    to = str(reference.get("reference")) if isinstance(reference, dict) else ""
                    self.referred.append((name, path, to, kinds))
        yield from FAULTS[kind](self, resource, name)

    def _faults_between(self) -> Iterator[str]:
        """Yield what is wrong between resources, once all are known."""
        for name, path, to, kinds in self.referred:
            if to not in self.kinds:
                yield f"{name}: {path} refers to {to}, which is not there"
            elif self.kinds[to] not in kinds.split():
                yield f"{name}: {path} refers to {to}, which is no {kinds}"
        for relationship, episodes in self.shared.items():
            people = [person for person, _, _ in episodes]
            if len(set(people)) < len(people):
                yield f"relationship {relationship}: a person has two episodes"
            # Whoever says that they joined or left has periods of their own; kind and state are
            # those of the others who stayed to the end.
            last = max(end for _, end, _ in episodes)
            stayed = [told for _, end, told in episodes if end == last]
            if len(set(stayed)) > 1 or len(self.whole.get(relationship, ())) > 1:
                yield f"relationship {relationship}: its episodes differ"
            kind = stayed[0].partition(" ")[0]
            if len(stayed) not in PEOPLE.get(kind, range(1, len(stayed) + 1)):
                yield f"relationship {relationship}: {len(stayed)} people are no {kind}"
        for name, takes_part, own in self.told:
            of_episodes = {self.patient_of.get(episode, "") for episode in own}
            if own and takes_part != of_episodes:
                yield f"{name}: its people are not those of its episodes"

    def patient(self, resource: dict, name: str) -> Iterator[str]:
        yield from ()
        if (born := resource.get("birthDate")) is not None:
            try:
                if date.fromisoformat(str(born)) > datetime.now(UTC).date():
                    yield "birthDate is to come"
            except ValueError:
                yield "birthDate is no day"

    def practitioner(self, resource: dict, name: str) -> Iterator[str]:
        yield from ()

    def episode(self, resource: dict, name: str) -> Iterator[str]:
        numbers = [
            one.get("value")
            for one in resource.get("identifier", [])
            if one.get("system") == RELATIONSHIP
        ]
        if len(numbers) != 1:
            yield "it has no identifier of one relationship"
        person = next(values(resource, "patient.reference"))
        self.patient_of[name] = person
        codes = values(resource, "type.coding")
        kind = next((c["code"] for c in codes if c and c.get("system") == KIND), "work")
        told = resource.get("status")
        took_part = TOOK_PART in values(resource, "extension.url")
        end = str(next(values(resource, "period.end")) or "open")  # after every digit
        for number in numbers[:1]:
            self.shared.setdefault(number, []).append((person, end, f"{kind} {told}"))
            if not took_part:
                times = f"{resource.get('period')} {resource.get('statusHistory')}"
                self.whole.setdefault(number, set()).add(times)
        try:
            yield from periods(resource)
        except (ValueError, TypeError, AttributeError, KeyError):
            yield "a period has no moments"

    def appointment(self, resource: dict, name: str) -> Iterator[str]:
        actors = {next(values(p, "actor.reference")) for p in values(resource, "participant")}
        people = {str(actor) for actor in actors if str(actor).startswith("Patient/")}
        own = {str(episode) for episode in values(resource, "supportingInformation.reference")}
        if not people:
            yield "no patient takes part"
        self.told.append((name, people, own - {"None"}))
        status = resource.get("status")
        if "cancelationReason" in resource and status not in ("cancelled", "noshow"):
            yield "cancelationReason, and it was not cancelled"
        if (resource.get("start") is None) != (resource.get("end") is None):
            yield "start without end, or end without start"
        elif resource.get("start") is None:
            if status not in ("proposed", "cancelled", "waitlist"):
                yield "start and end are missing"
        else:
            yield from self._times(resource)

    def _times(self, resource: dict) -> Iterator[str]:
        try:
            lasts = moment_of(resource["end"]) - moment_of(resource["start"])
        except ValueError:
            yield "start or end is no moment"
            return
        seconds = lasts.total_seconds()
        if seconds <= 0:
            yield "it ends before it starts"
        elif resource.get("minutesDuration") not in (None, max(seconds // 60, 1)):
            yield "minutesDuration is not the time between start and end"


def periods(resource: dict) -> Iterator[str]:
    """Yield what is wrong with the periods of an episode of care."""
    history = resource.get("statusHistory")
    if not history:
        yield "statusHistory is empty"
        return
    spans = [span(one["period"]) for one in [*history, resource]]
    whole = spans.pop()
    if any(end and end < start for start, end in [*spans, whole]):
        yield "a period ends before it starts"
    for (_, end), (start, _) in pairwise(spans):
        if end is None:
            yield "a period is open, and is not the last"
        elif end != start:
            yield "between two periods is a gap" if end < start else "two periods overlap"
    if (spans[0][0], spans[-1][1]) != whole:
        yield "period is not from the first start to the last end"
    statuses, status = [one.get("status") for one in history], resource.get("status")
    goes_on = status in OPEN
    if goes_on != (spans[-1][1] is None):
        yield "the last period is closed" if goes_on else "the last period is open"
    if goes_on and statuses[-1] != status:
        yield "status is not that of the last period"
    if not goes_on and statuses[-1] != "active":
        yield "what ended was not active before"
    if statuses[0] == "onhold" or ("onhold", "onhold") in pairwise(statuses):
        yield "a break is not between two stretches of work"


def span(period: dict) -> tuple[datetime, datetime | None]:
    return moment_of(period["start"]), moment_of(period["end"]) if "end" in period else None


FAULTS: dict[str, Callable[[Check, dict, str], Iterator[str]]] = {
    "Patient": Check.patient,
    "Practitioner": Check.practitioner,
    "EpisodeOfCare": Check.episode,
    "Appointment": Check.appointment,
}


def faults_of_bundle(bundle: Any) -> Iterator[str]:
    """Yield what is wrong with a Bundle and with what is in it."""
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        yield "this is no Bundle"
        return
    if bundle.get("type") != "collection":
        yield "the Bundle is no collection"
    seen: set[str] = set()
    entries = bundle.get("entry", [])
    for entry in entries:
        resource, url = entry.get("resource", {}), str(entry.get("fullUrl"))
        if not url.endswith(f"/{resource.get('resourceType')}/{resource.get('id')}"):
            yield f"{url} is not the address of its resource"
        if url in seen:
            yield f"{url} is there twice"
        seen.add(url)
    yield from Check().faults(entry.get("resource", {}) for entry in entries)
