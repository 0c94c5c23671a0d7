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

from practice.accounts.models import Therapist
from practice.audit import verify
from practice.audit.chaining import chain_everything
from practice.audit.models import Chain, Entry, Unchained
from practice.audit.sealing import begin_anew, seal_of_head
from practice.database import operations
from practice.records.erasure import erase
from relationships.models import sealed_history
from relationships.models.choices import EndReason
from tests.audit.entries import columns_of, new_columns_of, record
from tests.factories import start
from tests.raw_sql import insert, refused, sql


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
    record(alice, 8)
    chain_everything()
    return alice.pk


def faults(chain: int) -> list[str]:
    found = [*verify.faults(chain), *verify.faults(0), *sealed_history.faults(chain)]
    return [*found, *verify.faults_of_writers()]


def test_what_was_written_is_whole(chain):
    assert verify.chains() == [chain]
    assert faults(chain) == []


def test_a_chain_that_grows_meanwhile_is_whole(chain, alice):
    found = verify.faults(chain)
    record(alice, 2)
    chain_everything()
    record(alice)

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
    "another writer": (shifted("writer = '0123456789abcdef'"), "entry 5 was changed"),
    "another line": (shifted("writer_number = 99"), "entry 5 was changed"),
    "another seal": (shifted("seal = 'x'"), "entry 5 was changed"),
    "another seal of the place": (shifted("mac = 'x'"), "entry 5 was changed"),
    "taken out of the chain": (shifted("number = NULL, mac = ''"), "entry 5 is missing"),
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
    "one put where it belongs to nobody": (lambda: slip_in(None), "was changed or slipped in"),
    "a shorter head": (lambda: sql("UPDATE audit_chain SET length = 9"), "the head was changed"),
    "another head": (lambda: sql("UPDATE audit_chain SET mac = 'x'"), "the head was changed"),
    "no head": (lambda: sql("DELETE FROM audit_chain"), "no head"),
    "everything removed": (lambda: sql("DELETE FROM audit_entry"), "1 to 10 are missing"),
    "everything removed and the head": (
        lambda: [sql("DELETE FROM audit_entry WHERE number < 10"), sql("DELETE FROM audit_chain")],
        "lines 1 to 9 are missing, of writer",
    ),
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
            "(therapist_id, relationship_id, kind, at, by_id, reason, goes_on_as, note) "
            "SELECT therapist_id, relationship_id, 'restarted', at, by_id, '', '', '' "
            "FROM relationships_event WHERE kind = 'started'"
        ),
        "has no entry",
    ),
}


def slip_in(number: int | None) -> None:
    model, mac = Entry.objects.get(number=4), "" if number is None else "x"
    insert(Entry, **new_columns_of(model, number=number, mac=mac))


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(chain, name):
    plant, words = FAULTS[name]
    with without_triggers():
        plant()

    assert any(words in fault for fault in faults(chain)), faults(chain)


def test_an_entry_slipped_in_needs_no_trigger_gone_and_is_found(chain):
    slip_in(None)

    assert "unchained entry 987654 was changed or slipped in" in faults(chain)


def test_what_was_slipped_in_is_found_when_it_has_been_chained_too(chain):
    slip_in(None)
    chain_everything()

    assert "entry 11 was changed" in faults(chain)


# Among what is in no chain yet.


@pytest.fixture
def unchained(chain, alice) -> list[int]:
    """The ids of five more entries, which are in no chain yet."""
    record(alice, 5)
    return list(Unchained.objects.order_by("pk").values_list("pk", flat=True))


def changed(columns: str) -> Callable[[list[int]], None]:
    return lambda ids: sql(f"UPDATE audit_entry SET {columns} WHERE id = %s", ids[2])  # noqa: S608


def removed(*places: int) -> Callable[[list[int]], None]:
    return lambda ids: [sql("DELETE FROM audit_entry WHERE id = %s", ids[n]) for n in places]


AMONG_UNCHAINED = {
    "another person": (changed("by = 987"), "was changed or slipped in"),
    "another verb": (changed("verb = 'exported'"), "was changed or slipped in"),
    "another thing": (changed("about = 'client:x'"), "was changed or slipped in"),
    "another part": (changed("role = 'client'"), "was changed or slipped in"),
    "another outcome": (changed("outcome = 'x'"), "was changed or slipped in"),
    "another request": (changed("request_id = 'x'"), "was changed or slipped in"),
    "another event": (changed("event = 1"), "was changed or slipped in"),
    "another digest": (changed("digest = 'x'"), "was changed or slipped in"),
    "another time": (changed("at = '2001-01-01'"), "was changed or slipped in"),
    "another chain": (changed("chain = 0, therapist_id = NULL"), "was changed or slipped in"),
    "another writer": (changed("writer = '0123456789abcdef'"), "was changed or slipped in"),
    "no writer": (changed("writer = 'nobody'"), "lines 1 to 12 are missing, of writer nobody"),
    "another line": (changed("writer_number = 99"), "was changed or slipped in"),
    "another seal": (changed("seal = 'x'"), "was changed or slipped in"),
    "a place of its own": (changed("number = 11, mac = 'x'"), "entry 11 lies beyond the head"),
    "a forged purge": (changed("verb = 'purged', through = 4"), "was changed or slipped in"),
    "one removed": (removed(2), "line 13 is missing, of writer"),
    "several removed": (removed(0, 1, 2, 3), "lines 11 to 14 are missing, of writer"),
    "one slipped in": (lambda ids: slip_in(None), "was changed or slipped in"),
}


