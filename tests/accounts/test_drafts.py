"""What was typed comes back after a session has ended, or with a token too old, to its writer."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client as Browser

from clients.models import Client
from practice.accounts.models import BrowserSession
from practice.profiles.models import Profile
from practice.web import drafts
from tests.accounts.drafts import (
    BACK,
    START,
    TYPED,
    WAITS,
    all_sessions,
    comes_back,
    confirm,
    edit_page,
    hidden,
    sign_in,
    typed_by,
)
from tests.conftest import browser_of
from tests.factories import PASSWORD, UserFactory, history_of
from tests.reading import Page, read

# Who typed it gets it back.


@pytest.mark.parametrize("later", [{"minutes": 31}, {"hours": 13}])
def test_after_a_session_has_ended_the_form_comes_back_as_typed(clock, desk, ann, alice, later):
    place = edit_page(ann)
    carried = hidden(read(desk.get(place)))
    clock.shift(timedelta(**later))

    answer = desk.post(place, carried | typed_by(ann))

    assert (answer.status_code, answer.url) == (302, f"/sign-in/?next={place}")
    page = read(desk.get(answer.url))
    assert WAITS in page.text
    assert TYPED not in page.source
    sign_in(desk, alice.user, place)
    page = read(desk.get(place))
    assert comes_back(page)
    assert "Check it, and press the button again." in page.text
    ann.refresh_from_db()
    assert ann.name == "Ann Ashby"


def test_pressing_again_saves_it_and_nothing_is_left(clock, desk, ann, alice):
    place = edit_page(ann)
    carried = hidden(read(desk.get(place)))
    clock.shift(timedelta(minutes=31))
    desk.post(place, carried | typed_by(ann))
    sign_in(desk, alice.user, place)
    page = read(desk.get(place))

    answer = desk.post(place, hidden(page) | typed_by(ann, name=page.value_of("name")))

    assert answer.status_code == 303
    ann.refresh_from_db()
    assert ann.name == TYPED
    page = read(desk.get(place))
    assert BACK not in page.heads
    assert drafts.DRAFTS not in desk.session


def test_reloading_the_page_loses_nothing(clock, desk, ann, alice):
    place = edit_page(ann)
    carried = hidden(read(desk.get(place)))
    clock.shift(timedelta(minutes=31))
    desk.post(place, carried | typed_by(ann))
    sign_in(desk, alice.user, place)

    assert comes_back(read(desk.get(place)))
    assert comes_back(read(desk.get(place)))


def test_signing_out_everywhere_else_loses_nothing_there(clock, desk, ann, alice):
    place = edit_page(ann)
    carried = hidden(read(desk.get(place)))
    BrowserSession.objects.all().delete()

    answer = desk.post(place, carried | typed_by(ann))

    assert answer.url == f"/sign-in/?next={place}"
    sign_in(desk, alice.user, place)
    assert comes_back(read(desk.get(place)))


def test_signing_in_again_in_another_tab_loses_nothing(desk, ann, alice):
    place = edit_page(ann)
    carried = hidden(read(desk.get(place)))
    desk.cookies.pop("csrf")  # as after another sign-in

    answer = desk.post(place, carried | typed_by(ann))

    assert (answer.status_code, answer.url) == (303, place)
    assert comes_back(read(desk.get(place)))
    ann.refresh_from_db()
    assert ann.name == "Ann Ashby"


def test_a_refused_token_of_a_session_that_has_ended_loses_nothing(clock, desk, ann, alice):
    place = edit_page(ann)
    carried = hidden(read(desk.get(place)))
    clock.shift(timedelta(minutes=31))
    desk.cookies.pop("csrf")

    answer = desk.post(place, carried | typed_by(ann))

    assert answer.url == place
    assert desk.get(place).url == f"/sign-in/?next={place}"
    sign_in(desk, alice.user, place)
    assert comes_back(read(desk.get(place)))


@pytest.mark.parametrize("is_refused", [False, True])
def test_with_htmx_too(clock, desk, ann, alice, individual, is_refused):
    place = f"/relationships/{individual.public_id}/end/"
    carried = hidden(read(desk.get(place)))
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{place}"}
    if is_refused:
        desk.cookies.pop("csrf")
    else:
        clock.shift(timedelta(minutes=31))

    answer = desk.post(place, carried | {"reason": "completed", "note": TYPED}, headers=headers)

    assert answer.headers["HX-Redirect"] == (place if is_refused else f"/sign-in/?next={place}")
    if not is_refused:
        sign_in(desk, alice.user, place)
    page = read(desk.get(place))
    assert BACK in page.heads
    assert TYPED in page.text
    assert history_of(individual) == ["started"]


def test_several_pages_are_several_drafts(clock, desk, ann, ben, alice):
    pages = {person: hidden(read(desk.get(edit_page(person)))) for person in (ann, ben)}
    clock.shift(timedelta(minutes=31))
    for person, carried in pages.items():
        desk.post(edit_page(person), carried | typed_by(person, phone=person.public_id))
    sign_in(desk, alice.user)

    for person in pages:
        page = read(desk.get(edit_page(person)))
        assert page.value_of("phone") == person.public_id


def test_a_form_that_was_refused_before_comes_back_too(clock, desk, ann, alice):
    place = edit_page(ann)
    carried = hidden(read(desk.get(place)))
    refused = desk.post(place, carried | typed_by(ann, email="no address"))
    assert refused.status_code == 422
    clock.shift(timedelta(minutes=31))

    desk.post(place, hidden(read(refused)) | typed_by(ann, email="ann@mail.example"))

    sign_in(desk, alice.user, place)
    page = read(desk.get(place))
    assert comes_back(page)
    assert "There is a problem" not in page.heads
    assert page.value_of("email") == "ann@mail.example"


# Every form that somebody types in.


def text_of(page: Page, name: str) -> str | None:
    """Return what a control shows, whatever it is made of."""
    for tag, attrs in page.tags:
        if tag in ("input", "textarea", "select") and attrs.get("name") == name:
            kind = attrs.get("type")
            if tag == "textarea":
                return page.ids[attrs["id"]]
            if tag == "select":
                inside = page.source.split(f'name="{name}"', 1)[1].split("</select>", 1)[0]
                return re.search(r'value="([^"]*)" selected', inside)[1]
            if kind in ("checkbox", "radio") and "checked" not in attrs:
                continue
            return attrs.get("value", "on")
    return None


FORMS = {
    "/clients/{ann}/edit/": {"name": TYPED, "phone": "1", "preferred_name": "Mina"},
    "/clients/{ann}/keep/": {"keep_rule": "25th_birthday", "date_of_birth": "1990-02-03"},
    "/clients/{ben}/erase/": {"sure": "on"},
    "/clients/add/": {
        "name": TYPED,
        "phone": "12",
        "kind": "couples",
        "key": "9a4e0aa2-3d0a-4f6a-a4f0-3b8f3c0c1d5e",
        "others-TOTAL_FORMS": "2",
        "others-INITIAL_FORMS": "0",
        "others-0-name": "Bert Brook",
        "others-1-name": "Cora Brook",
    },
    "/clients/{ann}/relationships/add/": {
        "kind": "family",
        "others-TOTAL_FORMS": "1",
        "others-INITIAL_FORMS": "0",
        "others-0-name": "Bert Brook",
    },
    "/relationships/{individual}/end/": {"reason": "completed", "note": "Long\nand private"},
    "/relationships/{individual}/plan/": {"planned_end": "2026-04-05"},
    "/relationships/{individual}/place/": {"place": "Room 2"},
    "/relationships/{ended}/reason/": {"reason": "circumstances", "note": "Another"},
    "/relationships/{individual}/sessions/add/": {
        "day": "2026-03-09",
        "time": "10:30",
        "minutes": "75",
        "complimentary": "on",
    },
    "/sessions/{session}/place/": {"place": "https://meet.example/alice"},
    "/sessions/{session}/move/": {"day": "2026-03-19", "time": "17:15", "asked": "client"},
    "/sessions/{session}/cancel/": {"asked": "therapist"},
    "/diary/availability/": {
        "mon-TOTAL_FORMS": "2",
        "mon-INITIAL_FORMS": "0",
        "mon-0-starts": "09:00",
        "mon-0-ends": "12:00",
        "mon-1-starts": "13:00",
        "mon-1-ends": "16:45",
        "off-TOTAL_FORMS": "1",
        "off-INITIAL_FORMS": "0",
        "off-0-first_day": "2026-08-01",
        "off-0-last_day": "2026-08-21",
        "off-0-reason": "Walking",
        "session_minutes": "55",
        "gap_minutes": "7",
        "notice_hours": "5",
        "furthest_weeks": "9",
    },
    "/profile/": {"about": "Line one\nLine two", "headline": "Listening", "fee_couples": "95"},
    "/caseload/tidy-up/": {"weeks": "17"},
    "/account/": {"time_zone": "Europe/Madrid"},
    "/help/cant-spot-a-client/": {"name": TYPED},
}


@pytest.fixture
def places(clock, ann, ben, individual, couples, alice) -> dict[str, str]:
    """What the addresses of the forms name."""
    from practice.diary.models import Session

    couples.end(by=alice.user, reason="completed")
    soon = START + timedelta(days=9)
    session = Session.book(individual, starts_at=soon, length=timedelta(minutes=50), by=alice.user)
    return {
        "ann": ann.public_id,
        "ben": ben.public_id,
        "individual": individual.public_id,
        "ended": couples.public_id,
        "session": session.public_id,
    }


@pytest.mark.parametrize("form", FORMS)
def test_every_form_comes_back_as_it_was_typed(clock, desk, places, alice, form):
    place, typed = form.format(**places), FORMS[form]
    confirm(desk)
    carried = hidden(read(desk.get(place)))
    clock.shift(timedelta(minutes=31))
    assert desk.post(place, carried | typed).url == f"/sign-in/?next={place}"
    sign_in(desk, alice.user, place)
    confirm(desk)

    answer = desk.get(place)

    page = read(answer)
    assert answer.status_code == 200
    assert BACK in page.heads
    wanted = {
        name: " ".join(value.split())
        for name, value in typed.items()
        if "_FORMS" not in name  # how many rows the page has
    }
    assert {name: text_of(page, name) for name in wanted} == wanted


def test_the_tidy_up_list_comes_back_with_each_choice(clock, desk, individual, alice):
    clock.shift(timedelta(weeks=60))
    desk.force_login(alice.user)
    place, row = "/caseload/tidy-up/", individual.public_id
    carried = hidden(read(desk.get(place)))
    clock.shift(timedelta(minutes=31))
    desk.post(place, carried | {f"{row}-action": "break", f"{row}-until": "2027-07-01"})
    sign_in(desk, alice.user, place)

    page = read(desk.get(place))

    assert text_of(page, f"{row}-action") == "break"
    assert text_of(page, f"{row}-until") == "2027-07-01"
    assert text_of(page, "weeks") == str(alice.tidy_up_weeks)


def test_a_client_gets_their_own_form_back(clock, ann):
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(ann.account)
    carried = hidden(read(browser.get("/account/")))
    clock.shift(timedelta(minutes=31))
    browser.post("/account/", carried | {"time_zone": "Asia/Tokyo"})
    sign_in(browser, ann.account, "/account/")

    assert text_of(read(browser.get("/account/")), "time_zone") == "Asia/Tokyo"


def test_a_file_is_asked_for_again_in_words(clock, desk, alice):
    carried = hidden(read(desk.get("/profile/")))
    clock.shift(timedelta(minutes=31))
    photo = SimpleUploadedFile("me.png", b"secretpixels", "image/png")
    desk.post("/profile/", carried | {"headline": "Listening", "new_photo": photo})
    sign_in(desk, alice.user, "/profile/")

    page = read(desk.get("/profile/"))

    assert page.value_of("headline") == "Listening"
    assert "If you had chosen a photo, choose it again." in page.text
    assert not Profile.objects.exists()


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_who_has_to_add_a_second_factor_first_finds_the_form_as_typed(desk, ann, settings, headers):
    place = edit_page(ann)
    carried = hidden(read(desk.get(place)))
    settings.SECOND_FACTOR_FOR_THERAPISTS = True

    answer = desk.post(place, carried | typed_by(ann), headers=headers)

    assert "/account/security/" in (
        answer.headers.get("Location"),
        answer.headers.get("HX-Redirect"),
    )
    settings.SECOND_FACTOR_FOR_THERAPISTS = False  # as if it had been added
    assert comes_back(read(desk.get(place)))


# Nothing is done with it by itself.


def test_after_confirming_who_one_is_nothing_is_repeated_and_nothing_lost(clock, desk, ben):
    place = f"/clients/{ben.public_id}/erase/"
    confirm(desk)
    carried = hidden(read(desk.get(place)))
    clock.shift(timedelta(minutes=6))

    asked = desk.post(place, carried | {"sure": "on"}).url
    assert "ben" not in all_sessions().lower()
    token = hidden(read(desk.get(asked)))["csrfmiddlewaretoken"]
    answer = desk.post(asked, {"password": PASSWORD, "csrfmiddlewaretoken": token})

    assert (answer.status_code, answer.url) == (302, place)
    assert text_of(read(desk.get(place)), "sure") == "on"
    ben.refresh_from_db()
    assert ben.erased_at is None


def test_what_has_changed_meanwhile_is_not_overwritten_by_what_was_not_typed(
    clock, desk, ann, alice
):
    place = edit_page(ann)
    carried = hidden(read(desk.get(place)))
    clock.shift(timedelta(minutes=31))
    desk.post(place, carried | typed_by(ann, preferred_name="", email=ann.email))
    Client.objects.filter(pk=ann.pk).update(phone="0161 496 0000")
    sign_in(desk, alice.user, place)
    page = read(desk.get(place))
    shown = {
        name: page.value_of(name) or "" for name in ("name", "preferred_name", "email", "phone")
    }

    assert desk.post(place, hidden(page) | shown).status_code == 303
    ann.refresh_from_db()
    assert (ann.name, ann.phone) == (TYPED, "0161 496 0000")


# What `static/stay.js` asks for, before it leaves a page whose session has ended.


def test_a_page_that_is_left_has_its_form_saved(clock, desk, ann, alice):
    place = edit_page(ann)
    carried = hidden(read(desk.get(place)))
    clock.shift(timedelta(minutes=31))

    answer = desk.post("/account/draft/", carried | typed_by(ann))

    assert answer.status_code == 302
    sign_in(desk, alice.user, place)
    assert comes_back(read(desk.get(place)))


def test_a_page_that_is_left_a_moment_too_early_has_its_form_saved_too(clock, desk, ann):
    place = edit_page(ann)
    carried = hidden(read(desk.get(place)))
    seen = desk.session["seen"]
    clock.shift(timedelta(minutes=29))

    assert desk.post("/account/draft/", carried | typed_by(ann)).status_code == 204
    assert desk.session["seen"] == seen  # which is no use of the session
    assert comes_back(read(desk.get(place)))


def test_a_page_with_the_token_of_an_earlier_sign_in_has_its_form_saved_too(
    clock, desk, ann, alice
):
    place = edit_page(ann)
    carried = hidden(read(desk.get(place)))
    clock.shift(timedelta(minutes=31))
    desk.cookies.pop("csrf")

    desk.post("/account/draft/", carried | typed_by(ann))

    sign_in(desk, alice.user, place)
    assert comes_back(read(desk.get(place)))


def test_a_refused_token_leads_back_to_the_same_page_of_a_list(desk, individual):
    place = "/caseload/tidy-up/?page=2"
    carried = hidden(read(desk.get(place)))
    desk.cookies.pop("csrf")

    assert desk.post(place, carried | {"weeks": "17"}).url == place


def test_only_a_form_that_was_typed_in_says_so(clock, desk, ann, alice):
    """So that a page without a word of anybody's is left without a draft."""
    place = edit_page(ann)

    def is_typed(answer) -> bool:
        [proof] = [a for tag, a in read(answer).tags if a.get("name") == drafts.FORM_OF]
        return proof["data-typed"] == "1"

    fresh = desk.get(place)
    assert not is_typed(fresh)
    refused = desk.post(place, hidden(read(fresh)) | typed_by(ann, name=""))
    assert is_typed(refused)
    desk.post("/account/draft/", hidden(read(refused)) | typed_by(ann))
    assert is_typed(desk.get(place))


def test_a_draft_is_what_was_sent():
    sent = QueryDict("row=a&row=b&name=%C3%A9&empty=")

    assert drafts.unpacked(drafts.packed(sent)) == sent


def test_an_account_without_a_form_has_no_proof(db):
    browser = browser_of(UserFactory())

    assert drafts.FORM_OF not in hidden(read(browser.get("/help/")))
