"""The second factor: an authenticator app, recovery codes, passkeys; who must have one."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from django.utils import timezone

from practice.accounts.adapter import Adapter
from practice.accounts.factors import has_second_factor
from tests.accounts.passkey import add_passkey, answer_of_a_stranger
from tests.accounts.second_factor import SECURITY, add_app, code_of, codes_of, confirm
from tests.factories import PASSWORD
from tests.reading import read


@pytest.fixture
def required(settings) -> None:
    """As in a real installation."""
    settings.SECOND_FACTOR_FOR_THERAPISTS = True


def first_step(email: str = "alice@practice.example", next_page: str = "") -> tuple[Browser, str]:
    """Enter address and password; return the browser, and where that leads."""
    browser = Browser()
    typed = {"login": email, "password": PASSWORD, "next": next_page}
    return browser, browser.post("/sign-in/", typed).url


def is_in(browser: Browser) -> bool:
    return browser.get(SECURITY).status_code == 200


# Adding and removing.


@pytest.mark.parametrize(
    "place", ["app/add/", "passkeys/add/", "codes/new/", "passkeys/1/remove/", "passkeys/1/rename/"]
)
def test_a_sensitive_act_asks_who_one_is_first(as_alice, place):
    answer = as_alice.get(SECURITY + place)

    assert answer.url == f"/sign-in/again/?next=%2Faccount%2Fsecurity%2F{place.replace('/', '%2F')}"


def test_a_wrong_password_confirms_nothing(as_alice):
    answer = as_alice.post("/sign-in/again/", {"password": "wrong"})

    assert answer.status_code == 422
    assert read(answer).text.count("Check your password") == 2
    assert as_alice.get(f"{SECURITY}app/add/").status_code == 302


def test_a_confirmation_holds_for_five_minutes(as_alice, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    confirm(as_alice)
    time_machine.shift(299)
    assert as_alice.get(f"{SECURITY}app/add/").status_code == 200

    time_machine.shift(2)

    assert as_alice.get(f"{SECURITY}app/add/").status_code == 302


def test_an_app_is_added_with_its_first_code(as_alice, alice):
    key = add_app(as_alice)

    assert len(key.replace(" ", "")) == 32
    assert has_second_factor(alice.user)
    page = read(as_alice.get(SECURITY))
    assert "On: signing in takes more than your password." in page.text
    assert "10 of 10 not used yet" in page.text


def test_a_wrong_first_code_adds_nothing(as_alice, alice):
    confirm(as_alice)
    before = read(as_alice.get(f"{SECURITY}app/add/"))

    answer = as_alice.post(f"{SECURITY}app/add/", {"code": "000000"})

    assert answer.status_code == 422
    assert read(answer).text.count("Check the code") == 2
    assert before.ids.keys() >= {"main"}
    assert not has_second_factor(alice.user)


def test_the_picture_and_the_key_say_the_same(as_alice):
    confirm(as_alice)
    source = as_alice.get(f"{SECURITY}app/add/").content.decode()

    key = re.search(r'class="key">([A-Z2-7 ]+)<', source)[1].replace(" ", "")
    assert f"otpauth://totp/alice%40practice.example?secret={key}&amp;issuer=Stillwater" in source
    assert source.count('<svg class="qr"') == 1
    assert "data:image" not in source


def test_secrets_are_not_kept_as_they_are(as_alice, alice, settings):
    key = add_app(as_alice)

    kept = str(list(alice.user.authenticator_set.values_list("data", flat=True)))
    assert key.replace(" ", "") not in kept
    assert not any(code in kept for code in codes_of(as_alice))


def test_a_new_key_of_the_server_still_opens_old_secrets(as_alice, alice, settings):
    key = add_app(as_alice)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key, of later, and as long as it has to be to be one"

    app = alice.user.authenticator_set.get(type="totp").wrap()

    assert app.validate_code(code_of(key))


def test_an_app_is_removed_and_its_codes_go_with_it(as_alice, alice):
    add_app(as_alice)

    answer = as_alice.post(f"{SECURITY}app/remove/")

    assert answer.url == SECURITY
    assert "Authenticator app removed" in read(as_alice.get(SECURITY)).heads
    assert alice.user.authenticator_set.count() == 0
    assert first_step()[1] == "/"


@pytest.mark.django_db(transaction=True)
def test_changes_are_told_by_mail(as_alice):
    add_app(as_alice)
    as_alice.post(f"{SECURITY}app/remove/")

    added, removed = mail.outbox
    assert added.subject == "An authenticator app was added – Stillwater"
    assert removed.subject == "The authenticator app was removed – Stillwater"
    for letter in mail.outbox:
        assert letter.to == ["alice@practice.example"]
        assert "If that was you, there is nothing to do." in letter.body
        assert "&" not in letter.body
        assert "<" not in letter.body
        assert "!" not in letter.body
        assert "lease" not in letter.body


@pytest.mark.django_db(transaction=True)  # a letter about codes waits for the end of it
def test_new_codes_and_a_removed_passkey_are_told_by_mail(as_alice, alice):
    add_app(as_alice)
    passkey = Authenticator.objects.create(user=alice.user, type="webauthn", data={"name": "Phone"})
    mail.outbox.clear()

    as_alice.post(f"{SECURITY}codes/new/")
    as_alice.post(f"{SECURITY}passkeys/{passkey.pk}/remove/")

    assert [letter.subject for letter in mail.outbox] == [
        "New recovery codes were made – Stillwater",
        "A passkey was removed – Stillwater",
    ]


def test_a_mail_that_cannot_be_sent_undoes_nothing(as_alice, alice, monkeypatch, caplog):
    add_app(as_alice)

    def broken(*_: object, **__: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("django.core.mail.EmailMessage.send", broken)
    answer = as_alice.post(f"{SECURITY}app/remove/")

    assert answer.url == SECURITY
    assert not has_second_factor(alice.user)
    assert "Failed: sending mfa/email/totp_deactivated" in caplog.text


def test_new_recovery_codes_end_the_old_ones(as_alice):
    add_app(as_alice)
    old = codes_of(as_alice)

    assert as_alice.post(f"{SECURITY}codes/new/").url == f"{SECURITY}codes/"

    new = codes_of(as_alice)
    assert len(set(old)) == len(set(new)) == 10
    assert not set(old) & set(new)


def test_somebody_elses_passkey_does_not_exist(as_alice, bob):
    theirs = Authenticator.objects.create(user=bob.user, type="webauthn", data={"name": "Phone"})
    confirm(as_alice)

    for act in ("rename", "remove"):
        for method in (as_alice.get, as_alice.post):
            assert method(f"{SECURITY}passkeys/{theirs.pk}/{act}/").status_code == 404
    assert Authenticator.objects.filter(pk=theirs.pk).exists()


@pytest.mark.parametrize("typed", ["", "{}", "[]", "1", '{"id": "x"}', "not json", '"\\u0000"'])
def test_what_is_no_passkey_is_refused_everywhere(as_alice, typed):
    add_app(as_alice)
    visitor = Browser()
    visitor.get("/sign-in/passkey/", headers={"Accept": "application/json"})
    halfway, _ = first_step()

    sent = {"credential": typed}
    assert as_alice.post(f"{SECURITY}passkeys/add/", sent).status_code == 422
    assert halfway.post("/sign-in/code/", sent).status_code == 422
    assert visitor.post("/sign-in/passkey/", sent, follow=True).status_code == 200
    assert not is_in(visitor)


def test_a_passkey_that_does_not_work_is_told(db):
    visitor = Browser()

    page = read(visitor.post("/sign-in/passkey/", {"credential": "{}"}, follow=True))

    assert page.heads[0] == "That passkey did not work"
    assert "Try again, or go on in another way." in page.text


@pytest.mark.parametrize("typed", ["", "{}", "not json", answer_of_a_stranger()])
def test_the_second_step_says_of_a_passkey_what_is_so(as_alice, typed):
    add_app(as_alice)
    browser, place = first_step()

    page = read(browser.post(place, {"credential": typed}))

    said = "There is a problem That passkey did not work. Try again, or go on in another way."
    assert said in page.text


def test_too_many_passkeys_that_do_not_work_are_told_as_that(as_alice):
    add_app(as_alice)
    browser, place = first_step()
    sent = {"credential": answer_of_a_stranger()}

    tries = [read(browser.post(place, sent)).text for _ in range(6)]

    assert ["That passkey did not work" in text for text in tries] == [True] * 5 + [False]
    assert "There is a problem Too many tries. Wait 15 minutes" in tries[-1]


def test_a_name_that_is_too_long_is_no_passkey_that_failed(as_alice, alice):
    confirm(as_alice)

    answer = add_passkey(as_alice, name="x" * 61)

    page = read(answer)
    assert answer.status_code == 422
    assert "That passkey did not work" not in page.text
    assert "at most 60 characters" in page.text
    assert not has_second_factor(alice.user)


def test_an_error_is_said_and_not_guessed(rf, as_alice):
    """What allauth says of something else is not said of a passkey."""
    request = rf.get("/")
    request.session = as_alice.session

    Adapter().add_message(request, messages.ERROR, message="Something else entirely.")

    assert request.session["banner"] == {"key": "not_done"}


# Signing in.


def test_after_the_password_comes_the_code(as_alice):
    key = add_app(as_alice)

    browser, place = first_step(next_page="/clients/?include=inactive")
    assert place.startswith("/sign-in/code/")
    assert not is_in(browser)
    answer = browser.post(place, {"code": code_of(key)})

    assert answer.url == "/clients/?include=inactive"
    assert is_in(browser)


def test_a_code_works_once(as_alice):
    key = add_app(as_alice)
    first, place = first_step()
    first.post(place, {"code": code_of(key)})

    second, place = first_step()
    answer = second.post(place, {"code": code_of(key)})

    assert answer.status_code == 422
    assert not is_in(second)


@pytest.mark.parametrize("later", [-2, 2])
def test_codes_of_other_minutes_do_not_work(as_alice, later):
    key = add_app(as_alice)
    browser, place = first_step()

    assert browser.post(place, {"code": code_of(key, later)}).status_code == 422


def test_a_recovery_code_works_once(as_alice):
    add_app(as_alice)
    code = codes_of(as_alice)[3]
    first, place = first_step()
    page = read(first.get("/sign-in/code/?recovery"))
    assert "Enter one of your recovery codes" in page.text

    assert first.post("/sign-in/code/?recovery", {"code": code}).status_code == 302
    assert is_in(first)
    assert "9 of 10 not used yet" in read(first.get(SECURITY)).text
    second, place = first_step()
    assert second.post(place, {"code": code}).status_code == 422


def test_codes_cannot_be_guessed(as_alice):
    key = add_app(as_alice)
    browser, place = first_step()

    answers = [browser.post(place, {"code": f"{n:06}"}) for n in range(6)]
    another, place = first_step()
    right = another.post(place, {"code": code_of(key)})

    assert "Too many tries. Wait 15 minutes" in read(answers[-1]).text
    assert right.status_code == 422  # also for who knows it, and from elsewhere
    assert not is_in(another)


def test_the_second_step_is_no_way_round_the_first(db):
    answer = Browser().get("/sign-in/code/")

    assert (answer.status_code, answer.url) == (302, "/sign-in/")


def test_from_the_second_step_one_can_go_back(as_alice):
    add_app(as_alice)
    browser, _ = first_step()

    browser.post("/sign-out/")

    assert read(browser.get("/sign-in/")).heads[-1] == "Sign in"


def test_a_closed_account_does_not_get_past_the_second_step(as_alice, alice):
    key = add_app(as_alice)
    browser, place = first_step()
    alice.user.is_active = False
    alice.user.save()

    browser.post(place, {"code": code_of(key)})

    assert not is_in(browser)


# Required for therapists.


def test_a_therapist_without_one_is_led_to_add_one(as_alice, required, individual):
    for place in ("/clients/", "/", "/nowhere/", f"/relationships/{individual.public_id}/end/"):
        for ask in (as_alice.get, as_alice.post):
            answer = ask(place)
            assert (answer.status_code, answer.url) == (303, SECURITY), place

    page = read(as_alice.get(SECURITY))
    assert page.heads[0] == "Add a second step to go on"


def test_their_searches_find_nobody(as_alice, required, ann):
    answer = as_alice.post("/help/cant-spot-a-client/", {"name": "Ann"})

    assert answer.url == SECURITY


def test_htmx_leaves_the_page_for_it(as_alice, required):
    answer = as_alice.get("/clients/?q=a", headers={"HX-Request": "true"})

    assert answer["HX-Redirect"] == SECURITY
    assert answer.content == b""


def test_help_and_the_way_out_stay_open(as_alice, required):
    for place in ("/help/", "/privacy/", "/account/time-left/", "/sign-in/again/"):
        assert as_alice.get(place).status_code == 200, place
    assert as_alice.post("/sign-out/").url == "/sign-in/"


def test_with_one_they_work_and_without_it_at_once_no_more(as_alice, alice, required):
    add_app(as_alice)
    assert as_alice.get("/clients/").status_code == 200

    alice.user.authenticator_set.all().delete()

    assert as_alice.get("/clients/").url == SECURITY


def test_recovery_codes_alone_are_no_second_factor(as_alice, alice, required):
    add_app(as_alice)
    alice.user.authenticator_set.filter(type="totp").delete()

    assert as_alice.get("/clients/").url == SECURITY


def test_clients_are_offered_one_and_may_do_without(as_ann, required):
    page = read(as_ann.get("/account/"))

    assert "add a second step to your password" in page.text
    assert as_ann.get("/dashboard/").status_code == 200
    add_app(as_ann)
    assert "add a second step" not in read(as_ann.get("/account/")).text


def test_it_is_required_of_whoever_is_a_therapist_too(as_alice, alice, ann, required):
    ann.account = alice.user
    ann.save()

    assert as_alice.get("/dashboard/").url == SECURITY


# Where one is signed in.


def test_every_device_is_listed_and_the_others_are_signed_out(alice):
    def on(agent: str) -> Browser:
        browser = Browser(headers={"User-Agent": agent})
        browser.post("/sign-in/", {"login": alice.user.email, "password": PASSWORD})
        return browser

    laptop = on("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    phone = on(
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
    )

    page = read(laptop.get(SECURITY))
    assert page.cells[2:4] == ["Firefox on Linux", "Now: this is where you are"]
    assert page.cells[4] == "Safari on an iPhone"
    laptop.post(f"{SECURITY}elsewhere/")

    assert "Signed out everywhere else" in read(laptop.get(SECURITY)).heads
    assert phone.get("/clients/").status_code == 302
    assert "Safari" not in read(laptop.get(SECURITY)).text


def test_one_persons_devices_are_not_anothers(as_alice, as_bob):
    as_bob.get("/clients/")

    as_alice.post(f"{SECURITY}elsewhere/")

    assert as_bob.get("/clients/").status_code == 200


def test_a_changed_password_signs_out_the_others_and_says_so(as_alice, alice):
    other = Browser()
    other.force_login(alice.user)
    other.get("/clients/")
    new = "another quiet harbour"

    answer = as_alice.post(
        "/password/change/",
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
        follow=True,
    )

    assert answer.redirect_chain[-1][0] == SECURITY
    assert (
        "Password changed You stay signed in here; other devices have been signed out."
        in read(answer).text
    )
    assert other.get("/clients/").status_code == 302
    assert len(read(as_alice.get(SECURITY)).cells) == 4
    [letter] = mail.outbox
    assert letter.subject == "Your password was changed – Stillwater"


# When all is lost.


def test_who_has_lost_everything_is_let_in_by_password_again(alice, capsys):
    browser, _ = first_step()
    add_app(browser)

    call_command("accounts", "reset-factors", "Alice@practice.example")

    assert "alice@practice.example" in capsys.readouterr().out
    assert not has_second_factor(alice.user)
    assert first_step()[1] == "/"
    assert not is_in(browser)  # signed out everywhere


def test_of_an_unknown_address_nothing_is_removed(db):
    with pytest.raises(CommandError, match="no account"):
        call_command("accounts", "reset-factors", "nobody@practice.example")
