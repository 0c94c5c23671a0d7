"""What an operator reads when a command cannot do its work: one sentence, never a traceback."""

import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import get_commands, load_command_class
from django.db import DataError, OperationalError, ProgrammingError, connection, transaction
from psycopg.errors import DiskFull

from practice.management.failures import in_words
from practice.management.owner import OwnerCommand
from tests.practice.source import ROOT

# Ours that see no more than the server's role sees, or no database of an installation at all.
WITHOUT_OWNER = {
    "benchmark",
    "check_fhir",
    "count_figures",
    "createsuperuser",
    "demo",
    "doctor",
    "make_keys",
}
WITHOUT_OWNER |= {"send_mail_queue", "send_test_mail", "test"}


@pytest.fixture
def manage() -> ModuleType:
    """manage.py, as a module."""
    spec = spec_from_file_location("manage", ROOT / "manage.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*words: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env={"PATH": os.defpath, "SECRET_KEY": "x" * 50, "AUDIT_KEY": "y" * 32} | environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    ("words", "environment", "sentence"),
    [
        ("migrate", {"SECRET_KEY": ""}, "Set SECRET_KEY"),
        ("migrate", {"DATABASE_URL": "postgres://a:b@127.0.0.1:9/x"}, "does not answer"),
        ("migrate", {"DATABASE_URL": "postgres://a:b@127.0.0.1:9/x?sslmod=x"}, "cannot be used"),
    ],
)
def test_what_is_not_set_right_is_one_sentence(words, environment, sentence):
    done = run(*words.split(), **environment)

    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_empty_database_says_run_migrate(tmp_path):
    done = run("accounts", "list", DATA_DIR=str(tmp_path))

    assert done.stderr.strip().endswith("run manage.py migrate.")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ImproperlyConfigured("Set AUDIT_KEY."), "Set AUDIT_KEY."),
        (OperationalError("no such table: accounts_user"), "run manage.py migrate"),
        (OperationalError("attempt to write a readonly database"), "run this as its owner"),
        (OperationalError("unable to open database file"), "DATA_DIR or DATABASE_URL"),
        (OperationalError("connection refused\nmore"), "does not answer (connection refused)"),
        (ProgrammingError('invalid connection option "sslmod"'), "DATABASE_URL cannot be used"),
        (OperationalError("database or disk is full"), "The disk is full: nothing of this was"),
        (OperationalError("disk I/O error"), "cannot be written to or read (disk I/O error)"),
        (OSError(28, "No space left on device"), "No space left on device. Make room"),
        (EOFError("EOF when reading a line"), "run it in a terminal"),
        (KeyboardInterrupt(), "Stopped."),
        (PermissionError(13, "Permission denied", "/srv/x"), "/srv/x: Permission denied"),
    ],
)
def test_what_can_be_foreseen_has_words(error, words):
    said = in_words(error)

    assert words in said
    assert "\n" not in said


@pytest.mark.parametrize("error", [ValueError("a fault"), DataError("a fault"), OSError("odd")])
def test_a_fault_of_ours_is_no_operators_mistake(error):
    assert in_words(error) is None


@pytest.mark.database
def test_what_postgresql_refuses_has_words(db):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no roles")
    with pytest.raises(ProgrammingError) as refusal, transaction.atomic():
        connection.cursor().execute("SET LOCAL ROLE stillwater_app; DELETE FROM audit_entry")

    assert "stillwater_owner" in in_words(refusal.value)


def test_a_full_disk_of_postgresql_has_words():
    error = OperationalError("could not extend file")
    error.__cause__ = DiskFull("could not extend file")

    assert "The disk is full: nothing of this was saved" in in_words(error)


def test_every_command_of_ours_that_needs_the_owner_says_so_before_it_asks():
    ours = {
        name: load_command_class(app, name)
        for name, app in get_commands().items()
        if app == "practice" or app.startswith(("practice.", "clients", "relationships"))
    }

    assert {"add_therapist", "accounts", "verify_audit", "check_figures"} <= ours.keys()
    assert {
        name for name, command in ours.items() if not isinstance(command, OwnerCommand)
    } == WITHOUT_OWNER


