"""A practice that moves is the same practice: every page, every history, every reason."""

import io
import re
import zipfile
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.core import mail
from django.core.management import CommandError, call_command

from clients.models import Client, Invitation
from practice.accounts.models import Therapist, User
from practice.archive.arriving import Arrival
from practice.archive.reading import Unreadable, opened
from practice.archive.zipped import zipped
from practice.audit.models import Entry
from practice.diary.models import Session
from practice.imports.models import Import, ImportedRow
from relationships.models import Event, Relationship
from tests.archive import archive_of, files_of, rows_of
from tests.archive.histories import NOW, move_aside, pages_of, play, seal_faults
from tests.factories import (
    PASSWORD,
    ClientFactory,
    TherapistFactory,
    counters_of,
    start,
    true_counters_of,
)

pytestmark = pytest.mark.django_db


def newcomer(email: str = "alice@practice.example") -> Therapist:
    return TherapistFactory(user__email=email, name="Newcomer", slug="newcomer")


def arrive(archive: bytes, therapist: Therapist, by: User | None = None) -> Arrival:
    with opened(io.BytesIO(archive)) as bundle:
        arrival = Arrival(bundle, therapist, by=by)
        arrival.run()
    return arrival


@pytest.fixture
def archive(practice) -> bytes:
    """The archive of Alice's practice, whose accounts are now in the way of nobody."""
    archive = archive_of(practice)
    move_aside(practice)
    return archive


@pytest.mark.database
@pytest.mark.parametrize("seed", [1, 2])
def test_every_page_of_whatever_happened_is_the_same(alice, seed):
    play(alice, seed, works=4)
    with time_machine.travel(NOW, tick=False):
        archive, there = archive_of(alice), pages_of(alice)
        move_aside(alice)
        moved = newcomer()
        arrive(archive, moved)
        here = pages_of(moved)

        assert here.keys() == there.keys()
        for page, body in there.items():
            assert here[page] == body, page
        assert len(here) > 25
        assert seal_faults(moved) == []
        counted, before = (
            list(whose.clients.order_by("pk").values_list("active_relationships", flat=True))
            for whose in (moved, alice)
        )
        assert counted == before


@pytest.mark.database
def test_what_arrived_leaves_again_as_the_same_archive(archive, practice):
    moved = newcomer()
    arrive(archive, moved)

    there, here = files_of(archive), files_of(archive_of(moved))

    tables = {name for name in there if name.startswith("data/")}
    assert len(tables) > 15
    for name in tables - {"data/audit.csv", "data/messages.csv"}:  # its own; what waited is dropped
        assert unnumbered(here[name]) == unnumbered(there[name]), name


def unnumbered(table: bytes) -> bytes:
    """Return a table without the numbers in addresses, which are taken here."""
    return re.sub(rb"(?<=,)[b-z2-9]{10}(?=,)|alice|newcomer", b"", table)


def test_numbers_that_are_free_are_kept_and_others_are_given_anew(archive, practice):
    taken = set(practice.clients.values_list("public_id", flat=True))
    moved = newcomer()

    arrive(archive, moved)

    assert not taken & set(moved.clients.values_list("public_id", flat=True))


@pytest.mark.database
def test_into_an_empty_installation_every_number_is_kept(practice):
    archive, told = archive_of(practice), {s.public_id for s in practice.sessions.all()}
    for number, session in enumerate(practice.sessions.all()):
        Session.objects.filter(pk=session.pk).update(public_id=f"bbbbbbbbb{number + 2}")
    move_aside(practice)
    moved = newcomer()

    arrive(archive, moved)

    assert {session.public_id for session in moved.sessions.all()} == told


@pytest.mark.database
def test_histories_have_their_moments_and_a_seal_of_this_installation(archive, practice):
    moved = newcomer()
    arrive(archive, moved)

    assert seal_faults(moved) == []
    told = [
        list(events.order_by("pk").values_list("kind", "at", "reason", "note"))
        for events in (practice.events, moved.events)
    ]
    assert told[0] == told[1]
    entry = Entry.objects.filter(chain=moved.pk, verb="relationship_ended").first()
    assert (entry.role, entry.outcome) == ("operator", "moved in")
    assert moved.entries.get(verb="practice_arrived").about == f"therapist:{moved.public_id}"


def test_nobody_is_written_to_and_no_session_waits_for_it(archive, practice, settings):
    settings.SENDS_MESSAGES = True
    mail.outbox.clear()

    moved = newcomer()
    arrive(archive, moved)

    assert mail.outbox == []
    assert not moved.sessions.exclude(tell_at=None)
    message = moved.messages.get()  # it was waiting where it came from
    assert (message.state, message.next_attempt_at) == ("dropped", None)
    assert message.told.get().session.therapist == moved
    assert not moved.invitations.filter(accepted_at=None)


