"""doctor finds what an operator has forgotten, and finds nothing where nothing is wrong."""

import json
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone

from practice.accounts.models import BrowserSession
from practice.audit.chaining import chain_everything
from practice.audit.models import Entry, Verb
from practice.diary.models import Session
from practice.management.commands.doctor import findings_of
from practice.management.doctor import machine
from practice.management.doctor.findings import Finding, wrong
from practice.profiles.models import ClientNumbers
from practice.version import VERSION
from tests.harness.installation import free_port

pytestmark = [pytest.mark.database, pytest.mark.django_db]

KEY = "wY3-kP9_rT5vQ1xB7nM2cZ8hJ4fL6dS0gA-uE_iO3yWqRtPlKjHbN"
OTHER = "kQ7-zV2_bN6mX0cL4jH8gF1dS3aP5oI9uY-tR_eW7qZxCvBnMlKjH"


def look(*options: str) -> tuple[int, str]:
    """Return the exit code of doctor, and what it says."""
    out = StringIO()
    try:
        call_command("doctor", *options, stdout=out, no_color=True)
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


def found(*options: str) -> set[str]:
    """Return what is wrong, in the words of doctor."""
    lines = look(*(options or ["--offline"]))[1].splitlines()
    return {line.partition("WRONG")[2].strip() for line in lines if "WRONG" in line}


@pytest.fixture
def backup(settings, tmp_path) -> Path:
    """A fresh backup; the file beside it."""
    settings.BACKUP_DIR = tmp_path / "backups"
    settings.BACKUP_DIR.mkdir()
    copy = settings.BACKUP_DIR / "stillwater-20261128T013000Z.sqlite3"
    copy.write_bytes(b"everything")
    beside = copy.with_suffix(".json")
    told = {"version": VERSION, "database": connection.vendor, "file": copy.name}
    told |= {"taken_at": timezone.now().isoformat(), "sha256": machine.checksum(copy)}
    beside.write_text(json.dumps(told | {"rows": {"clients_client": 7}, "objects": {}}))
    for file in (copy, beside):
        file.chmod(0o600)
    return beside


@pytest.fixture
def healthy(settings, tmp_path, backup, alice, individual) -> None:
    """An installation as it has to be, with an audit and a second factor in it."""
    settings.SECRET_KEY, settings.AUDIT_KEY = KEY, OTHER[:40]
    settings.ALLOWED_HOSTS, settings.SITE_URL = ["practice.example"], "https://practice.example"
    settings.BEHIND_TLS_PROXY, settings.ALLAUTH_TRUSTED_PROXY_COUNT = True, 1
    settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = False
    settings.SECOND_FACTOR_FOR_THERAPISTS = True
    settings.DATA_DIR, settings.STATIC_ROOT = tmp_path, None
    TOTP.activate(alice.user, "JBSWY3DPEHPK3PXP")
    Entry.record(Verb.SIGNED_IN, by=alice.user, therapist=alice)
    chain_everything()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE a_server LOGIN IN ROLE stillwater_app")


def test_where_nothing_is_planted_only_the_tests_own_database_may_be_wrong(healthy):
    """It is a superuser's, or a file of the checkout; an installation has neither."""
    assert {text for text in found() if "database" not in text} == set()


def test_what_is_good_is_said_with_versions(healthy):
    said = look("--offline")[1]

    assert f"  ok     Stillwater {VERSION}, Django " in said
    assert "answers, with the tables of this version." in said
    assert "The audit is sealed: 2 chains" in said or "The audit is sealed: 1 chains" in said
    assert "The last backup is 0 hours old, with 7 rows." in said


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DEBUG", True, "Unset DEBUG"),
        ("SECRET_KEY", "short", "Choose a longer SECRET_KEY"),
        ("ALLOWED_HOSTS", ["https://practice.example"], "Name hosts alone in ALLOWED_HOSTS"),
        ("SITE_URL", "", "Set SITE_URL"),
        ("ALLOWED_HOSTS", ['"practice.example"'], "Name hosts alone in ALLOWED_HOSTS"),
        ("ALLOWED_HOSTS", ["www.practice.example"], "Name the host of SITE_URL in ALLOWED_HOSTS"),
        ("METRICS_TOKEN", "metrics", "Choose a longer METRICS_TOKEN"),
        ("WORKERS", 1_000, "PostgreSQL"),
        ("ALLAUTH_TRUSTED_PROXY_COUNT", 0, "Set TRUSTED_PROXIES"),
        ("AUDIT_KEY", KEY[:40], "sealed with another AUDIT_KEY"),
        ("SECRET_KEY", OTHER, "1 of 1 secrets of second factors were encrypted with another key"),
    ],
)
def test_a_setting_that_was_planted_is_found(healthy, settings, name, value, words):
    before = found()

    setattr(settings, name, value)

    assert any(words in text for text in found() - before)
    assert look("--offline")[0] == 1


