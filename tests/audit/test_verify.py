"""Whatever is done to the audit or the history behind its back, `verify_audit` finds it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from practice.audit import verify
from practice.audit.models import Chain, Entry, Verb
from practice.database import operations
from practice.records.erasure import erase
from relationships.models import sealed_history
from relationships.models.reasons import EndReason
from tests.factories import start
from tests.relationships.test_rules_in_the_database import insert, refused, sql


@contextmanager
def without_triggers() -> Iterator[None]:
    """Be somebody who has the database's file, or its owner's password."""
    connection.check_constraints()
    for app in ("audit", "relationships"):
        revert, _ = operations.statements(app, "0001_rules", connection.vendor)
        for statement in revert:
            sql(statement)
    yield


@pytest.fixture
def chain(alice, individual) -> int:
    """Alice's chain: work with Ann begun and ended, and her page opened eight times."""
    individual.end(by=alice.user, reason=EndReason.COMPLETED, note="Private.")
    for _ in range(8):
        Entry.record(Verb.CLIENT_OPENED, by=alice.user, therapist=alice)
    return alice.pk


def faults(chain: int) -> list[str]:
    return [*verify.faults(chain), *sealed_history.faults(chain)]


def test_what_was_written_is_whole(chain):
    assert verify.chains() == [chain]
    assert faults(chain) == []


def test_a_chain_that_grows_meanwhile_is_whole(chain, alice):
    found = verify.faults(chain)
    Entry.record(Verb.CLIENT_OPENED, by=alice.user, therapist=alice)

    assert list(found) == []


def shifted(column: str) -> Callable[[], None]:
    return lambda: sql(f"UPDATE audit_entry SET {column} WHERE number = 5")  # noqa: S608


FAULTS = {
    "another person": (shifted("by = 987"), "entry 5 was changed"),
    "nobody": (shifted("by = NULL"), "entry 5 was changed"),
    "another verb": (shifted("verb = 'exported'"), "entry 5 was changed"),
    "another thing": (shifted("about = 'client:x'"), "entry 5 was changed"),
    "another part": (shifted("role = 'client'"), "entry 5 was changed"),
    "another outcome": (shifted("outcome = 'x'"), "entry 5 was changed"),
    "another request": (shifted("request_id = 'x'"), "entry 5 was changed"),
    "another event": (shifted("event = 1"), "entry 5 was changed"),
    "another digest": (shifted("digest = 'x'"), "entry 5 was changed"),
    "another time": (
        shifted("at = (SELECT at FROM audit_entry e WHERE number = 1)"),
        "entry 5 was changed",
    ),
    "another seal": (shifted("mac = 'x'"), "entry 5 was changed"),
    "one removed": (lambda: sql("DELETE FROM audit_entry WHERE number = 5"), "entry 5 is missing"),
    "the first removed": (
        lambda: sql("DELETE FROM audit_entry WHERE number < 3"),
        "entries 1 to 2 are missing",
    ),
    "the end removed": (
        lambda: sql("DELETE FROM audit_entry WHERE number > 7"),
        "entries 8 to 10 are missing",
    ),
    "two exchanged": (
        lambda: [
            sql(f"UPDATE audit_entry SET number = {new} WHERE number = {old}")  # noqa: S608
            for old, new in ((5, -1), (6, 5), (-1, 6))
        ],
        "entry 5 was changed",
    ),
    "one slipped in": (
        lambda: [
            sql("UPDATE audit_entry SET number = 11 WHERE number = 10"),
            slip_in(10),
            sql("UPDATE audit_chain SET length = 11"),
        ],
        "entry 10 was changed",
    ),
    "one put behind": (lambda: slip_in(11), "entry 11 lies beyond the head"),
    "one put before": (lambda: slip_in(0), "entry 0 is there, and should not be"),
    "a shorter head": (lambda: sql("UPDATE audit_chain SET length = 9"), "the head was changed"),
    "another head": (lambda: sql("UPDATE audit_chain SET mac = 'x'"), "the head was changed"),
    "no head": (lambda: sql("DELETE FROM audit_chain"), "no head"),
    "everything removed": (lambda: sql("DELETE FROM audit_entry"), "1 to 10 are missing"),
    "a forged purge": (
        lambda: [
            sql("UPDATE audit_entry SET verb = 'purged', through = 4 WHERE number = 5"),
            sql("DELETE FROM audit_entry WHERE number < 5"),
        ],
        "entry 5 was changed",
    ),
    "a changed note": (
        lambda: sql("UPDATE relationships_event SET note = 'x' WHERE note <> ''"),
        "of entry 2, was changed",
    ),
    "a blanked note": (
        lambda: sql("UPDATE relationships_event SET note = ''"),
        "of entry 2, was changed",
    ),
    "a changed event": (
        lambda: sql("UPDATE relationships_event SET reason = 'lost_contact' WHERE reason <> ''"),
        "of entry 2, was changed",
    ),
    "an event removed": (
        lambda: sql("DELETE FROM relationships_event WHERE kind = 'ended'"),
        "of entry 2, is missing",
    ),
    "an event slipped in": (
        lambda: sql(
            "INSERT INTO relationships_event "
            "(therapist_id, relationship_id, kind, at, by_id, reason, note) "
            "SELECT therapist_id, relationship_id, 'restarted', at, by_id, '', '' "
            "FROM relationships_event WHERE kind = 'started'"
        ),
        "has no entry",
    ),
}


