"""Bringing a caseload in by the browser: look first, decide, bring in, undo."""

import os
import re
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from practice.imports import uploads
from practice.imports.asking import MOST_ASKED, MOST_SHOWN
from practice.imports.background import bring_many, undo_many
from practice.imports.models import Import
from practice.imports.preview import MOST_PAST
from practice.imports.reading import OURS, read_files
from practice.imports.sheets import MOST_COLUMNS, MOST_FILES
from practice.imports.views import MOST_READ
from practice.imports.writing import bring_in
from practice.site.middleware import MOST_OF_FILES
from relationships.models import Relationship
from tests.archive import archive_of
from tests.factories import ClientFactory
from tests.imports.conftest import SAMPLES
from tests.reading import read

pytestmark = pytest.mark.django_db
BRING = "/clients/bring/"
# A drop-down in which something is chosen: its name, and what.
SELECTED = (
    r'(?s)<select[^>]*? name="(a-\w+)"[^>]*>(?:(?!</select>).)*?<option selected>([^<]+)</option>'
)


@pytest.fixture(autouse=True)
def _data_dir(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def send(browser, *contents):
    """Send files; return the address of the page that shows what is in them."""
    files = [
        SimpleUploadedFile(c.name, c.read_bytes())
        if isinstance(c, Path)
        else SimpleUploadedFile(f"file{n}.csv", c if isinstance(c, bytes) else c.encode())
        for n, c in enumerate(contents)
    ]
    answer = browser.post(BRING, {"caseload": files})
    assert answer.status_code == 303, answer.content.decode()
    return answer.headers["Location"]


def press(browser, place, do="bring", **answers):
    """Press a button of the page, which is opened anew, with its answers as they stand."""
    return bring(browser, place, browser.get(place), do, **answers)


def bring(browser, place, shown, do="bring", **answers):
    """Press a button of a page that is shown."""
    page, sent = read(shown), dict(re.findall(SELECTED, shown.content.decode()))
    for tag, attrs in page.tags:
        name, value = attrs.get("name"), attrs.get("value") or ""
        if tag != "input" or not name or name == "csrfmiddlewaretoken":
            continue
        if attrs.get("type") != "radio" or "checked" in attrs:
            sent[name] = value
    return browser.post(place, sent | {"do": do} | answers)


def test_the_samples_are_brought_in_and_undone(as_alice, alice):
    place = send(as_alice, *sorted(SAMPLES.glob("jane*")))
    page = read(as_alice.get(place))
    assert "Nothing is saved yet" in page.text
    assert "Bring in 3 people" in page.text
    assert "1 ending is estimated" in page.text
    assert not alice.clients.exists()

    answer = press(as_alice, place)

    assert (answer.status_code, answer.headers["Location"]) == (303, place)
    assert alice.clients.count() == 3
    jose = alice.relationships.ended().get()
    assert jose.is_end_estimated, "what nobody has touched stays an estimate"
    assert list((uploads.folder_of(Import.objects.get()).parent).iterdir()) == []
    page = read(as_alice.get(place))
    assert "Your caseload is here" in page.text

    answer = as_alice.post(f"{place}undo/")

    assert answer.status_code == 303
    assert "This import is undone" in read(as_alice.get(place)).text
    assert not alice.clients.exists()


def test_what_is_open_has_to_be_decided_first(as_alice, alice):
    place = send(as_alice, "Name,Email\nAnn Brook,\nAnn Brook,a@x.org\n")

    answer = press(as_alice, place)

    assert answer.status_code == 422
    assert "Decide 1 more thing" in read(answer).text
    assert not alice.clients.exists()
    (key,) = {
        a["name"]
        for tag, a in read(answer).tags
        if tag == "input" and a.get("type") == "radio" and a["value"] == "One person"
    }

    assert press(as_alice, place, **{key: "One person"}).status_code == 303
    assert alice.clients.count() == 1


def test_an_ending_can_be_dated_and_a_reason_given_before(as_alice, alice):
    place = send(as_alice, "Name,Status\nAnn Brook,Archived\n")
    page = read(as_alice.get(place))
    (day,) = [a["name"] for tag, a in page.tags if (a.get("name") or "").startswith("d-")]
    key = day.removeprefix("d-")

    press(as_alice, place, **{day: "2024-05-06", f"t-{key}": "10:00"})

    work = alice.relationships.get()
    assert (work.is_end_estimated, work.ended_at.isoformat()) == (
        False,
        "2024-05-06T09:00:00+00:00",
    )


def test_whoever_comes_by_an_answer_is_shown_before(as_alice, alice, bob):
    ClientFactory(therapist=bob, name="Carl Hill")
    place = send(as_alice, archive_of(bob))
    page = read(as_alice.get(place))
    (key,) = {a["name"] for tag, a in page.tags if a.get("type") == "radio" and a["value"] == OURS}

    answer = press(as_alice, place, **{key: OURS})

    assert answer.status_code == 409
    assert "Bring in 1 person" in read(answer).text
    assert not alice.clients.exists()
    assert bring(as_alice, place, answer).status_code == 303
    assert alice.clients.get().name == "Carl Hill"


def test_what_was_answered_stands_when_it_is_shown_again(as_alice, alice):
    place = send(as_alice, "Name,Status\nAnn Brook,Archived\n")
    page = read(as_alice.get(place))
    (day,) = [a["name"] for tag, a in page.tags if (a.get("name") or "").startswith("d-")]
    (why,) = [a["name"] for tag, a in page.tags if tag == "select" and "Ann Brook" in str(a)]
    answers = {day: "2024-05-06", f"t-{day.removeprefix('d-')}": "10:00", why: "Lost contact"}
    again = press(as_alice, place, "look", **answers)

    bring(as_alice, place, again)

    work = alice.relationships.get()
    assert (str(work.ended_at.date()), work.end_reason) == ("2024-05-06", "lost_contact")
    assert not work.is_end_estimated


def test_a_practice_that_has_changed_since_is_looked_at_again(as_alice, alice):
    place = send(as_alice, "Name\nAnn Brook\n")
    shown = next(a["value"] for _, a in read(as_alice.get(place)).tags if a.get("name") == "shown")
    ClientFactory(therapist=alice, name="Ben Moss")

    answer = as_alice.post(place, {"do": "bring", "shown": shown})

    assert answer.status_code == 409
    assert "Nothing was brought in" in read(answer).text
    assert alice.clients.count() == 1


def test_files_are_private_and_forgotten(as_alice, alice):
    place = send(as_alice, "Name\nAnn Brook\n")
    came = Import.objects.get()
    folder = uploads.folder_of(came)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "0").stat().st_mode & 0o777 == 0o600

    yesterday = time.time() - 25 * 3600
    os.utime(folder, (yesterday, yesterday))
    other = send(as_alice, "Name\nBen Moss\n")

    assert not folder.exists()
    assert "The files are forgotten" in read(as_alice.get(place)).text
    assert press(as_alice, other, do="forget").headers["Location"] == BRING
    assert list(folder.parent.iterdir()) == []


