"""What was typed comes back after a session has ended, or with a token too old, to its writer."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from cryptography.fernet import InvalidToken
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client as Browser

from clients.models import Client
from practice.accounts.models import BrowserSession
from practice.profiles.models import Profile
from practice.web import drafts
from practice.web.encryption import decrypt, encrypt
from tests.conftest import browser_of
from tests.factories import PASSWORD, UserFactory, history_of
from tests.reading import Page, read

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
BACK = "Nothing was sent"
WAITS = "What you typed is kept for two hours and comes back when you sign in."
TYPED = "Wilhelmina Featherstonehaugh"


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def desk(clock, alice) -> Browser:
    """Alice's browser, with the checks that tests usually skip, signed in at nine."""
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(alice.user)
    return browser


def edit_page(client: Client) -> str:
    return f"/clients/{client.public_id}/edit/"


def hidden(page: Page) -> dict[str, str]:
    """Return what the forms of a page carry unseen, among it what the page showed."""
    return {
        attrs["name"]: attrs.get("value") or ""
        for tag, attrs in page.tags
        if tag == "input" and attrs.get("type") == "hidden"
    }


def typed_by(client: Client, **values: str) -> dict[str, str]:
    return {"name": TYPED, "preferred_name": "Mina", "email": "", "phone": "", **values}


def post_late(browser: Browser, place: str, typed: dict, headers: dict | None = None, **later):
    """Open a page, let half an hour pass, and press its button."""
    carried = hidden(read(browser.get(place)))
    with time_machine.travel(datetime.now(UTC) + (timedelta(**later) or timedelta(minutes=31))):
        return browser.post(place, carried | typed, headers=headers or {})


def sign_in(browser: Browser, user: object, place: str = "/") -> None:
    token = hidden(read(browser.get(f"/sign-in/?next={place}")))["csrfmiddlewaretoken"]
    sent = {"login": user.email, "password": PASSWORD, "csrfmiddlewaretoken": token}
    answer = browser.post("/sign-in/", sent | {"next": place})
    assert (answer.status_code, answer.url) == (302, place)


def comes_back(page: Page) -> bool:
    return BACK in page.heads and page.value_of("name") == TYPED


def all_sessions() -> str:
    """Return all that the table of sessions says, decoded, whoever's it is."""
    return " ".join(str(row.get_decoded()) for row in BrowserSession.objects.all())


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
    "/relationships/{ended}/reason/": {"reason": "circumstances", "note": "Another"},
    "/relationships/{individual}/sessions/add/": {
        "day": "2026-03-09",
        "time": "10:30",
        "minutes": "75",
        "complimentary": "on",
    },
    "/sessions/{session}/move/": {"day": "2026-03-19", "time": "17:15", "for_client": "on"},
    "/sessions/{session}/cancel/": {"for_client": "on"},
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


def confirm(browser: Browser) -> None:
    token = hidden(read(browser.get("/sign-in/again/")))["csrfmiddlewaretoken"]
    browser.post("/sign-in/again/", {"password": PASSWORD, "csrfmiddlewaretoken": token})


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


# Nobody else gets it.


@pytest.fixture
def left_behind(clock, desk, ann) -> Browser:
    """A browser in which Alice's form waits, and nobody is signed in."""
    place = edit_page(ann)
    carried = hidden(read(desk.get(place)))
    clock.shift(timedelta(minutes=31))
    desk.post(place, carried | typed_by(ann))
    return desk


def test_it_is_gone_when_somebody_else_signs_in(left_behind, ann, alice, bob):
    place = edit_page(ann)
    sign_in(left_behind, bob.user)

    assert drafts.DRAFTS not in left_behind.session
    assert left_behind.get(place).status_code == 404
    token = hidden(read(left_behind.get("/account/")))["csrfmiddlewaretoken"]
    left_behind.post("/sign-out/", {"csrfmiddlewaretoken": token})
    sign_in(left_behind, alice.user, place)
    assert BACK not in read(left_behind.get(place)).heads


