"""Reading the audit from the beginning and saying what is wrong with it, in little memory."""

from collections.abc import Iterator
from datetime import datetime

from practice.audit.models import Chain, Entry, Verb
from practice.audit.purge import moment_of
from practice.audit.sealing import NOTHING, began_at, seal_of_entry, seal_of_head, seal_of_place

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
    entries = Entry.objects.filter(chain=chain)
    head = Chain.objects.filter(chain=chain).first()
    if head:
        yield from _faults_of_places(chain, head)
        newest = Chain.objects.get(chain=chain)
        for entry in entries.filter(number__gt=newest.length).order_by("number"):
            yield f"entry {entry.number} lies beyond the head"
    elif entries.filter(number__isnull=False).exists():
        yield "there are entries and no head"
    for entry in entries.filter(number=None).order_by("pk").iterator(chunk_size=AT_ONCE):
        if entry.seal != seal_of_entry(entry):
            yield f"{entry.place} was changed or slipped in"


def _faults_of_places(chain: int, head: Chain) -> Iterator[str]:
    if head.head_mac != seal_of_head(head):
        yield "the head was changed"
    purge = last_purge(chain)
    first, former = (_reach_of(purge) + 1, purge.digest) if purge else (1, NOTHING)
    expected = first
    entries = Entry.objects.filter(chain=chain, number__lte=head.length).order_by("number")
    for entry in entries.iterator(chunk_size=AT_ONCE):
        number = entry.number or 0  # there: only those with a number were asked for
        if number < first:
            yield f"entry {number} is there, and should not be"
            continue
        if number > expected:
            yield _missing("entry", "entries", expected, number - 1)
        elif entry.mac != seal_of_place(former, number, entry.seal):
            yield f"entry {number} was changed, or what came before it"
        elif entry.seal != seal_of_entry(entry):
            yield f"entry {number} was changed"
        expected, former = number + 1, entry.mac
    if expected <= head.length:
        yield _missing("entry", "entries", expected, head.length)
    elif former != head.mac:
        yield "the last entry is not the one that the head names"


def _reach_of(purge: Entry) -> int:
    """Return the number of the last place that a purge took."""
    return purge.through or 0  # a purge always has it, by constraint


def _missing(one: str, several: str, first: int, last: int) -> str:
    single = first == last
    return f"{one} {first} is missing" if single else f"{several} {first} to {last} are missing"


def faults_of_writers() -> Iterator[str]:
    """Yield a sentence for every hole in the numbers of a writer, in whatever chains they are.

    Holes that begin before the moment of a purge are what it has left.
    """
    purged = _purged_before()
    name: str | None = None
    last, since = 0, purged
    entries = Entry.objects.order_by("writer", "writer_number")
    lines = entries.values_list("writer", "writer_number", "at")
    for writer, number, at in lines.iterator(chunk_size=AT_ONCE):
        if writer != name:
            name, last, since = writer, 0, began_at(writer)
        if number <= last:
            yield f"line {number} of writer {name} is there twice"
        elif number > last + 1 and not (purged and since and since < purged):
            yield f"{_missing('line', 'lines', last + 1, number - 1)}, of writer {name}"
        last, since = number, at


def _purged_before() -> datetime | None:
    """Return the moment up to which some chain has been purged."""
    purges = Entry.objects.filter(verb=Verb.PURGED)
    sealed = [purge for purge in purges if purge.seal == seal_of_entry(purge)]
    return max((moment_of(purge) for purge in sealed), default=None)


def faults_beside(kept: tuple[int, int, str]) -> Iterator[str]:
    """Yield what is wrong with a chain beside a head (chain, length, seal) kept from earlier."""
    chain, length, mac = kept
    entry, purge = Entry.objects.filter(chain=chain, number=length).first(), last_purge(chain)
    found = entry.mac if entry else NOTHING if length == 0 else None
    if purge and _reach_of(purge) >= length:
        found = purge.digest if _reach_of(purge) == length else mac  # longer ago than can be told
    if found is None:
        yield f"it once had {length} entries, and has fewer"
    elif found != mac:
        yield f"entry {length} is not the one that was there once"