def test_of_files_that_are_never_brought_in_only_the_last_are_held(as_alice):
    places = [send(as_alice, f"Name\nAnn {n}\n") for n in range(MOST_READ + 2)]

    assert len(list((settings.DATA_DIR / "imports").iterdir())) == MOST_READ
    forgotten = as_alice.get(places[1])
    assert forgotten.status_code == as_alice.post(places[1], {"do": "bring"}).status_code == 404
    assert "The files are forgotten" in read(forgotten).text
    assert as_alice.get(places[-1]).status_code == 200


def test_of_very_many_past_clients_the_page_says_what_applies_to_the_rest(as_alice, monkeypatch):
    monkeypatch.setattr("practice.imports.preview.MOST_PAST", 1)
    place = send(as_alice, "Name,Status\nAnn Brook,Past\nBen Moss,Past\nCarl Hill,Past\n")

    text = read(as_alice.get(place)).text

    assert "There are 2 more, to whom the reason above applies" in text


def test_a_file_that_cannot_be_read_stands_in_the_way(as_alice, alice):
    place = send(as_alice, "Name\nAnn\n", "\0\1\2\3\4" * 50)
    assert "Some files cannot be read" in read(as_alice.get(place)).text

    assert press(as_alice, place).status_code == 422
    assert not alice.clients.exists()


@pytest.mark.parametrize("number", [0, MOST_FILES + 1])
def test_too_many_files_or_none_are_refused(as_alice, number):
    files = [SimpleUploadedFile(f"{n}.csv", b"Name\nAnn\n") for n in range(number)]

    assert as_alice.post(BRING, {"caseload": files}).status_code == 422
    assert not Import.objects.exists()


