"""The history beside the audit: every event has an entry that holds its seal."""

from collections.abc import Iterator
from itertools import islice

from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from practice.audit.models import Entry, Verb
from practice.audit.seal import NOTHING, seal_of_entry, seal_of_event, seal_of_head
from practice.audit.verify import AT_ONCE, last_purge
from relationships.models.event import Event


def without_entry(event: type[models.Model], entry: type[models.Model]) -> models.QuerySet:
    """Return the events of which no entry of their practice's chain speaks."""
    entries = entry.objects.filter(chain=OuterRef("therapist"), event=OuterRef("pk"))
    return event.objects.exclude(Exists(entries.exclude(verb=Verb.PURGED))).order_by("pk")


def faults(therapist_id: int) -> Iterator[str]:
    """Yield a sentence for every event of a practice that is not as it was recorded.

    An entry "erased" tells that the events of some work are gone, or their notes blank.
    """
    entries = Entry.objects.filter(chain=therapist_id)
    erased = entries.filter(verb=Verb.ERASED).order_by("number")
    fates = dict(erased.values_list("about", "outcome"))
    recorded = entries.exclude(event=None).exclude(verb=Verb.PURGED).order_by("number")
    rows = recorded.iterator(chunk_size=AT_ONCE)
    while batch := list(islice(rows, AT_ONCE)):
        events = Event.objects.filter(therapist=therapist_id).in_bulk([e.event for e in batch])
        for entry in batch:
            event = events.get(entry.event)
            fate = fates.get(entry.about)
            if event is None and fate != "done":
                yield f"event {entry.event}, of entry {entry.number}, is missing"
            elif event and not (seal_of_event(event) == entry.digest or _is_blanked(event, fate)):
                yield f"event {entry.event}, of entry {entry.number}, was changed"
    purge = last_purge(therapist_id)
    since = (purge.event or 0) if purge else 0
    for event in without_entry(Event, Entry).filter(therapist=therapist_id, pk__gt=since):
        yield f"event {event.pk} has no entry"


def _is_blanked(event: Event, fate: str | None) -> bool:
    return fate == "notes blanked" and not event.note


@transaction.atomic
def adopt(event: type[models.Model], entry: type[models.Model], chain: type[models.Model]) -> int:
    """Record the events from before there was an audit, as they are now; return how many.

    Takes the classes, because a migration has its own. Run it while nobody works.
    """
    number = 0
    events = without_entry(event, entry).select_related("relationship")
    for row in list(events):
        head, _ = chain.objects.get_or_create(
            chain=row.therapist_id, defaults={"mac": NOTHING, "head_mac": ""}
        )
        adopted = entry(
            therapist_id=row.therapist_id,
            chain=head.chain,
            number=head.length + 1,
            at=timezone.now(),
            by=row.by_id,
            role="operator",
            verb=Verb.HISTORY_ADOPTED.value,
            about=f"relationship:{row.relationship.public_id}",
            outcome="done",
            event=row.pk,
            digest=seal_of_event(row),
        )
        adopted.mac = seal_of_entry(adopted, head.mac)
        adopted.save(force_insert=True)
        head.length, head.mac = adopted.number, adopted.mac
        head.head_mac = seal_of_head(head)
        head.save(force_update=True)
        number += 1
    return number
