"""What an archive of a practice holds: everything, and of nobody else."""

import hashlib
import json
from datetime import datetime

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from practice.archive import tables
from practice.archive.fhir_rules import faults_of_bundle
from practice.archive.readme import as_markdown
from practice.archive.words import COLUMNS, LEFT_OUT, TABLES
from practice.database.row_security import owned_tables
from practice.diary.models import Session
from tests.archive import archive_of, bundle_of, files_of, rows_of
from tests.factories import ClientFactory, start
from tests.practice.source import ROOT

pytestmark = pytest.mark.django_db


@pytest.fixture
def files(practice) -> dict[str, bytes]:
    return files_of(archive_of(practice))


def test_every_table_of_a_practice_is_in_it_or_left_out_for_a_reason():
    told = {table.model for table in tables.ALL} | tables.NOT_HELD.keys()
    owned = {model for model in apps.get_models() if model._meta.db_table in owned_tables()}

    assert owned - told == set()


def test_every_column_has_words_and_what_is_left_out_a_reason():
    for table in tables.ALL:
        columns = COLUMNS.get(table.name, {}).keys() | COLUMNS["*"].keys()
        for column in table.fields:
            assert column.is_relation or column.name in columns, (table.name, column.name)
        names = {column.name for column in table.model._meta.concrete_fields}
        assert COLUMNS.get(table.name, {}).keys() <= names, table.name
        assert LEFT_OUT.get(table.name, {}).keys() <= names, table.name
    assert {table.name for table in tables.ALL} == TABLES.keys()


def test_the_documentation_has_the_same_tables_and_columns():
    assert as_markdown() in (ROOT / "docs/moving.md").read_text()


@pytest.mark.database
def test_it_has_the_files_that_it_says_and_their_checksums(files, practice):
    sums = files.pop("SHA256SUMS").decode().splitlines()

    assert {name.partition("/")[0] for name in files} == {
        *("README.txt", "manifest.json", "data", "fhir.json", "calendar.ics", "clients"),
        "index.html",
    }
    assert dict(reversed(line.split("  ")) for line in sums) == {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items()
    }
    manifest = json.loads(files["manifest.json"])
    assert (manifest["format"], manifest["version"]) == ("stillwater-practice", 1)
    assert manifest["therapist"]["email"] == "alice@practice.example"
    assert manifest["rows"]["clients"] == 4
    assert "data/history.csv (9 rows)" in files["README.txt"].decode()


@pytest.mark.database
def test_a_row_names_another_by_its_number(files, practice):
    accounts, clients = rows_of(files, "accounts"), rows_of(files, "clients")
    relationships, parts = rows_of(files, "relationships"), rows_of(files, "participations")

    ann = next(row for row in clients if row["name"] == "Ann Ashby")
    assert accounts[int(ann["account"]) - 1]["email"] == "ann@mail.example"
    people = [clients[int(p["client"]) - 1]["name"] for p in parts if p["relationship"] == "1"]
    assert people == ["Ann Ashby", "Ben Bright"]
    assert relationships[0]["end_reason"] == "not_a_fit"
    assert [row["kind"] for row in rows_of(files, "history") if row["relationship"] == "1"] == [
        *("started", "ended", "restarted", "ended", "corrected"),
    ]
    assert [row["number"] for row in clients] == ["1", "2", "3", "4"]


def test_no_cell_is_a_formula_for_a_spreadsheet(files):
    assert rows_of(files, "profile")[0]["headline"] == "'=1+1"
    assert rows_of(files, "dated_hours")[0]["note"] == "'@home"
    assert rows_of(files, "relationships")[0]["end_note"] == "''quoted"
    assert "'+44 20 7946 0018" in [row["phone"] for row in rows_of(files, "clients")]
    for table in tables.ALL:
        for row in rows_of(files, table.name):
            assert not any(value.startswith(("=", "+", "-", "@")) for value in row.values())