def unmigrated() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'relationships'")


def forgotten_sessions() -> None:
    long_ago = timezone.now() - timedelta(days=5)
    BrowserSession.objects.create(session_key="x" * 32, session_data="", expire_date=long_ago)


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (unmigrated, "The tables are not those of this version: run manage.py migrate."),
        (forgotten_sessions, "manage.py clearsessions"),
    ],
)
def test_a_fault_of_the_database_that_was_planted_is_found(healthy, plant, words):
    before = found()

    plant()

    [said] = found() - before
    assert words in said


def test_figures_that_nobody_adds_up_are_found(healthy, alice, ann):
    last_week = timezone.now() - timedelta(days=7)
    ClientNumbers.objects.create(therapist=alice, client=ann.pk, settled_at=last_week)

    assert any("manage.py count_figures" in text for text in found())


def test_entries_that_nobody_gives_their_places_are_found(healthy, alice, time_machine):
    Entry.record(Verb.SIGNED_IN, by=alice.user, therapist=alice)
    assert not any("wait for their places" in text for text in found())

    time_machine.move_to(timezone.now() + timedelta(minutes=11))

    assert any("wait for their places: does the server run?" in text for text in found())


def test_a_clock_that_was_set_back_is_found(healthy, alice, time_machine):
    now = timezone.now()
    time_machine.move_to(now + timedelta(hours=1))
    Entry.record(Verb.SIGNED_IN, by=alice.user, therapist=alice)
    time_machine.move_to(now)

    assert any("entries from the future" in text for text in found())


BACKUPS: dict[str, Callable[[Path, dict], None]] = {
    "There is no backup in": lambda beside, told: beside.unlink(),
    "The last backup is 72 hours old": lambda beside, told: beside.write_text(
        json.dumps(told | {"taken_at": (timezone.now() - timedelta(hours=72)).isoformat()})
    ),
    "The last backup is from the future": lambda beside, told: beside.write_text(
        json.dumps(told | {"taken_at": (timezone.now() + timedelta(hours=5)).isoformat()})
    ),
    "Others can read what is entered": lambda beside, told: beside.chmod(0o644),
    "The last backup is not as it was written": lambda beside, told: beside.with_name(
        told["file"]
    ).write_bytes(b"something"),
}


@pytest.mark.parametrize("words", BACKUPS)
def test_a_backup_that_would_not_help_is_found(healthy, backup, words):
    before = found()

    BACKUPS[words](backup, json.loads(backup.read_text()))

    [said] = found() - before
    assert words in said


def test_static_files_of_an_earlier_version_are_found(healthy, settings, tmp_path):
    settings.STATIC_ROOT = tmp_path / "static"
    assert any("manage.py collectstatic" in text for text in found())

    call_command("collectstatic", interactive=False, verbosity=0)
    (settings.STATIC_ROOT / "staticfiles.json").touch()
    assert not any("collectstatic" in text for text in found())
    (settings.STATIC_ROOT / "practice.css").write_text("body {}")

    assert any("manage.py collectstatic" in text for text in found())


def test_a_disk_that_is_nearly_full_is_found(healthy, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=100 * 1024**2))

    assert any("0.1 GiB are free at" in text for text in found())


def test_keys_that_others_can_read_are_found(healthy, monkeypatch, tmp_path):
    keys = tmp_path / "owner.env"
    keys.touch(mode=0o600)
    monkeypatch.setattr(machine, "KEYS", tmp_path)
    assert not any("keys" in text for text in found())

    keys.chmod(0o644)

    assert any(f"Others can read the keys: chmod 640 {keys}" in text for text in found())


def test_a_folder_that_is_somebody_elses_is_found(healthy, monkeypatch, settings):
    """As root everything can be written: who may not is told by `access`."""
    assert not any("cannot write" in text for text in found())

    monkeypatch.setattr("os.access", lambda *_: False)

    assert f"This user cannot write into {settings.DATA_DIR}" in str(found())