def slip_in(number: int) -> None:
    model = Entry.objects.get(number=4)
    columns = {f.column: getattr(model, f.attname) for f in model._meta.concrete_fields if f.column}
    insert(Entry, **columns | {"number": number})


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(chain, name):
    plant, words = FAULTS[name]
    with without_triggers():
        plant()

    assert any(words in fault for fault in faults(chain)), faults(chain)


def test_an_entry_slipped_in_needs_no_trigger_gone_and_is_found(chain):
    slip_in(11)

    assert faults(chain) == ["entry 11 lies beyond the head"]


def test_another_key_verifies_nothing(chain, settings):
    settings.AUDIT_KEY = "another key, as long as it has to be"

    assert "the head was changed" in faults(chain)
    assert len(faults(chain)) > 10


# Erased people.


def test_what_was_erased_is_not_missed(individual, ann, alice):
    individual.end(by=alice.user, reason=EndReason.COMPLETED, note="Private.")

    erase(ann, by=alice.user)

    assert faults(alice.pk) == []


def test_notes_that_were_blanked_are_not_missed(couples, ann, alice):
    couples.end(by=alice.user, reason=EndReason.COMPLETED, note="Private.")

    erase(ann, by=alice.user, blank_notes=True)

    assert faults(alice.pk) == []


# The command.


def told(*arguments: object) -> tuple[str, int]:
    """Return what `verify_audit` prints, and its exit code."""
    out = StringIO()
    try:
        call_command("verify_audit", *map(str, arguments), stdout=out, no_color=True)
    except CommandError as error:
        return out.getvalue() + str(error), error.returncode
    return out.getvalue(), 0


def test_the_command_prints_the_heads(chain):
    words, code = told()

    head = Chain.objects.get(chain=chain)
    assert f"{chain} 10 {head.mac}\n" in words
    assert words.endswith("Every chain is whole.\n")
    assert code == 0


def test_the_command_names_each_fault_and_ends_with_one(chain):
    with without_triggers():
        sql("DELETE FROM audit_entry WHERE number = 5")

    words, code = told()

    assert f"Chain {chain}: entry 5 is missing." in words
    assert code == 1


@pytest.fixture
def kept(chain, tmp_path):
    """What the command printed earlier."""
    file = tmp_path / "heads.txt"
    file.write_text(told()[0])
    return file


def test_beside_heads_kept_from_earlier_a_longer_chain_is_whole(chain, alice, kept):
    Entry.record(Verb.CLIENT_OPENED, by=alice.user, therapist=alice)

    assert told("--expect", kept)[1] == 0