def test_counters_are_the_truth(archive):
    moved = newcomer()
    arrive(archive, moved)

    alone = list(moved.clients.filter(merged_into=None, merged_records=None))
    assert counters_of(*alone) == true_counters_of(*alone)
    merged = moved.clients.exclude(merged_into=None).get()
    assert merged.person.name == "Dora A"
    assert counters_of(merged, merged.person) == [0, 1]


def test_who_has_an_account_chooses_a_password_and_finds_their_dashboard(archive, client):
    moved = newcomer()
    arrive(archive, moved)
    account = User.objects.get(email="ann@mail.example")

    assert not account.has_usable_password()
    assert account.email_verified_at is None
    account.claim(PASSWORD)
    client.force_login(account)

    assert "Newcomer" not in client.get("/dashboard/").content.decode()
    assert "Alice Archer" in client.get("/dashboard/").content.decode()


def test_an_account_that_was_here_is_linked_by_its_owner_alone(practice):
    archive = archive_of(practice)
    ann = User.objects.get(email="ann@mail.example")
    practice.user.email = "old@practice.example"
    practice.user.save()
    moved = newcomer()

    arrival = arrive(archive, moved)

    assert arrival.not_linked == ["ann@mail.example"]
    assert moved.clients.get(name="Ann Ashby").account is None
    assert moved.sessions.first().booked_by == ann


def test_who_is_no_operator_links_nobody(archive):
    moved = newcomer()

    arrive(archive, moved, by=moved.user)

    assert not moved.clients.exclude(account=None)


@pytest.mark.database
def test_an_erased_person_stays_nameless_with_an_account_that_nobody_has(practice, ann):
    from practice.records.erasure import erase

    for relationship in practice.relationships.of_people([ann]).active():
        relationship.end(by=practice.user, reason="completed")
    practice.sessions.filter(state="booked").delete()
    erase(Client.objects.select_related("therapist").get(pk=ann.pk), by=practice.user)
    archive = archive_of(practice)
    move_aside(practice)
    moved = newcomer()

    arrive(archive, moved)

    erased = moved.clients.exclude(erased_at=None).get()
    assert (erased.name, erased.account) == ("Erased client", None)
    assert moved.relationships.filter(is_closed=True).count() == 1
    assert moved.sessions.first().booked_by.is_active is False


# What is no archive of this practice: how it is changed, and what the sentence says.