@pytest.mark.parametrize("then", ["before it is chained", "and then chained"])
@pytest.mark.parametrize("name", AMONG_UNCHAINED)
def test_a_fault_among_unchained_entries_is_found(chain, unchained, name, then):
    plant, words = AMONG_UNCHAINED[name]
    with without_triggers():
        plant(unchained)
    if then == "and then chained" and name != "a place of its own":
        chain_everything()
        assert not Unchained.objects.exists()
        words = words.replace("was changed or slipped in", "was changed")

    assert any(words in fault for fault in faults(chain)), faults(chain)


def test_an_entry_that_was_written_twice_is_found(chain, unchained):
    with without_triggers():
        drop = "ALTER TABLE audit_entry DROP CONSTRAINT writer_counts_once"
        if connection.vendor == "sqlite":
            pytest.skip("SQLite drops no constraint without making the table anew")
        sql(drop)
        model = Entry.objects.get(pk=unchained[2])
        insert(Entry, **columns_of(model, id=987654))

    assert any("line 13 of writer" in fault for fault in faults(chain))


def test_the_last_line_of_a_writer_is_missed_when_they_write_on(chain, unchained, alice):
    """Until then nobody can know that there was one: this is what is not promised."""
    with without_triggers():
        sql("DELETE FROM audit_entry WHERE id = %s", unchained[-1])
    assert faults(chain) == []

    record(alice)

    assert any("line 15 is missing, of writer" in fault for fault in faults(chain))


def test_another_key_verifies_nothing(chain, settings):
    settings.AUDIT_KEY = "another key, as long as it has to be"

    assert "the head was changed" in faults(chain)
    assert len(faults(chain)) > 10
    record(Therapist.objects.get(pk=chain))
    settings.AUDIT_KEY = "a third one, which is as long"
    assert any(fault.startswith("unchained entry") for fault in faults(chain))


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
    record(alice)

    assert told("--expect", kept)[1] == 0
    assert Chain.objects.get().length == 11


def test_a_chain_cut_off_together_with_its_head_is_found(alice, chain, kept):
    with without_triggers():
        sql("DELETE FROM audit_entry WHERE number = 10")
        head, last = Chain.objects.get(), Entry.objects.get(number=9)
        head.length, head.mac = 9, last.mac
        head.head_mac = seal_of_head(head)
        head.save()  # as an older backup would have it
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
        relationship = start(ann)
        relationship.end(by=alice.user, reason=EndReason.COMPLETED)
        record(alice, 4)
    start(ben)
    record(alice, 3)
    chain_everything()
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
    assert entries[-1].outcome.startswith("before ")
    assert faults(old_chain) == []


def test_what_has_no_place_yet_gets_one_before_a_purge(old_chain, alice):
    with time_machine.travel(timezone.now() - timedelta(days=7.5 * 365)):
        record(alice)  # by a server that was killed since
    purge_until(7, "--yes")

    assert [e.number for e in Entry.objects.order_by("number")] == [7, 8, 9, 10, 11, 12]
    assert faults(old_chain) == []


def test_a_purge_explains_no_hole_that_is_younger(old_chain, alice):
    purge_until(7, "--yes")
    record(alice, 3)
    with without_triggers():
        sql("DELETE FROM audit_entry WHERE id = %s", Unchained.objects.order_by("pk")[1].pk)

    assert any("is missing, of writer" in fault for fault in faults(old_chain))


def test_what_is_missing_at_the_beginning_of_a_younger_writer_is_no_purges_doing(old_chain, alice):
    purge_until(7, "--yes")
    begin_anew()
    record(alice, 3)
    with without_triggers():
        sql("DELETE FROM audit_entry WHERE id = %s", Unchained.objects.order_by("pk")[0].pk)

    assert any("line 1 is missing, of writer" in fault for fault in faults(old_chain))


def test_holes_are_found_before_a_purge_may_hide_them(old_chain, alice):
    record(alice, 3)
    with without_triggers():
        sql("DELETE FROM audit_entry WHERE id = %s", Unchained.objects.order_by("pk")[1].pk)

    with pytest.raises(CommandError, match="not whole"):
        purge_until(7, "--yes")


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
