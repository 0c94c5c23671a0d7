"""The page on which a therapist takes their practice out, and the command."""

import re
import stat
import time
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from practice.archive import progress
from tests.archive import files_of
from tests.conftest import browser_of
from tests.factories import PASSWORD


@pytest.fixture
def as_alice(as_alice):
    """Alice’s browser, in which she has just confirmed who she is."""
    as_alice.post("/sign-in/again/", {"password": PASSWORD})
    return as_alice


def test_the_page_says_what_it_is_and_gives_nothing_yet(practice, as_alice):
    page = as_alice.get("/account/archive/").content.decode()

    assert "4 clients" not in page
    assert "3 clients and 5 sessions" in page
    assert "Sensitive data" in page
    assert '/account/archive/"' in as_alice.get("/account/").content.decode()


def test_it_is_streamed_and_kept_nowhere(practice, as_alice):
    answer = as_alice.post("/account/archive/")

    assert answer.streaming
    assert answer.headers["Content-Type"] == "application/zip"
    assert "no-store" in answer.headers["Cache-Control"]
    disposition = answer.headers["Content-Disposition"]
    assert re.fullmatch(r'attachment; filename="practice-[\d-]{10}\.zip"', disposition)
    assert b"Ann Ashby" in files_of(answer.getvalue())["data/clients.csv"]


def test_the_audit_says_who_took_it_out(practice, as_alice):
    as_alice.get("/account/archive/")
    as_alice.post("/account/archive/").getvalue()

    entry = practice.entries.get(verb="practice_exported")
    assert (entry.by, entry.outcome) == (practice.user_id, "done")


def test_the_page_asks_how_far_it_has_come_until_it_is_whole(practice, as_alice, as_bob):
    def told(browser=as_alice) -> str:
        return browser.get("/account/archive/progress/").content.decode()

    assert "a minute or two" in told()
    progress.Told(practice.pk)(1, 3)
    assert "1 of 3" in waited_for(told, "1 of 3")
    assert 'data-hx-trigger="load delay:2s"' in told()
    answer = as_alice.post("/account/archive/")
    assert "0 of 3" in told()
    answer.getvalue()
    assert "Clients in the archive: all 3" in waited_for(told, "all 3")
    assert "load delay" not in told()  # it asks no more
    assert "a minute or two" in told(as_bob)
    assert "load delay" not in as_alice.get("/account/archive/").content.decode()


def waited_for(told: Callable[[], str], words: str) -> str:
    """Return a page once it says so: what it says is written by another thread."""
    until = time.monotonic() + 10
    while words not in (page := told()) and time.monotonic() < until:
        time.sleep(0.02)
    return page


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_password_is_asked_again(practice, method):
    answer = getattr(browser_of(practice.user), method)("/account/archive/")

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in/again/")
    assert not practice.entries.filter(verb="practice_exported")


def test_a_client_has_no_practice_to_take(as_ann):
    assert as_ann.post("/account/archive/").status_code == 403
    assert "/account/archive/" not in as_ann.get("/account/").content.decode()


def test_the_command_writes_a_file_for_its_owner_alone_and_over_no_other(practice, tmp_path):
    file, out = tmp_path / "practice.zip", StringIO()

    call_command("export_practice", "Alice@Practice.example", str(file), stdout=out)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"Ann Ashby" in files_of(file.read_bytes())["data/clients.csv"]
    assert "3 of 3 clients" in out.getvalue()
    assert practice.entries.get(verb="practice_exported").role == "operator"
    with pytest.raises(CommandError, match="is there already"):
        call_command("export_practice", "alice@practice.example", str(file))
    with pytest.raises(CommandError, match="No therapist signs in as"):
        call_command("export_practice", "nobody@practice.example", str(tmp_path / "x.zip"))
    assert not (tmp_path / "x.zip").exists()