def test_files_may_be_larger_than_other_forms_and_no_larger(as_alice):
    most = {"CONTENT_LENGTH": str(MOST_OF_FILES + 1), "CONTENT_TYPE": "multipart/form-data"}

    assert as_alice.generic("POST", BRING, b"", **most).status_code == 413


def test_nobody_sees_the_import_of_another(as_alice, as_bob):
    place = send(as_alice, "Name\nAnn Brook\n")

    assert as_bob.get(place).status_code == 404
    assert as_bob.post(place, {"do": "bring"}).status_code == 404
    assert as_bob.post(f"{place}undo/").status_code == 404


def test_whoever_brings_in_much_sees_how_far_it_is(as_alice, alice):
    place = send(as_alice, "Name\nAnn Brook\n")
    came = Import.objects.get()
    Import.objects.update(state=Import.State.RUNNING)
    uploads.note(came, uploads.PROGRESS, "40 100")

    page = read(as_alice.get(place))

    assert "40 of 100 rows" in page.text
    assert as_alice.post(place).status_code == 200, "it goes on"
    came.refresh_from_db()
    assert came.state == Import.State.RUNNING


@pytest.mark.parametrize("why", ["Your practice was changed.", ""])
def test_what_was_interrupted_is_looked_at_again_and_nothing_is_half_way(as_alice, alice, why):
    place = send(as_alice, "Name\nAnn Brook\n")
    came = Import.objects.get()
    Import.objects.update(state=Import.State.RUNNING)
    uploads.note(came, uploads.FAILED if why else uploads.PROGRESS, why or "40 100")
    long_ago = time.time() - 300
    for path in uploads.folder_of(came).iterdir():
        os.utime(path, (long_ago, long_ago))
    assert "Nothing was brought in" in read(as_alice.get(place)).text

    assert as_alice.post(place).status_code == 303
    assert press(as_alice, place).status_code == 303
    assert alice.clients.count() == 1


def test_it_goes_on_as_long_as_somebody_holds_it_however_long_nothing_is_heard(as_alice):
    place = send(as_alice, "Name\nAnn Brook\n")
    came = Import.objects.get()
    Import.objects.update(state=Import.State.RUNNING)
    uploads.note(came, uploads.PROGRESS, "0 100")
    with uploads.held(came):
        long_ago = time.time() - 300
        os.utime(uploads.folder_of(came) / uploads.PROGRESS, (long_ago, long_ago))
        assert "Bringing in your caseload" in read(as_alice.get(place)).text

    assert "It was interrupted." in read(as_alice.get(place)).text, "whoever held it is gone"


def test_an_old_import_has_no_undo(as_alice, alice):
    place = send(as_alice, "Name\nAnn Brook\n")
    press(as_alice, place)
    Import.objects.update(finished_at=timezone.now() - timedelta(days=31))

    assert "Undo this import" not in read(as_alice.get(place)).text
    as_alice.post(f"{place}undo/")

    assert Relationship.objects.count() == 1


def test_a_clients_pages_say_where_they_came_from_and_what_was_kept(as_alice, alice):
    press(as_alice, send(as_alice, SAMPLES / "cliniko_patients.csv"))
    ben = alice.clients.get(name="Ben Castle")

    assert 'line two, with "quotes"' in read(as_alice.get(f"/clients/{ben.public_id}/")).text
    history = read(as_alice.get(f"/clients/{ben.public_id}/access/")).text
    assert "Client imported from cliniko_patients.csv, line 3" in history
    assert "Relationship imported from cliniko_patients.csv, line 3" in history


def test_many_are_brought_in_after_the_answer_all_or_none(as_alice, alice):
    place = send(as_alice, "Name\nAnn Brook\nBen Moss\n")
    came = Import.objects.get()
    Import.objects.update(state=Import.State.RUNNING)

    bring_many(came, {})

    assert alice.clients.count() == 2
    assert "Your caseload is here" in read(as_alice.get(place)).text
    assert not uploads.folder_of(came).exists()


def test_whoever_looks_how_far_it_is_is_led_to_what_has_come(as_alice, alice):
    place = send(as_alice, "Name\nAnn Brook\n")
    came = Import.objects.get()
    Import.objects.update(state=Import.State.RUNNING)
    uploads.begin(came, 2)
    by_itself = {"HX-Request": "true"}
    assert "0 of 2 rows" in read(as_alice.get(place, headers=by_itself)).text

    bring_many(came, {})

    assert as_alice.get(place, headers=by_itself).headers["HX-Redirect"] == place
    assert "Your caseload is here" in read(as_alice.get(place)).text