def test_a_folder_that_the_units_may_only_read_is_found(healthy, monkeypatch, settings):
    """As `ProtectSystem=strict` has it, wherever ReadWritePaths does not name it."""
    now = os.statvfs(settings.DATA_DIR)
    read_only = os.statvfs_result((*now[:8], now.f_flag | os.ST_RDONLY, now.f_namemax))
    monkeypatch.setattr("os.statvfs", lambda _: read_only)

    assert f"ReadWritePaths={settings.DATA_DIR} in the units" in str(found())


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ("timers.target.wants/stillwater-daily.timer", "stillwater-daily.timer does not start"),
        ("multi-user.target.wants/stillwater.service", "stillwater.service does not start"),
        (
            "multi-user.target.wants/stillwater-messages.service",
            "stillwater-messages.service does not start by itself: systemctl enable --now",
        ),
    ],
)
def test_a_unit_that_nobody_enabled_is_found(
    healthy, monkeypatch, settings, tmp_path, missing, words
):
    settings.SENDS_MESSAGES, settings.SEND_MESSAGES_IN_SERVER = True, False
    monkeypatch.setattr(machine, "UNITS", tmp_path)
    for target, name in (
        ("timers", "daily.timer"),
        ("multi-user", ".service"),
        ("multi-user", "messages.service"),
    ):
        unit = f"stillwater{name}" if name[0] == "." else f"stillwater-{name}"
        wants = tmp_path / f"{target}.target.wants"
        wants.mkdir(exist_ok=True)
        (tmp_path / unit).touch(0o600)
        (wants / unit).symlink_to(tmp_path / unit)
    assert not any("does not start by itself" in text for text in found())

    (tmp_path / missing).unlink()

    assert any(words in text for text in found())


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (
            "SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE clients_client DISABLE ROW LEVEL SECURITY",
            "Row-level security is off for clients_client",
        ),
        (
            "COMMENT ON FUNCTION acting_therapist IS 'an earlier version'",
            "The policies are not those of this version",
        ),
        ("ALTER ROLE stillwater_app BYPASSRLS", "passes every policy"),
        ("REVOKE stillwater_app FROM a_server", "No role that can sign in is in stillwater_app"),
        (
            "CREATE ROLE too_much LOGIN BYPASSRLS IN ROLE stillwater_app",
            "The role too_much passes every policy",
        ),
        ("GRANT {owner} TO a_server", "The role a_server passes every policy"),
        (
            "SET CONSTRAINTS ALL IMMEDIATE; GRANT CREATE ON SCHEMA public TO a_server; "
            "ALTER TABLE clients_client OWNER TO a_server",
            "The role a_server passes every policy",
        ),
        (
            "SET CONSTRAINTS ALL IMMEDIATE; DROP POLICY a_therapist ON clients_client",
            "The policies are not those of this version",
        ),
        (
            "SET CONSTRAINTS ALL IMMEDIATE; CREATE POLICY all_of_it ON clients_client USING (true)",
            "The policies are not those of this version",
        ),
        (
            "SET CONSTRAINTS ALL IMMEDIATE; "
            "ALTER TABLE diary_attendance DISABLE TRIGGER attendance_of_own_session",
            "Triggers are off: attendance_of_own_session",
        ),
        ("GRANT SELECT ON accounts_user TO PUBLIC", "Any role may use accounts_user"),
    ],
)
def test_row_level_security_that_does_not_guard_is_found(healthy, statement, words):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has none")
    before = found()

    with connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_user)")
        cursor.execute(statement.format(owner=cursor.fetchone()[0]))

    assert any(words in text for text in found() - before)


def test_a_mail_server_that_does_not_let_us_in_is_found(healthy, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()

    assert any("Nothing listens at 127.0.0.1, port " in text for text in found("--no-color"))


def test_messages_that_nobody_sends_are_found(healthy, individual, settings):
    settings.EMAIL_HOST, settings.SENDS_MESSAGES = "127.0.0.1", True
    session = Session.book(
        individual,
        starts_at=timezone.now() + timedelta(days=3),
        length=timedelta(minutes=50),
        by=individual.therapist.user,
    )
    assert not any("messages" in text for text in found())

    Session.objects.filter(pk=session.pk).update(tell_at=timezone.now() - timedelta(hours=2))

    assert any("1 messages about sessions have waited" in text for text in found())


def test_mail_without_a_sender_is_found(healthy, settings):
    settings.EMAIL_HOST, settings.DEFAULT_FROM_EMAIL = "127.0.0.1", "no-reply@localhost"

    assert any("Set DEFAULT_FROM_EMAIL" in text for text in found("--no-color"))


def test_a_service_that_cannot_be_reached_is_found(healthy, settings):
    settings.SITE_URL = f"https://127.0.0.1:{free_port()}"

    assert any("cannot be reached from here" in text for text in found("--no-color"))


def test_a_database_that_does_not_answer_is_a_finding():
    def chains() -> Iterator[Finding]:
        raise OperationalError("connection refused\nmore")
        yield

    [finding] = findings_of(chains)

    assert finding == wrong("Cannot look at chains: connection refused.")