def test_a_chain_cut_off_together_with_its_head_is_found(alice, chain, kept):
    with without_triggers():
        sql("DELETE FROM audit_entry WHERE number = 10")
        head, last = Chain.objects.get(), Entry.objects.get(number=9)
        head.length = 8
        head.advance(last.mac)  # as an older backup would have it
    assert told()[1] == 0

    words, code = told("--expect", kept)

    assert f"Chain {chain}: it once had 10 entries, and has fewer." in words
    assert code == 1


def test_a_chain_written_anew_is_found(chain, kept):
    kept.write_text(kept.read_text().replace(Chain.objects.get().mac, "a" * 64))

    assert told("--expect", kept)[1] == 1


def test_a_file_without_heads_is_no_comparison(chain, tmp_path):
    (tmp_path / "empty.txt").write_text("")

    assert told("--expect", tmp_path / "empty.txt")[1] == 1


# Purging.


@pytest.fixture
def old_chain(alice, ann, ben) -> int:
    """Six entries and two events from eight years ago, four and one from now."""
    with time_machine.travel(timezone.now() - timedelta(days=8 * 365)):
        tie = start(ann)
        tie.end(by=alice.user, reason=EndReason.COMPLETED)
        for _ in range(4):
            Entry.record(Verb.CLIENT_OPENED, by=alice.user, therapist=alice)
    start(ben)
    for _ in range(3):
        Entry.record(Verb.CLIENT_OPENED, by=alice.user, therapist=alice)
    return alice.pk


def purge_until(years_ago: int, *more: str) -> None:
    day = timezone.now() - timedelta(days=365 * years_ago)
    call_command("purge_audit", "--before", f"{day:%Y-%m-%d}", *more)


def test_a_purge_asks_first(old_chain):
    with pytest.raises(CommandError, match="remove 6 entries"):
        purge_until(7)

    assert Entry.objects.filter(chain=old_chain).count() == 10


def test_a_purge_removes_what_is_older_and_the_chain_stays_whole(old_chain):
    purge_until(7, "--yes")

    entries = list(Entry.objects.filter(chain=old_chain).order_by("number"))
    assert [entry.number for entry in entries] == [7, 8, 9, 10, 11]
    assert (entries[-1].verb, entries[-1].through, entries[-1].role) == ("purged", 6, "operator")
    assert faults(old_chain) == []


def test_a_purge_after_a_purge_leaves_a_whole_chain(old_chain):
    purge_until(7, "--yes")
    with time_machine.travel(timezone.now() + timedelta(days=30)):
        purge_until(0, "--yes")

    (left,) = Entry.objects.filter(chain=old_chain)
    assert (left.number, left.through) == (12, 11)
    assert faults(old_chain) == []


def test_nothing_to_purge_is_not_recorded(old_chain):
    purge_until(9, "--yes")

    assert Entry.objects.filter(chain=old_chain).count() == 10


def test_a_broken_chain_is_not_purged(old_chain):
    with without_triggers():
        sql("UPDATE audit_entry SET by = 987 WHERE number = 3")

    with pytest.raises(CommandError, match="not whole"):
        purge_until(7, "--yes")


def test_a_day_to_come_is_not_purged(old_chain):
    with pytest.raises(CommandError, match="has been"):
        purge_until(-1, "--yes")


def test_the_wall_opens_for_what_a_purge_covers_and_no_more(old_chain):
    purge_until(7, "--yes")

    with refused():
        sql("DELETE FROM audit_entry WHERE number = 7")


def test_heads_from_before_a_purge_still_compare(old_chain, tmp_path):
    file = tmp_path / "heads.txt"
    file.write_text(told()[0])
    with time_machine.travel(timezone.now() + timedelta(days=30)):
        purge_until(0, "--yes")

    assert told("--expect", file)[1] == 0
    file.write_text(f"{old_chain} 10 {'a' * 64}\n")
    assert told("--expect", file)[1] == 1