def changed(archive: bytes, path: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return an archive with another file, and its right checksum."""
    files = files_of(archive)
    del files["SHA256SUMS"]
    files[path] = change(files[path])
    return b"".join(zipped(((name, [content]) for name, content in files.items()), NOW))


def with_file(archive: bytes, name: str, content: bytes = b"x") -> bytes:
    out = io.BytesIO(archive)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr(name, content)
    return out.getvalue()


def row(table: str, old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(archive: bytes) -> bytes:
        path = f"data/{table}.csv"
        assert old in files_of(archive)[path], files_of(archive)[path]
        return changed(archive, path, lambda text: text.replace(old, new, 1))

    return change


HOSTILE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "nothing": (lambda a: b"", "This is no archive, or not the whole of one"),
    "a text": (lambda a: b"PK but no", "This is no archive, or not the whole of one"),
    "half of it": (lambda a: a[: len(a) // 2], "not the whole of one"),
    "its end missing": (lambda a: a[:-30], "not the whole of one"),
    "a byte changed": (
        lambda a: a[:3000] + bytes([a[3000] ^ 255]) + a[3001:],
        "was changed since|not the whole of one",
    ),
    "another ZIP": (
        lambda a: b"".join(zipped([("a.txt", [b"a"])], NOW)),
        "manifest.json is missing",
    ),
    "a file that is not in its sums": (lambda a: with_file(a, "more.txt"), "is not in SHA256SUMS"),
    "a path that leads out": (lambda a: with_file(a, "../../etc/passwd"), "the path '../../etc"),
    "a path from the top": (lambda a: with_file(a, "/etc/passwd"), "the path '/etc/passwd'"),
    "a path of Windows": (lambda a: with_file(a, "C:\\x"), "the path "),
    "a bomb": (lambda a: with_file(a, "data/bomb.csv", bytes(50_000_000)), "far too tightly"),
    "another version": (
        lambda a: changed(
            a, "manifest.json", lambda m: m.replace(b'"version": 1', b'"version": 7')
        ),
        "The archive is of version 7, and version 1 is read here",
    ),
    "another format": (
        lambda a: changed(a, "manifest.json", lambda m: m.replace(b"stillwater-practice", b"x")),
        "This is no archive of a practice",
    ),
    "a manifest that is none": (
        lambda a: changed(a, "manifest.json", lambda m: b"[1, 2]"),
        "manifest.json does not say what this is",
    ),
    "another therapist": (
        lambda a: changed(a, "manifest.json", lambda m: m.replace(b"alice@", b"mallory@")),
        "This archive is of mallory@practice.example, and not of alice@practice.example",
    ),
    "a column nobody knows": (
        row("clients", b"number,public_id", b"number,password"),
        "data/clients.csv has a column 'password', which is not known here",
    ),
    "a reason nobody knows": (row("history", b"not_a_fit", b"because"), "data/history.csv, row"),
    "a person nobody is": (row("participations", b"1,1,1", b"1,1,99"), "names a row '99'"),
    "a moment that is none": (
        row("sessions", b"2025-03-04T15:06", b"2025-02-31T15:06"),
        "data/sessions.csv, row 1, starts_at: '2025-02-31",
    ),
    "two at once": (row("sessions", b"2025-03-05T", b"2025-03-04T"), "cannot have"),
    "rows out of order": (row("clients", b"\n2,", b"\n9,"), "row 2, is not as it was written"),
    "an ending that did not happen": (
        row("relationships", b"not_a_fit", b"completed"),
        "data/relationships.csv, row 1, is not as its history says",
    ),
    "half a couple": (
        lambda a: changed(
            a, "data/participations.csv", lambda t: b"\n".join(t.split(b"\n")[:2]) + b"\n"
        ),
        "has too many or too few people",
    ),
    "a control character": (row("clients", b"Ann Ashby", b"Ann\x07Ashby"), "row 1, name"),
    "a table without its end": (
        lambda a: changed(a, "data/clients.csv", lambda t: t[:-9] + b'"'),
        "data/clients.csv",
    ),
}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_is_no_archive_of_theirs_is_a_sentence_and_nothing_is_half_way(archive, hostile):
    change, sentence = HOSTILE[hostile]
    moved = newcomer()
    before = counts()

    with pytest.raises(Unreadable, match=sentence):
        arrive(change(archive), moved)

    assert counts() == before
    moved.refresh_from_db()
    assert moved.name == "Newcomer"


def counts() -> list[int]:
    models = (User, Client, Relationship, Event, Session, Invitation)
    return [model.objects.count() for model in models]


def test_where_there_are_clients_nothing_arrives(archive):
    moved = newcomer()
    start(ClientFactory(therapist=moved))

    with pytest.raises(Unreadable, match="There are clients already"):
        arrive(archive, moved)


@pytest.mark.database
def test_the_command_moves_in_or_only_looks(archive, tmp_path: Path):
    file, out = tmp_path / "practice.zip", StringIO()
    file.write_bytes(archive)
    moved = newcomer()

    def command(*more: str) -> None:
        named = ("--therapist", "alice@practice.example")
        call_command("import_archive", str(file), *named, *more, stdout=out)

    command("--dry-run")
    assert not moved.clients.exists()
    command()
    assert moved.clients.count() == 4
    assert "4  clients" in out.getvalue()
    assert out.getvalue().endswith("Everything was moved in.\n")
    with pytest.raises(CommandError, match="There are clients already"):
        command()
    with pytest.raises(CommandError, match="There is no such file"):
        call_command("import_archive", "nowhere.zip", "--therapist", "alice@practice.example")
    with pytest.raises(CommandError, match="add_therapist adds one"):
        call_command("import_archive", str(file), "--therapist", "nobody@practice.example")


def test_what_was_made_before_a_column_was_known_arrives_with_what_is_usual(archive):
    def without(text: bytes) -> bytes:
        head, *rows = text.split(b"\r\n")
        at = head.split(b",").index(b"tidy_up_weeks")
        return b"\r\n".join(
            b",".join(v for n, v in enumerate(line.split(b",")) if n != at)
            for line in [head, *rows]
        )

    moved = newcomer()
    arrive(changed(archive, "data/practice.csv", without), moved)

    assert moved.tidy_up_weeks == 12
    assert rows_of(files_of(archive_of(moved)), "practice")[0]["tidy_up_weeks"] == "12"


def test_imported_rows_of_what_is_gone_stay_behind(practice):
    came = Import.objects.create(
        therapist=practice, begun_by=practice.user, state="done", finished_at=NOW, files=["a.csv"]
    )
    rows = [
        *((987_654, "session"), (987_655, "session")),
        (practice.clients.earliest("pk").pk, "client"),
    ]
    for row, kind in rows:
        came.imported_rows.create(
            therapist=practice, kind=kind, row=row, file=7, line=2, digest="x"
        )
    archive = archive_of(practice)
    move_aside(practice)
    moved = newcomer()

    arrive(archive, moved)

    (row,) = ImportedRow.objects.filter(therapist=moved)
    assert row.row == moved.clients.earliest("pk").pk
    assert row.place == "line 2", "an archive may name a file that it does not list"
    assert not moved.imports.get().can_be_undone, "what its rows were is known elsewhere alone"
