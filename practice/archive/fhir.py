"""A practice as FHIR R4 (HL7 4.0.1): a Bundle of people, episodes of care and appointments.

FHIR knows no couple: each person has an episode of care of their own, and those of one relationship
share an identifier. `statusHistory` has the stretches of work as `active` and the breaks between an
ending and a restart as `onhold`, without gaps; the last is open as long as the work goes on. What
is more to say than FHIR requires is checked by `fhir_rules.py`.

It is one document, written from top to bottom, so the module is longer than others.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, product
from typing import Any

from django.conf import settings

from clients.models import ERASED, Client
from practice.accounts.models import Therapist
from relationships.models import EndReason, Kind, Participation, Relationship
from relationships.models.choices import CODES
from relationships.models.history import Episode, episodes

AT_ONCE = 500
NAMES = "urn:stillwater"  # of what the numbers in addresses are
END_REASON = f"{NAMES}:end-reason"
TOOK_PART = f"{NAMES}:took-part"  # of whoever joined later, or left before the end
APPOINTMENT = {
    "booked": "booked",
    "attended": "fulfilled",
    "missed": "noshow",
    "cancelled": "cancelled",
    "not_held": "cancelled",
}
WHY_CANCELLED = "http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason"
BY_PATIENT, BY_PROVIDER = ("pat", "Patient"), ("prov", "Provider")


class Fhir:
    """A practice as a Bundle, resource by resource."""

    def __init__(self, therapist: Therapist, now: datetime) -> None:
        self.therapist, self.now = therapist, now
        self.base = f"{settings.SITE_URL or 'https://stillwater.invalid'}/fhir"
        # Of each relationship: everybody's episode, and from when to when they took part.
        self.parts: dict[int, list[tuple[dict, list[Participation]]]] = {}

    def text(self) -> Iterator[str]:
        """Yield the Bundle as JSON, a resource a line."""
        head = {"resourceType": "Bundle", "type": "collection", "timestamp": moment(self.now)}
        yield json.dumps(head)[:-1] + ', "entry": [\n'
        separator = ""
        for resource in self.resources():
            url = f"{self.base}/{resource['resourceType']}/{resource['id']}"
            yield separator + json.dumps({"fullUrl": url, "resource": resource})
            separator = ",\n"
        yield "\n]}\n"

    def resources(self) -> Iterator[dict]:
        """Yield every resource; what refers to another comes after it."""
        yield self._practitioner()
        for client in self._people():
            yield patient(client)
        for relationship in self._relationships():
            yield from self._episodes(relationship)
        yield from self._appointments()

    @property
    def _by(self) -> str:
        return f"Practitioner/{self.therapist.public_id}"

    def _practitioner(self) -> dict:
        return {
            "resourceType": "Practitioner",
            "id": self.therapist.public_id,
            "identifier": [identifier("therapist", self.therapist.public_id)],
            "active": True,
            "name": [{"use": "official", "text": self.therapist.name}],
        }

    def _people(self) -> Iterator[Client]:
        people = self.therapist.clients.filter(merged_into=None).order_by("pk")
        return people.prefetch_related("merged_records").iterator(chunk_size=AT_ONCE)

    def _relationships(self) -> Iterator[Relationship]:
        pks = iter(list(self.therapist.relationships.order_by("pk").values_list("pk", flat=True)))
        work = self.therapist.relationships.with_people().prefetch_related("events")
        while some := list(islice(pks, AT_ONCE)):
            yield from work.filter(pk__in=some).order_by("pk")

    def _episodes(self, relationship: Relationship) -> Iterator[dict]:
        events = sorted(relationship.events.all(), key=lambda event: event.pk)
        stretches, parts = episodes(events), relationship.participations.all()
        self.parts[relationship.pk], began = [], relationship.started_at
        for person in dict.fromkeys(relationship.everybody):
            own = [part for part in parts if part.client.person == person]
            theirs = of_one_person(stretches, own)
            resource = self._episode(relationship, f"Patient/{person.public_id}", theirs)
            if theirs != stretches:
                resource.setdefault("extension", []).extend(
                    {"url": TOOK_PART, "valuePeriod": period(part.joined_at or began, part.left_at)}
                    for part in own
                )
            self.parts[relationship.pk].append((resource, own))
            yield resource

    def _episode(self, work: Relationship, person: str, stretches: list[Episode]) -> dict:
        _, _, number = person.partition("/")
        last = stretches[-1]
        status = status_of(last, self.now)
        resource = {
            "resourceType": "EpisodeOfCare",
            "id": f"{work.public_id}-{number}",
            "identifier": [identifier("relationship", work.public_id)],
            "status": status,
            "statusHistory": list(status_history(stretches, self.now)),
            "type": [
                {
                    "coding": [{"system": f"{NAMES}:kind", "code": work.kind}],
                    "text": Kind(work.kind).label,
                }
            ],
            "patient": {"reference": person},
            "period": period(stretches[0].started_at, last.ended_at),
            "careManager": {"reference": self._by},
        }
        return resource | end_reason(last)

    def _appointments(self) -> Iterator[dict]:
        sessions = self.therapist.sessions.order_by("pk").iterator(chunk_size=AT_ONCE * 4)
        for session in sessions:
            takes_part = [
                resource
                for resource, parts in self.parts.get(session.relationship_id, [])
                if any(part.covers(session.starts_at) for part in parts)
            ]
            patients = [resource["patient"]["reference"] for resource in takes_part]
            own = [f"EpisodeOfCare/{resource['id']}" for resource in takes_part]
            status = APPOINTMENT.get(session.state, "entered-in-error")
            length = session.ends_at - session.starts_at
            resource = {
                "resourceType": "Appointment",
                "id": session.public_id,
                "status": status,
                "supportingInformation": [{"reference": reference} for reference in own],
                "start": moment(session.starts_at),
                "end": moment(session.ends_at),
                "minutesDuration": max(length // timedelta(minutes=1), 1),
                "created": moment(session.booked_at),
                "participant": [
                    {"actor": {"reference": reference}, "status": "accepted"}
                    for reference in (*patients, self._by)
                ],
            }
            if status == "cancelled":
                resource["cancelationReason"] = self._why_cancelled(session)
            yield resource

    def _why_cancelled(self, session: Any) -> dict:
        if session.state != "cancelled":
            return {"text": "Did not take place"}
        code, words = BY_PATIENT if session.cancelled_for_client else BY_PROVIDER
        return {"coding": [{"system": WHY_CANCELLED, "code": code, "display": words}]}


def patient(client: Client) -> dict:
    """Return a person, whichever of their records is asked; whoever was erased has no name."""
    numbers = [identifier("client", record.public_id) for record in client.records]
    resource: dict[str, Any] = {
        "resourceType": "Patient",
        "id": client.public_id,
        "identifier": numbers,
        "active": client.is_active,
        "name": [{"use": "official", "text": client.name or ERASED}],
    }
    if client.preferred_name:
        resource["name"].append({"use": "usual", "text": client.preferred_name})
    reached = {"email": client.email, "phone": client.phone}
    telecom = [{"system": system, "value": value} for system, value in reached.items() if value]
    if telecom:
        resource["telecom"] = telecom
    if client.date_of_birth:
        resource["birthDate"] = client.date_of_birth.isoformat()
    return resource


def identifier(of: str, number: str) -> dict:
    """Return what something is called here."""
    return {"system": f"{NAMES}:{of}", "value": number}


def of_one_person(stretches: list[Episode], parts: list[Participation]) -> list[Episode]:
    """Return the stretches of work in which somebody took part, who may have joined and left.

    One that ends with their leaving has no reason.
    """
    since = {part.joined_at or stretches[0].started_at: part.left_at for part in parts}
    if any(part.joined_at is None and part.left_at is None for part in parts):
        return stretches
    found = []
    for stretch, (joined_at, left_at) in product(stretches, sorted(since.items())):
        began = max(stretch.started_at, joined_at)
        ended = min(filter(None, (stretch.ended_at, left_at)), default=None)
        if ended is None or began < ended:
            reason = stretch.reason if ended == stretch.ended_at else ""
            found.append(Episode(began, ended, reason))
    return found or [Episode(*next(iter(since.items())))]  # all of it during a break


def status_of(last: Episode, now: datetime) -> str:
    """Return the status of work by its last stretch: a code of FHIR's EpisodeOfCareStatus."""
    if last.ended_at is None:
        return "planned" if last.started_at > now else "active"
    if not last.reason:  # they left, and the others went on
        return "finished"
    return CODES[EndReason(last.reason)].fhir_episode_of_care