def test_much_is_undone_after_the_answer_all_or_none(as_alice, alice, monkeypatch):
    monkeypatch.setattr("practice.imports.views.AT_ONCE", 1)
    place = send(as_alice, "Name\nAnn Brook\nBen Moss\n")
    came = Import.objects.get()
    bring_in_now(came, alice)

    uploads.begin(came, 4)
    uploads.note(came, uploads.PROGRESS, "3 4")
    with uploads.held(came):
        assert as_alice.post(f"{place}undo/").status_code == 303
    page = read(as_alice.get(place))
    assert (page.heads, alice.clients.count()) == (["Undoing this import"], 2)
    assert "3 of 4 rows" in page.text, "pressed twice, it begins once"

    as_alice.post(f"{place}undo/")

    assert not alice.clients.exists()
    assert "This import is undone" in read(as_alice.get(place)).text
    assert not uploads.folder_of(came).exists()


def test_an_undo_that_was_interrupted_can_be_pressed_again_and_nothing_is_half_way(as_alice, alice):
    place = send(as_alice, "Name\nAnn Brook\n")
    press(as_alice, place)
    came = Import.objects.get()
    uploads.begin(came, 2)
    long_ago = time.time() - 300
    os.utime(uploads.folder_of(came) / uploads.PROGRESS, (long_ago, long_ago))

    assert "Undoing it was interrupted" in read(as_alice.get(place)).text
    undo_many(came, alice.user)

    assert not alice.clients.exists()
    assert "interrupted" not in read(as_alice.get(place)).text


def bring_in_now(came, alice) -> None:
    plan = read_files(uploads.saved(came), alice, {}, timezone.now()).plan
    bring_in(plan, came, alice, alice.user)
    uploads.forget(came)


def test_it_is_offered_where_the_first_client_is(as_alice):
    assert reverse("bring_caseload") in as_alice.get("/clients/add/").content.decode()


def test_how_far_it_is_can_be_read_while_it_is_written(as_alice):
    send(as_alice, "Name\nAnn Brook\n")
    came = Import.objects.get()
    uploads.note(came, uploads.PROGRESS, "40 100")
    with (uploads.folder_of(came) / uploads.PROGRESS).open() as reader:
        uploads.note(came, uploads.PROGRESS, "50 100")

        assert reader.read() == "40 100", "whoever reads never finds half a word"
    assert uploads.noted(came, uploads.PROGRESS)[0] == "50 100"


def test_very_many_of_one_name_can_be_answered_by_one_form(as_alice, alice):
    place = send(as_alice, "Name,Email\n" + "".join(f"Ann,a{n}@x.org\n" for n in range(60)))
    page = read(as_alice.get(place))
    assert f"{MOST_ASKED} things to decide" in page.text
    assert "each is somebody of their own" in page.text

    two = {
        a["name"]: "Two people"
        for tag, a in page.tags
        if a.get("type") == "radio" and a["value"] == "Two people"
    }
    assert press(as_alice, place, **two).status_code == 303
    assert alice.clients.count() == 60


def test_a_page_has_no_more_fields_than_a_form_may_have():
    columns = MOST_COLUMNS * MOST_FILES
    past = 4 * MOST_PAST
    assert columns + past + 3 * MOST_SHOWN < settings.DATA_UPLOAD_MAX_NUMBER_FIELDS


def test_what_was_answered_stands_after_bringing_in_was_interrupted(as_alice, monkeypatch):
    monkeypatch.setattr("practice.imports.views.AT_ONCE", 0)
    monkeypatch.setattr("practice.imports.background.run_after_response", lambda *_: None)
    place = send(as_alice, "Name\nAnn Brook\nAnn Brook\n")
    (question,) = set(
        re.findall(r'type="radio" name="(a-\w+)" value="Two people"', shown(as_alice, place))
    )
    press(as_alice, place, **{question: "Two people"})
    uploads.note(Import.objects.get(), uploads.FAILED, "Something went wrong.")

    as_alice.post(place)

    assert 'value="Two people" checked' in shown(as_alice, place)


def shown(browser, place) -> str:
    return browser.get(place).content.decode()