def test_it_is_gone_after_signing_out(left_behind, ann, alice):
    place = edit_page(ann)
    sign_in(left_behind, alice.user, place)
    token = hidden(read(left_behind.get(place)))["csrfmiddlewaretoken"]

    left_behind.post("/sign-out/", {"csrfmiddlewaretoken": token})

    assert drafts.DRAFTS not in left_behind.session
    sign_in(left_behind, alice.user, place)
    assert BACK not in read(left_behind.get(place)).heads


def test_it_is_gone_after_two_hours(clock, left_behind, ann, alice):
    place = edit_page(ann)
    clock.shift(timedelta(hours=2, seconds=1))

    assert WAITS not in read(left_behind.get("/sign-in/")).text
    sign_in(left_behind, alice.user, place)
    assert BACK not in read(left_behind.get(place)).heads


def test_a_form_of_somebody_else_that_is_pressed_is_not_kept(desk, ann, alice, bob):
    carried = hidden(read(desk.get(edit_page(ann))))
    desk.force_login(bob.user)
    desk.cookies.pop("csrf")

    answer = desk.post(edit_page(ann), carried | typed_by(ann))

    assert answer.status_code == 403
    assert TYPED not in answer.content.decode()
    assert drafts.DRAFTS not in desk.session


def test_neither_table_nor_cookie_nor_log_nor_page_holds_it_in_clear(left_behind, ann, caplog):
    caplog.set_level("DEBUG")
    words = ("Wilhelmina", "Featherstone")

    left_behind.get("/sign-in/")

    everything = all_sessions() + str(left_behind.cookies) + caplog.text
    assert drafts.DRAFTS in all_sessions()
    assert [word for word in words if word in everything] == []


def test_another_site_cannot_put_words_into_a_form(desk, ann):
    """Nor can anybody who has not been given the form for this account: it has no proof of it."""
    place = edit_page(ann)
    carried = hidden(read(desk.get(place)))
    carried.pop(drafts.FORM_OF)
    desk.cookies.pop("csrf")

    answer = desk.post(place, carried | typed_by(ann), headers={"Origin": "https://evil.example"})

    assert answer.status_code == 403
    assert BACK not in read(desk.get(place)).heads


def tampered(token: str) -> str:
    return token[:-5] + ("A" if token[-5] != "A" else "B") + token[-4:]


@pytest.mark.parametrize("what", ["nothing", "rubbish", "tampered", "of another form", "too old"])
def test_the_proof_of_a_form_is_looked_at(clock, desk, ann, ben, what):
    place = edit_page(ann)
    carried = hidden(read(desk.get(place)))
    proof = carried[drafts.FORM_OF]
    if what == "too old":
        clock.shift(timedelta(days=7, seconds=1))
        desk.force_login(ann.therapist.user)
    carried[drafts.FORM_OF] = {
        "nothing": "",
        "rubbish": "x" * 10_000,
        "tampered": tampered(proof),
        "of another form": hidden(read(desk.get(edit_page(ben))))[drafts.FORM_OF],
        "too old": proof,
    }[what]
    desk.cookies.pop("csrf")

    assert desk.post(place, carried | typed_by(ann)).status_code == 403
    assert drafts.DRAFTS not in desk.session


def test_the_proof_of_another_installation_is_none(desk, ann, settings):
    place = edit_page(ann)
    carried = hidden(read(desk.get(place)))
    settings.SECRET_KEY = "another installation's key, which is as long as it has to be"
    desk.cookies.pop("csrf")
    desk.force_login(ann.therapist.user)

    assert desk.post(place, carried | typed_by(ann)).status_code == 403


@pytest.mark.parametrize("what", ["tampered", "moved to another form", "given to another account"])
def test_a_draft_that_somebody_puts_elsewhere_in_the_table_is_not_read(
    left_behind, ann, ben, alice, bob, what
):
    sign_in(left_behind, alice.user)
    session = left_behind.session
    [draft] = session[drafts.DRAFTS]["by_page"].values()
    place, reader = edit_page(ann), alice
    if what == "tampered":
        draft = tampered(draft)
    elif what == "moved to another form":
        place = edit_page(ben)
    else:
        place, reader = "/clients/add/", bob
        left_behind = browser_of(bob.user)
    session = left_behind.session
    session[drafts.DRAFTS] = {"account": reader.user.pk, "by_page": {place: draft}}
    session.save()

    page = read(left_behind.get(place))

    assert BACK not in page.heads
    assert TYPED not in page.source


