"""The history beside the audit: every event has an entry that holds its seal."""

from collections.abc import Iterator
from itertools import islice

from django.db.models import Exists, OuterRef, QuerySet

from practice.audit.models import Entry, Verb
from practice.audit.sealing import seal_of_event
from practice.audit.verify import AT_ONCE, last_purge
from relationships.models.history import Event


def without_entry() -> QuerySet[Event]:
    """Return the events of which no entry of their practice's chain speaks."""
    entries = Entry.objects.filter(chain=OuterRef("therapist"), event=OuterRef("pk"))
    return Event.objects.exclude(Exists(entries.exclude(verb=Verb.PURGED))).order_by("pk")


def faults(therapist_id: int) -> Iterator[str]:
    """Yield a sentence for every event of a practice that is not as it was recorded.

    An entry "erased" tells that the events of some work are gone, or their notes blank. One
    "caseload_passed_on" tells that a colleague has them since: what was recorded before is held
    against them as of the former therapist.
    """
    entries = Entry.objects.filter(chain=therapist_id)
    passed_on = dict(
        entries.filter(verb=Verb.CASELOAD_PASSED_ON).order_by("pk").values_list("about", "pk")
    )
    # Whoever has it since may have erased it.
    everywhere = Entry.objects.all() if passed_on else entries
    erased = everywhere.filter(verb=Verb.ERASED).order_by("pk")
    fates = dict(erased.values_list("about", "outcome"))
    recorded = entries.exclude(event=None).exclude(verb=Verb.PURGED).order_by("pk")
    rows = recorded.iterator(chunk_size=AT_ONCE)
    while batch := list(islice(rows, AT_ONCE)):
        events = Event.objects.in_bulk([e.event for e in batch])
        for entry in batch:
            event = events.get(entry.event)
            fate = fates.get(entry.about)
            if event and entry.pk < passed_on.get(entry.about, 0):
                event.therapist_id = therapist_id  # as it was when it was recorded
            elif event and event.therapist_id != therapist_id:
                event = None
            if event is None and fate != "done":
                yield f"event {entry.event}, of {entry.place}, is missing"
            elif event and not (seal_of_event(event) == entry.digest or _is_blanked(event, fate)):
                yield f"event {entry.event}, of {entry.place}, was changed"
    purge = last_purge(therapist_id)
    since = (purge.event or 0) if purge else 0
    for event in without_entry().filter(therapist=therapist_id, pk__gt=since):
        yield f"event {event.pk} has no entry"


def _is_blanked(event: Event, fate: str | None) -> bool:
    return fate == "notes blanked" and not event.note
