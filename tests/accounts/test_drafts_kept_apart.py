"""What was typed comes back to nobody but its writer, holds no secret, and is not much."""

from datetime import timedelta

import pytest
from cryptography.fernet import InvalidToken

from clients.models import Client
from practice.web import drafts
from practice.web.encryption import decrypt, encrypt
from tests.accounts.drafts import (
    BACK,
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
from tests.reading import read

# It goes, and nobody else reads it.


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
