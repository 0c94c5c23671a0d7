"""Removing old entries: the one way in which they can go, which is recorded itself."""

from datetime import datetime

from django.db import transaction
from django.db.models import Max, QuerySet

from practice.accounts.access import Role
from practice.audit.chaining import append_to
from practice.audit.models import Chain, Entry, Verb

BEFORE = "before "  # what the outcome of a purge begins with


def old_entries(chain: int, before: datetime) -> QuerySet[Entry]:
    """Return the chained entries of a chain that are older than everything that stays."""
    entries = Entry.objects.filter(chain=chain, number__isnull=False)
    stays = entries.filter(at__gte=before).order_by("number").first()
    return entries.filter(number__lt=stays.number) if stays else entries


@transaction.atomic
def purge(chain: int, before: datetime) -> int:
    """Remove the entries of a chain from before a moment; return how many.

    The entry that says so takes their place: it holds the seal of the last of them, so that the
    chain goes on where they ended.
    """
    head = Chain.lock(chain)
    if head is None:
        return 0
    _append_all(head)
    old = old_entries(chain, before)
    last = old.order_by("number").last()
    if last is None:
        return 0
    Entry(
        therapist_id=chain or None,
        role=Role.OPERATOR,
        verb=Verb.PURGED,
        outcome=f"{BEFORE}{before.isoformat()}",
        event=old.aggregate(last=Max("event"))["last"],
        digest=last.mac,
        through=last.number,
    ).write()
    _append_all(head)
    return Entry.objects.filter(chain=chain, number__lte=last.number).delete()[0]


def moment_of(purge: Entry) -> datetime:
    """Return the moment up to which an entry "purged" says that entries went."""
    return datetime.fromisoformat(purge.outcome.removeprefix(BEFORE))


def _append_all(head: Chain) -> None:
    while append_to(head):
        pass
