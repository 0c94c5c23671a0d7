"""Reading chains from the beginning and saying what is wrong with them, in little memory."""

from collections.abc import Iterator

from practice.audit.models import Chain, Entry, Verb
from practice.audit.seal import NOTHING, seal_of_entry, seal_of_head

AT_ONCE = 1000  # rows


def chains() -> list[int]:
    """Return the number of every chain of which there is a head or an entry."""
    heads = set(Chain.objects.values_list("chain", flat=True))
    return sorted(heads | set(Entry.objects.order_by().values_list("chain", flat=True).distinct()))


def last_purge(chain: int) -> Entry | None:
    """Return the purge of a chain that reaches furthest."""
    return Entry.objects.filter(chain=chain, verb=Verb.PURGED).order_by("through").last()


def faults(chain: int) -> Iterator[str]:
    """Yield a sentence for whatever is wrong with a chain; it may grow meanwhile."""
    head = Chain.objects.filter(chain=chain).first()
    if head is None:
        yield "there are entries and no head"
        return
    if head.head_mac != seal_of_head(head):
        yield "the head was changed"
    yield from _faults_of_entries(chain, head)
    newest = Chain.objects.get(chain=chain)
    for entry in Entry.objects.filter(chain=chain, number__gt=newest.length).order_by("number"):
        yield f"entry {entry.number} lies beyond the head"


def _faults_of_entries(chain: int, head: Chain) -> Iterator[str]:
    purge = last_purge(chain)
    first, former = (purge.through + 1, purge.digest) if purge else (1, NOTHING)
    expected = first
    entries = Entry.objects.filter(chain=chain, number__lte=head.length).order_by("number")
    for entry in entries.iterator(chunk_size=AT_ONCE):
        if entry.number < first:
            yield f"entry {entry.number} is there, and should not be"
            continue
        if entry.number > expected:
            yield _missing(expected, entry.number - 1)
        elif entry.mac != seal_of_entry(entry, former):
            yield f"entry {entry.number} was changed, or what came before it"
        expected, former = entry.number + 1, entry.mac
    if expected <= head.length:
        yield _missing(expected, head.length)
    elif former != head.mac:
        yield "the last entry is not the one that the head names"


def _missing(first: int, last: int) -> str:
    one = first == last
    return f"entry {first} is missing" if one else f"entries {first} to {last} are missing"


def faults_beside(kept: tuple[int, int, str]) -> Iterator[str]:
    """Yield what is wrong with a chain beside a head (chain, length, seal) kept from earlier."""
    chain, length, mac = kept
    entry, purge = Entry.objects.filter(chain=chain, number=length).first(), last_purge(chain)
    found = entry.mac if entry else NOTHING if length == 0 else None
    if purge and purge.through >= length:
        found = purge.digest if purge.through == length else mac  # longer ago than can be told
    if found is None:
        yield f"it once had {length} entries, and has fewer"
    elif found != mac:
        yield f"entry {length} is not the one that was there once"