def test_a_draft_of_another_installation_is_not_read(left_behind, ann, alice, settings):
    sign_in(left_behind, alice.user)
    stored = left_behind.session[drafts.DRAFTS]
    settings.SECRET_KEY = "another installation's key, which is as long as it has to be"
    browser = browser_of(alice.user)
    session = browser.session
    session[drafts.DRAFTS] = stored
    session.save()

    assert BACK not in read(browser.get(edit_page(ann))).heads


def test_a_draft_can_be_read_for_its_account_and_page_alone():
    draft = encrypt(TYPED, drafts.purpose(1, "/account/"))

    assert decrypt(draft, drafts.purpose(1, "/account/")) == TYPED
    for account, page in ((2, "/account/"), (1, "/profile/"), (11, "/account/")):
        with pytest.raises(InvalidToken):
            decrypt(draft, drafts.purpose(account, page))


# Secrets, and how much.


@pytest.mark.parametrize(
    "place",
    [
        "/sign-in/again/",
        "/password/change/",
        "/account/security/app/add/",
        "/account/security/passkeys/add/",
    ],
)
def test_a_form_with_a_secret_is_none_that_comes_back(desk, place):
    confirm(desk)

    answer = desk.get(place)

    assert answer.status_code == 200
    assert drafts.FORM_OF not in hidden(read(answer))


def test_a_secret_that_is_sent_with_another_form_is_left_out(clock, desk, ann, alice):
    place = edit_page(ann)
    carried = hidden(read(desk.get(place)))
    clock.shift(timedelta(minutes=31))
    secrets = dict.fromkeys(("password", "new_password1", "code", "credential"), "hush")
    desk.post(place, carried | typed_by(ann) | secrets)
    sign_in(desk, alice.user)

    [draft] = desk.session[drafts.DRAFTS]["by_page"].values()
    text = decrypt(draft, drafts.purpose(alice.user.pk, place))

    assert TYPED in text
    assert "hush" not in text
    assert carried["csrfmiddlewaretoken"] not in text
    assert carried[drafts.FORM_OF] not in text


def test_what_is_longer_than_any_form_is_not_kept(clock, desk, ann):
    place = edit_page(ann)
    carried = hidden(read(desk.get(place)))
    clock.shift(timedelta(minutes=31))

    desk.post(place, carried | typed_by(ann, phone="1" * drafts.MOST_BYTES))

    assert drafts.DRAFTS not in desk.session
    assert WAITS not in read(desk.get("/sign-in/")).text


def test_a_browser_holds_a_few_drafts_the_latest(clock, desk, alice):
    people = [Client.objects.create(therapist=alice, name=f"P{n} Example") for n in range(7)]
    carried = {person: hidden(read(desk.get(edit_page(person)))) for person in people}
    clock.shift(timedelta(minutes=31))

    for person in people:
        desk.post(edit_page(person), carried[person] | typed_by(person))

    pages = list(desk.session[drafts.DRAFTS]["by_page"])
    assert pages == [edit_page(person) for person in people[-drafts.MOST_DRAFTS :]]


def test_whatever_was_typed_comes_back_letter_for_letter(clock, desk, ann, alice):
    typed = 'Zoë "Ω" <b>&amp;</b> 😀\t\'; --'
    place = edit_page(ann)
    carried = hidden(read(desk.get(place)))
    clock.shift(timedelta(minutes=31))
    desk.post(place, carried | typed_by(ann, name=typed))
    sign_in(desk, alice.user, place)

    page = read(desk.get(place))

    assert page.value_of("name") == typed
    assert "<b>" not in page.text


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_failed_uses_nothing_up(left_behind, ann, alice, monkeypatch):
    place = edit_page(ann)
    sign_in(left_behind, alice.user, place)
    carried = hidden(read(left_behind.get(place)))
    left_behind.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr("clients.views.ClientForm", None)
        assert left_behind.post(place, carried | typed_by(ann)).status_code == 500

    assert comes_back(read(left_behind.get(place)))


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