def status_history(stretches: list[Episode], now: datetime) -> Iterator[dict]:
    """Yield the periods of work and of the breaks between; the last is open while it goes on."""
    ended: datetime | None = None
    for stretch in stretches:
        if ended and ended < stretch.started_at:
            yield {"status": "onhold", "period": period(ended, stretch.started_at)}
        is_to_come = stretch.ended_at is None and stretch.started_at > now
        status = "planned" if is_to_come else "active"
        told = {"status": status, "period": period(stretch.started_at, stretch.ended_at)}
        yield told | end_reason(stretch)
        ended = stretch.ended_at


def end_reason(stretch: Episode) -> dict:
    """Return why a stretch of work ended, as an extension; nothing where it has no reason."""
    if not stretch.reason:
        return {}
    reason = EndReason(stretch.reason)
    coded = {"system": END_REASON, "code": reason.value, "display": reason.label}
    return {"extension": [{"url": END_REASON, "valueCodeableConcept": {"coding": [coded]}}]}


def period(start: datetime, end: datetime | None) -> dict:
    """Return a period, open if it has no end."""
    return {"start": moment(start)} | ({"end": moment(end)} if end else {})


def moment(at: datetime) -> str:
    """Return a moment as FHIR's instant."""
    return at.astimezone(UTC).isoformat()


def entries(bundle: dict) -> Iterable[dict]:
    """Return the resources of a Bundle."""
    return (entry.get("resource", {}) for entry in bundle.get("entry", []))