def test_each_client_has_a_page_and_data_as_their_own_export(files, practice, ann):
    from practice.records.export_client import export_client
    from practice.records.shapes import as_json

    data = json.loads(files[f"clients/{ann.public_id}/client.json"])
    now = datetime.fromisoformat(data["made_at"])

    assert data == json.loads(as_json(export_client(practice.clients.get(pk=ann.pk), now)))
    page = files[f"clients/{ann.public_id}/index.html"].decode()
    assert "Not the right fit" in page
    assert "Bright" not in page  # it is about one person
    index = files["index.html"].decode()
    assert index.index("Ann Ashby") < index.index("Ben Bright") < index.index("Dora A")
    assert "3 clients" in index


def test_the_calendar_has_every_session_that_stands(files, practice):
    events = Calendar.from_ical(files["calendar.ics"]).walk("VEVENT")

    assert [event["summary"] for event in events] == ["Couples"] * 3
    assert {str(event["uid"]) for event in events} == {
        f"{session.public_id}@stillwater" for session in Session.objects.standing()
    }


def test_it_keeps_its_own_rules_of_fhir(files):
    assert list(faults_of_bundle(bundle_of(files))) == []


def test_another_reader_of_fhir_takes_it_and_does_not_know_the_codes(files):
    """Which is why there are rules of our own."""
    from fhir.resources.R4B.bundle import Bundle

    bundle = bundle_of(files)
    read = Bundle.model_validate(bundle)
    assert len(read.entry) == len(bundle["entry"])

    episode = next(
        entry["resource"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "EpisodeOfCare"
    )
    episode["status"] = "ended"
    Bundle.model_validate(bundle)
    assert any("status cannot be 'ended'" in fault for fault in faults_of_bundle(bundle))


def test_a_break_is_on_hold_and_what_ended_is_closed(files, ann):
    resources = [entry["resource"] for entry in bundle_of(files)["entry"]]
    episodes = [r for r in resources if r["resourceType"] == "EpisodeOfCare"]
    of_ann = [e for e in episodes if e["patient"]["reference"] == f"Patient/{ann.public_id}"]
    couples, individual = of_ann

    assert couples["status"] == "cancelled"
    assert [(p["status"], p["period"]) for p in couples["statusHistory"]] == [
        ("active", {"start": days(0), "end": days(10)}),
        ("onhold", {"start": days(10), "end": days(40)}),
        ("active", {"start": days(40), "end": days(90)}),
    ]
    assert couples["period"] == {"start": days(0), "end": days(90)}
    assert individual["period"] == {"start": days(1)}
    statuses = [r["status"] for r in resources if r["resourceType"] == "Appointment"]
    assert statuses == ["fulfilled", "noshow", "cancelled", "cancelled", "booked"]


def days(number: int) -> str:
    from tests.archive.conftest import AT, DAY

    return (AT + number * DAY).isoformat()


def test_nothing_of_a_colleague_and_no_secret_is_in_it(practice, carl, ann, files):
    start(carl).end(by=carl.therapist.user, reason="completed", note="colleague-canary")
    files = files_of(archive_of(practice))

    everything = b"\n".join(files.values())
    for canary in (b"Carl", b"colleague-canary", b"bob@practice.example"):
        assert canary not in everything
    assert ann.account.password.encode() not in everything
    assert ann.invitations.get().fingerprint.encode() not in everything


def test_a_practice_without_clients_has_an_archive(alice):
    files = files_of(archive_of(alice))

    assert list(faults_of_bundle(bundle_of(files))) == []
    assert "0 clients" in files["index.html"].decode()


@pytest.mark.database
def test_no_more_statements_for_many_clients_than_for_few(alice):
    start(ClientFactory(therapist=alice))
    archive_of(alice)
    numbers = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as statements:
            archive_of(alice)
        numbers.append(len(statements))
        for _ in range(12):
            start(ClientFactory(therapist=alice))

    assert numbers[0] == numbers[1]


def test_every_table_begins_with_the_mark_by_which_excel_reads_its_letters(files):
    tables = [text for name, text in files.items() if name.startswith("data/")]

    assert all(text.startswith(b"\xef\xbb\xbfnumber,") for text in tables)
