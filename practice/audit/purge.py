"""Removing old entries: the one way through the wall, which is recorded itself."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max

from practice.audit.models import Chain, Entry, Verb


def old_entries(chain: int, before: datetime):
    """Return the entries of a chain that are older than everything that stays."""
    entries = Entry.objects.filter(chain=chain)
    stays = entries.filter(at__gte=before).order_by("number").first()
    return entries.filter(number__lt=stays.number) if stays else entries


@transaction.atomic
def purge(chain: int, before: datetime) -> int:
    """Remove the entries of a chain from before a moment; return how many.

    The entry that says so takes their place: it holds the seal of the last of them, so that the
    chain goes on where they ended.
    """
    Chain.hold(chain)
    old = old_entries(chain, before)
    last = old.order_by("number").last()
    if last is None:
        return 0
    event = old.aggregate(last=Max("event"))["last"]
    facts = {"through": last.number, "digest": last.mac, "event": event}
    Entry.record(Verb.PURGED, by=None, therapist=chain or None, purge=facts)
    return Entry.objects.filter(chain=chain, number__lte=last.number).delete()[0]