def test_a_checkout_that_cannot_be_written_is_one_sentence(manage, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setattr(manage, "VENV", tmp_path / "file" / ".venv")
    monkeypatch.setattr(manage, "VENV_PYTHON", tmp_path / "file" / ".venv" / "bin" / "python")
    monkeypatch.setattr(manage, "STAMP", tmp_path / "file" / ".venv" / "installed.txt")
    monkeypatch.setattr(manage, "IMPORTS", {"runtime": ["nothing_of_this_name"]})
    monkeypatch.setattr(sys, "argv", ["manage.py", "migrate"])

    with pytest.raises(SystemExit, match=r"\.venv: Not a directory\. Let the owner of"):
        manage.main()


PIP = """#!/bin/sh
echo "Collecting django==5.2.19 (from -r requirements)"
echo "Downloading django-5.2.19.whl"
{rest}
"""
BLOCKED = """echo "WARNING: Retrying after connection broken by 'NewConnectionError(refused)'" >&2
echo "ERROR: Could not find a version that satisfies the requirement pillow" >&2
exit 1"""


@pytest.fixture
def installing(manage, monkeypatch, tmp_path) -> Callable[[str], None]:
    """Install by a pip that does as it is told."""
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    monkeypatch.setattr(manage, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(manage, "VENV_PYTHON", programs / "python")
    monkeypatch.setattr(manage, "STAMP", tmp_path / ".venv" / "installed.txt")
    monkeypatch.setattr(manage.shutil, "which", lambda _: None)
    (programs / "pip").touch()

    def install(rest: str) -> None:
        (programs / "python").write_text(PIP.format(rest=rest))
        (programs / "python").chmod(0o700)
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        manage.install("runtime")

    return install


def test_an_installation_says_how_far_it_is(capsys, installing, manage):
    installing("exit 0")

    said = capsys.readouterr().err
    assert re.search(r"\r1 of [2-9]\d: django==5\.2\.19 +\r", said)
    assert manage.is_installed("runtime")


def test_another_user_can_read_what_was_installed_whatever_the_umask(installing, manage):
    former = os.umask(0o077)
    try:
        installing("exit 0")
    finally:
        os.umask(former)

    assert stat.S_IMODE(manage.STAMP.stat().st_mode) == 0o644


def test_an_installation_that_fails_says_why(capsys, installing, manage):
    with pytest.raises(SystemExit, match="did not finish"):
        installing(BLOCKED)

    said = capsys.readouterr().err
    assert "Could not find a version that satisfies the requirement pillow" in said
    assert "The network, or what stands between, refuses it." in said
    assert not manage.is_installed("runtime")


def test_the_version_stands_in_one_place(manage, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["manage.py", "--version"])

    manage.main()

    assert capsys.readouterr().out == f"{manage.version()}\n"
    assert f'version = "{manage.version()}"' in Path(ROOT, "pyproject.toml").read_text()


@pytest.mark.django_db
def test_version_changelog_project_readme_and_footer_agree(manage, as_alice):
    version = manage.version()
    changelog = Path(ROOT, "CHANGELOG.md").read_text()
    [newest, *_] = re.findall(r"^## (\S+) \((.+)\)$", changelog, re.MULTILINE)

    assert f'version = "{version}"' in Path(ROOT, "pyproject.toml").read_text()
    assert newest[0] == version
    if newest[1] == "not yet released":
        status = f"{version} is being prepared and has not been released"
    else:
        released = date.fromisoformat(newest[1])
        status = f"{version}, {released.day} {released:%B %Y}"
    assert f"**Status.** {status}" in Path(ROOT, "README.md").read_text()
    assert f"<p>Stillwater {version}</p>" in as_alice.get("/clients/").content.decode()
