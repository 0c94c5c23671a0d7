"""Episodes of care of FHIR as work: who takes part in it together, and what happened when.

Episodes of several people that share an identifier are one work. `statusHistory` has its stretches:
a period `onhold` between two others is the time between an ending and a restart, as our own export
writes it, which says the reasons, too, and from when to when somebody took part (`docs/moving.md`).
Where it tells no moments that can be taken as they are, the dates of the episode are (`fhir.py`).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from practice.imports.told import HistoryLine, ToldPart, ToldWork, kind_of
from relationships.models.choices import EndReason

GOES_ON = ("planned", "waitlist", "active", "onhold")
URN = "urn:stillwater"  # as `practice.archive.fhir` writes it
END_REASON, TOOK_PART, KIND = f"{URN}:end-reason", f"{URN}:took-part", f"{URN}:kind"
Resource = dict[str, Any]


class Episode(NamedTuple):
    """An episode of care of one person."""

    resource: Resource
    line_of_patient: int
    patient: str  # client number
    work: str  # the same for all who are in it together


class Stretch(NamedTuple):
    """A stretch of work."""

    started_at: datetime
    ended_at: datetime | None
    reason: str


@dataclass
class Works:
    """The work of a Bundle."""

    episodes: list[Episode]
    by_reference: dict[str, str]

    def number_of(self, appointment: Resource) -> str:
        """Return to which work an appointment belongs, if it says so."""
        named = (
            text_of(dict_of(one).get("reference"))
            for one in list_of(appointment.get("supportingInformation"))
        )
        return next((self.by_reference[name] for name in named if name in self.by_reference), "")

    def told(self) -> dict[str, ToldWork]:
        """Return the work of which moments are told, by its number."""
        together: dict[str, list[Episode]] = defaultdict(list)
        for episode in self.episodes:
            together[episode.work].append(episode)
        found = ((number, _told(episodes)) for number, episodes in together.items())
        return {number: work for number, work in found if work}


def works_of(
    episodes: list[tuple[int, Resource]], patients: Mapping[str, tuple[int, str]]
) -> Works:
    """Return the work of episodes; `patients` are line and client number by what refers to them."""
    found, by_reference = list[Episode](), dict[str, str]()
    shared: dict[tuple[str, str], set[int]] = defaultdict(set)
    known = []
    for line, episode in episodes:
        reference = text_of(dict_of(episode.get("patient")).get("reference"))
        is_mistake = episode.get("status") == "entered-in-error" and not _reason(episode)
        if reference in patients and not is_mistake:
            known.append((line, episode, *patients[reference]))
            for number in _numbers(episode):
                shared[number].add(patients[reference][0])
    for line, episode, at, patient in known:
        together = [value for system, value in _numbers(episode) if len(shared[system, value]) > 1]
        work = together[0] if together else f"episode {line}"
        found.append(Episode(episode, at, patient, work))
        by_reference[f"EpisodeOfCare/{text_of(episode.get('id'))}"] = work
    return Works(found, by_reference)


def _numbers(episode: Resource) -> list[tuple[str, str]]:
    pairs = (
        (text_of(dict_of(one).get("system")), text_of(dict_of(one).get("value")))
        for one in list_of(episode.get("identifier"))
    )
    return [pair for pair in pairs if all(pair)]


def _told(episodes: list[Episode]) -> ToldWork | None:
    """Return work with its history; None where moments are missing, or are none."""
    stretches = {id(e): _stretches(e.resource) for e in episodes}
    if not all(stretches.values()):
        return None
    latest = datetime.max.replace(tzinfo=UTC)
    # Whoever joined later, or left before, has a part of it; all of it is with who stayed longest.
    whole = max(
        stretches.values(), key=lambda s: (s[-1].ended_at or latest, -s[0].started_at.timestamp())
    )
    begun = min(s[0].started_at for s in stretches.values())
    whole[0] = whole[0]._replace(started_at=begun)
    parts = [
        ToldPart(e.patient, None if joined == begun else joined, left)
        for e in episodes
        for joined, left in (_took_part(e.resource) or [(None, None)])
    ]
    lines = [*_lines(whole), *_joining(parts)]
    lines.sort(key=lambda line: line.at)  # as it was: of two at once the order stays
    coded = [
        dict_of(c)
        for kind in list_of(episodes[0].resource.get("type"))
        for c in list_of(dict_of(kind).get("coding"))
    ]
    kind = next((text_of(c.get("code")) for c in coded if c.get("system") == KIND), "")
    present = sum(part.left_at is None for part in parts)
    return ToldWork(kind_of(present, kind), parts, lines) if present else None


def _lines(stretches: list[Stretch]) -> list[HistoryLine]:
    lines: list[HistoryLine] = []
    for stretch in stretches:
        lines.append(HistoryLine("restarted" if lines else "started", stretch.started_at))
        if stretch.ended_at:
            lines.append(HistoryLine("ended", stretch.ended_at, stretch.reason))
    return lines


def _joining(parts: list[ToldPart]) -> list[HistoryLine]:
    joined = [HistoryLine("joined", p.joined_at, number=p.number) for p in parts if p.joined_at]
    return joined + [HistoryLine("left", p.left_at, number=p.number) for p in parts if p.left_at]


def _stretches(episode: Resource) -> list[Stretch]:
    """Return the stretches of an episode, or none where its periods are not in order."""
    history = [dict_of(one) for one in list_of(episode.get("statusHistory"))]
    spans = [(one, *_span(one.get("period"))) for one in history]
    if not spans or any(start is None for _, start, _ in spans):
        return []
    found: list[Stretch] = []
    for number, (one, start, end) in enumerate(spans):
        is_last = number == len(spans) - 1
        is_break = one.get("status") == "onhold" and found and not is_last
        if start is None or (end is None and not is_last) or (end and end < start):
            return []
        if found and found[-1].ended_at and start < found[-1].ended_at:
            return []
        if is_break:
            continue
        before = found[-1] if found else None
        if before and before.ended_at == start and not before.reason:
            found[-1] = before._replace(ended_at=end, reason=_reason(one))  # it goes on
        else:
            found.append(Stretch(start, end, _reason(one)))
    if episode.get("status") in GOES_ON:
        found[-1] = found[-1]._replace(ended_at=None, reason="")
    elif found[-1].ended_at is None:
        return []
    else:
        found[-1] = found[-1]._replace(reason=found[-1].reason or _reason(episode))
    is_told = EndReason.OTHER.value  # of endings before the last nobody else says why
    return [s._replace(reason=s.reason or is_told) if s.ended_at else s for s in found[:-1]] + [
        found[-1]
    ]


def _span(period: object) -> tuple[datetime | None, datetime | None]:
    return _moment(dict_of(period).get("start")), _moment(dict_of(period).get("end"))


def _moment(value: object) -> datetime | None:
    """Return a moment of FHIR's that has an offset; of a day alone, nothing."""
    try:
        at = datetime.fromisoformat(text_of(value))
        return at.astimezone(UTC) if at.tzinfo and 1900 < at.year < 2200 else None
    except (ValueError, OverflowError):
        return None


def _took_part(episode: Resource) -> list[tuple[datetime | None, datetime | None]]:
    return [
        _span(dict_of(one).get("valuePeriod"))
        for one in list_of(episode.get("extension"))
        if dict_of(one).get("url") == TOOK_PART
    ]


def _reason(element: Resource) -> str:
    """Return why something ended, as our own export says it."""
    for one in map(dict_of, list_of(element.get("extension"))):
        if one.get("url") == END_REASON:
            concept = dict_of(one.get("valueCodeableConcept"))
            codes = [text_of(dict_of(c).get("code")) for c in list_of(concept.get("coding"))]
            return next((code for code in codes if code in EndReason.values), "")
    return ""


def text_of(value: object) -> str:
    """Return a text of JSON, "" of whatever else it is; so do the others."""
    return value.strip() if isinstance(value, str) else ""


def dict_of(value: object) -> Resource:
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
