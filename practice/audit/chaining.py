"""Giving entries their places: what was written without a lock is put in order a moment later.

Only whoever has the lock of a chain's head appends to it, and who does not get it goes on: somebody
else is appending. Places are given in the order of ids, which is nearly that of time, and of one
writer exactly.
"""

import logging

from django.db import IntegrityError, transaction

from practice.audit.models import Chain, Unchained

AT_ONCE = 500  # entries; their chain is locked as long as they take

log = logging.getLogger(__name__)


def chain_everything() -> int:
    """Give every entry that has none a place in its chain; return how many were given.

    A chain that somebody has tampered with may refuse to grow. The others do all the same.
    """
    chained = 0
    waiting = Unchained.objects.order_by("chain").values_list("chain", flat=True).distinct()
    for number in list(waiting):
        Chain.begin(number)
        try:
            while some := _append_some(number):
                chained += some
        except IntegrityError:
            log.exception("Chain %s cannot grow. Run verify_audit.", number)
    return chained


@transaction.atomic
def _append_some(number: int) -> int:
    head = Chain.lock(number, skip_locked=True)
    return append_to(head) if head else 0


def append_to(head: Chain) -> int:
    """Append what waits for a locked chain, a bounded number; return how many."""
    entries = list(Unchained.objects.filter(chain=head.chain).order_by("pk")[:AT_ONCE])
    if entries:
        head.append(entries)
    return len(entries)
