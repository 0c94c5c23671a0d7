"""Erasing a person: what goes, what stays, for whom it stays right, and when it is refused."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db.models import CASCADE
from django.utils import timezone

from clients.models import Client, Invitation
from practice.accounts.models import BrowserSession, Therapist, User
from practice.diary.models import CalendarFeed, Session
from practice.profiles.figures import visits_of
from practice.records.erasure import NotYet, erase
from relationships.caseload.figures import Caseload
from relationships.models import Erasure, Event, Relationship
from tests.conftest import browser_of
from tests.factories import PASSWORD, ClientFactory, UserFactory, history_of, start
from tests.pressing import Browser
from tests.reading import read
from tests.records.rows import every_word

pytestmark = pytest.mark.database

AT = datetime(2025, 3, 4, 15, tzinfo=UTC)
LENGTH = {"length": timedelta(minutes=50)}
SURE = {"sure": "on"}


def session(
    relationship: Relationship, at: datetime = AT, by: User | None = None, **state
) -> Session:
    made = Session.book(relationship, starts_at=at, by=by or relationship.therapist.user, **LENGTH)
    Session.objects.filter(pk=made.pk).update(**({"state": "attended"} | state))
    return made


def ended(*people: Client, note: str = "", **values) -> Relationship:
    relationship = start(*people, at=AT - timedelta(days=30), **values)
    relationship.end(by=relationship.therapist.user, reason="not_a_fit", note=note)
    return relationship


@pytest.fixture
def alone(ann: Client) -> Relationship:
    """Ended work with Ann alone, with a session and a private note."""
    Client.objects.filter(pk=ann.pk).update(
        phone="phone-canary", preferred_name="Annie-canary", date_of_birth="1990-01-02"
    )
    Invitation.create_for(ann)
    relationship = ended(ann, note="note-canary")
    session(relationship, by=ann.account)
    return relationship


@pytest.fixture
def shared(ann: Client, ben: Client) -> Relationship:
    """Ended work with Ann and Ben, with a session that Ann booked and a private note."""
    relationship = ended(ann, ben, note="of both")
    session(relationship, AT + timedelta(hours=2), by=ann.account)
    return relationship


def recently(browser: Browser) -> Browser:
    """The same browser, after its person has just confirmed who they are."""
    browser.post("/sign-in/again/", {"password": PASSWORD})
    return browser


@pytest.fixture
def sure_alice(alice: Therapist) -> Browser:
    return recently(browser_of(alice.user))


def page_of(client: Client) -> str:
    return f"/clients/{client.public_id}/erase/"


def test_nothing_of_a_client_who_was_seen_alone_is_left(alone, ann, alice, sure_alice):
    account = ann.account_id

    answer = sure_alice.post(page_of(ann), SURE)

    assert (answer.status_code, answer.url) == (303, "/clients/")
    assert b"Client erased" in sure_alice.get("/clients/").content
    assert not Client.objects.exists()
    assert not any(model.objects.exists() for model in (Relationship, Event, Session, Invitation))
    words = every_word().lower()
    for word in ("ashby", "canary", "ann@mail.example"):
        assert word not in words
    closed = User.objects.get(pk=account)
    assert not closed.is_active
    assert not closed.has_usable_password()


def test_an_erasure_record_says_what_was_erased_and_names_nobody(alone, ann, alice):
    number = alone.pk

    erase(ann, by=alice.user)

    stone = Erasure.objects.get()
    assert (stone.relationship, stone.public_id) == (number, alone.public_id)
    assert stone.what == "relationship"
    assert (stone.therapist, stone.by) == (alice, alice.user)


def test_the_audit_says_so_in_numbers(alone, shared, ann, alice):
    number = ann.public_id

    erase(ann, by=alice.user, blank_notes=True)

    told = list(alice.entries.filter(verb="erased").values_list("about", "outcome").order_by("pk"))
    assert told == [
        (f"client:{number}", "done"),
        (f"relationship:{alone.public_id}", "done"),
        (f"relationship:{shared.public_id}", "notes blanked"),
    ]


def test_all_addresses_of_the_erased_lead_nowhere(alone, shared, ann, as_alice, alice, as_ann):
    places = [f"/clients/{ann.public_id}/{page}" for page in PAGES]
    places += [f"/relationships/{alone.public_id}/{page}" for page in ("", "restart/", "reason/")]
    places += [f"/sessions/{s.public_id}/" for s in alone.sessions.all()]
    assert {as_alice.get(place).status_code for place in places} == {200}

    erase(ann, by=alice.user)

    assert {as_alice.get(place).status_code for place in places} == {404}
    nameless = Client.objects.get(erased_at__isnull=False)
    for page in PAGES:
        assert as_alice.get(f"/clients/{nameless.public_id}/{page}").status_code == 404
    assert as_ann.get("/dashboard/").status_code == 302  # signed out


PAGES = ["", "edit/", "keep/", "export/", "relationships/", "relationships/add/", "sessions/"]


def test_shared_work_stays_and_the_person_has_no_name_there(alone, shared, ann, ben, alice):
    before = history_of(shared)

    erase(ann, by=alice.user)

    words = every_word().lower()
    for word in ("ashby", "canary", "ann@mail.example"):
        assert word not in words
    assert list(Relationship.objects.all()) == [shared]
    assert history_of(shared) == before
    assert shared.sessions.count() == 1
    relationship = Relationship.objects.prefetch_related("participations__client").get()
    assert [person.name for person in relationship.people] == ["Ben Bright", "Erased client"]
    assert relationship.is_closed
    assert relationship.end_note == "of both"


def test_the_others_pages_stay_right(alone, shared, ann, ben, alice, as_alice):
    ben.account = UserFactory(email="ben@account.example")
    ben.save(update_fields=["account"])
    as_ben = browser_of(ben.account)

    erase(ann, by=alice.user)

    page = as_alice.get(f"/relationships/{shared.public_id}/").content.decode()
    assert "With Ben Bright and Erased client" in page
    assert "cannot be restarted" in page
    assert "Restart this Relationship" not in page
    assert as_alice.get(f"/clients/{ben.public_id}/relationships/").status_code == 200
    everybody = as_alice.get("/clients/?include=inactive").content.decode()
    assert "1 client: 0 active and 1 inactive" in everybody
    assert "Couples with Erased client" in everybody
    dashboard = as_ben.get("/dashboard/").content.decode()
    assert "Your relationship with Alice Archer has been ended." in dashboard
    assert "Couples sessions" in dashboard
    assert "Book a New Session" not in dashboard
    assert as_ben.get(f"/book/{shared.public_id}/").status_code == 404
    own = shared.sessions.get()
    for text in (dashboard, as_ben.get(f"/sessions/{own.public_id}/").content.decode()):
        assert "Erased" not in text
        assert "Ann" not in text


def test_a_search_never_finds_the_erased(alone, shared, ann, alice, as_alice):
    erase(ann, by=alice.user)

    for word in ("ann", "erased", "client"):
        page = as_alice.get(f"/clients/?include=inactive&q={word}").content.decode()
        assert "0 clients match" in page
    found = as_alice.post("/help/cant-spot-a-client/", {"name": "Erased client"})
    assert b"/clients/" + ann.public_id.encode() not in found.content
    assert not Client.objects.not_erased().same_person_as("Erased client").exists()


def test_figures_lose_what_was_theirs_alone_and_nothing_else(alone, shared, ann, ben, alice):
    other = ended(ben)
    session(other, AT + timedelta(days=1))
    before = visits_of(alice)
    gone = {s.pk for s in alone.sessions.all()}

    erase(ann, by=alice.user)

    assert visits_of(alice) == [visit for visit in before if visit.session not in gone]
    load = Caseload(alice, timezone.now())
    assert load.number_ended == 2
    assert load.active_now == 0


def test_own_figures_name_nobody_who_was_erased(alone, shared, ann, alice, as_alice):
    erase(ann, by=alice.user)

    page = as_alice.get("/profile/figures/").content.decode()

    assert "Erased client" in page
    assert "Ann" not in page


def test_private_notes_of_shared_work_go_only_if_asked(shared, ann, ben, alice):
    relationship = ended(ben, note="of Ben alone")

    erase(ann, by=alice.user, blank_notes=True)

    shared.refresh_from_db()
    assert shared.end_note == ""
    assert set(shared.events.values_list("note", flat=True)) == {""}
    assert set(shared.events.values_list("reason", flat=True)) == {"", "not_a_fit"}
    assert [stone.what for stone in Erasure.objects.all()] == ["notes"]
    assert relationship.events.filter(note="of Ben alone").exists()


def test_all_of_it_goes_through_the_page(alone, shared, ann, bob, sure_alice):
    """On PostgreSQL the page is asked as the application, which sees Alice's rows only."""
    start(ClientFactory(therapist=bob, name="Ann A.", account=ann.account))

    answer = sure_alice.post(page_of(ann), SURE | {"blank_notes": "on"})

    assert answer.status_code == 303
    assert Client.objects.filter(erased_at__isnull=False).count() == 1
    assert set(shared.events.values_list("note", flat=True)) == {""}
    assert User.objects.get(email="ann@mail.example").is_active
    assert Erasure.objects.count() == 2


def test_the_page_offers_that_only_where_there_are_notes(alone, shared, ann, sure_alice):
    page = sure_alice.get(page_of(ann)).content.decode()
    assert "Your private notes may name Annie-canary" in page
    assert f'href="/relationships/{shared.public_id}/"' in page
    assert 'name="blank_notes"' in page


def test_without_shared_work_the_page_asks_for_one_tick(alone, ann, sure_alice):
    page = sure_alice.get(page_of(ann)).content.decode()

    assert 'name="blank_notes"' not in page
    assert "1 relationship with Annie-canary alone" in page
    assert "1 session." in page
    assert "no longer count in your profile stats" in page


def test_the_last_of_a_couple_takes_the_couple_along(shared, ann, ben, alice):
    erase(ann, by=alice.user)
    ben.refresh_from_db()

    erase(ben, by=alice.user)

    assert not Client.objects.exists()
    assert not Relationship.objects.exists()
    assert not Session.objects.exists()


def test_closed_work_cannot_be_taken_up_again(shared, ann, alice, as_alice):
    erase(ann, by=alice.user)
    shared.refresh_from_db()

    with pytest.raises(Relationship.Closed):
        shared.restart(by=alice.user)
    with pytest.raises(Relationship.Closed):
        shared.undo_end(by=alice.user)
    answer = as_alice.post(f"/relationships/{shared.public_id}/restart/", follow=True)
    assert b"This relationship cannot be restarted" in answer.content
    answer = as_alice.post(f"/relationships/{shared.public_id}/undo/", follow=True)
    assert b"This relationship cannot be restarted" in answer.content
    shared.refresh_from_db()
    assert shared.is_ended


def test_the_reason_of_closed_work_can_still_be_corrected(shared, ann, alice):
    erase(ann, by=alice.user)
    shared.refresh_from_db()

    shared.correct_reason(by=alice.user, reason="completed", ended_at=shared.ended_at)

    assert history_of(shared)[-1] == "corrected"


# When it is refused.


def test_whoever_has_active_work_is_not_erased(alone, couples, ann, alice, sure_alice):
    page = sure_alice.get(page_of(ann)).content.decode()
    assert f'href="/relationships/{couples.public_id}/end/"' in page
    before = every_word(but_of="audit")

    answer = sure_alice.post(page_of(ann), SURE)

    assert answer.status_code == 409
    assert b"Nothing was erased" in answer.content
    assert every_word(but_of="audit") == before
    with pytest.raises(NotYet):
        erase(ann, by=alice.user)


def test_whoever_has_a_session_to_come_is_not_erased(alone, ann, alice, sure_alice):
    soon = session(alone, timezone.now() + timedelta(days=3), state="booked")

    answer = sure_alice.post(page_of(ann), SURE)

    assert answer.status_code == 409
    assert f'href="/sessions/{soon.public_id}/"' in answer.content.decode()
    assert Client.objects.filter(pk=ann.pk).exists()


def test_without_the_tick_nothing_happens(alone, ann, sure_alice):
    before = every_word(but_of="audit")

    answer = sure_alice.post(page_of(ann), {"blank_notes": "on"})

    assert answer.status_code == 422
    assert b"Tick the box if you are sure" in answer.content
    assert every_word(but_of="audit") == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_has_not_just_confirmed_who_they_are_is_asked_to(alone, ann, as_alice, method):
    before = every_word()

    answer = getattr(as_alice, method)(page_of(ann), *([SURE] if method == "post" else []))

    assert answer.status_code == 302
    assert unquote(answer.url) == f"/sign-in/again/?next={page_of(ann)}"
    assert every_word() == before


def test_erasing_looks_like_nothing_else(alone, ann, sure_alice):
    page = read(sure_alice.get(page_of(ann)))
    erased, stays = page.source.split("What stays")

    assert "#cross" in erased
    assert "#check" not in erased
    assert "#check" in stays
    assert "#cross" not in stays
    looks = [attrs["class"] for tag, attrs in page.tags if tag == "button"]
    assert looks.count("button button-danger") == 1
    assert "button" not in looks


def test_no_other_page_has_a_red_button():
    pages = Path(settings.BASE_DIR, "templates").rglob("*.html")

    assert [p.name for p in pages if "button-danger" in p.read_text()] == ["erase.html"]


def test_after_confirming_the_page_opens(alone, ann, as_alice):
    again = as_alice.get(page_of(ann)).url

    answer = as_alice.post(again, {"password": PASSWORD})

    assert answer.url == page_of(ann)
    assert b"What will be erased" in as_alice.get(page_of(ann)).content


def test_a_form_sent_too_late_is_not_done_by_itself_after_confirming(alone, ann, as_alice):
    """It comes back as it was, and takes another press (`tests/accounts/test_drafts.py`)."""
    again = as_alice.post(page_of(ann), SURE).url

    answer = as_alice.post(again, {"password": PASSWORD})

    assert (answer.status_code, answer.url) == (302, page_of(ann))
    assert Client.objects.get().erased_at is None


def test_a_colleagues_client_does_not_exist(carl, sure_alice):
    before = every_word(but_of="audit")

    assert sure_alice.get(page_of(carl)).status_code == 404
    assert sure_alice.post(page_of(carl), SURE).status_code == 404
    assert every_word(but_of="audit") == before


def test_a_second_click_finds_nobody(alone, ann, sure_alice):
    sure_alice.post(page_of(ann), SURE)

    assert sure_alice.post(page_of(ann), SURE).status_code == 404


# The account.


def test_an_account_with_another_therapist_stays(alone, ann, bob, alice, as_ann):
    start(ClientFactory(therapist=bob, name="Ann A.", account=ann.account))

    erase(ann, by=alice.user)

    account = User.objects.get(email="ann@mail.example")
    assert account.is_active
    page = as_ann.get("/dashboard/").content.decode()
    assert "Bob Baker" in page
    assert "Alice" not in page


def test_an_account_of_a_therapist_stays(alice, bob):
    record = ClientFactory(therapist=alice, name="Bob Baker", account=bob.user)
    ended(record)

    erase(record, by=alice.user)

    bob.user.refresh_from_db()
    assert bob.user.is_active


def test_a_closed_account_cannot_sign_in_and_its_address_is_free(alone, ann, alice):
    erase(ann, by=alice.user)

    answer = Browser().post("/sign-in/", {"login": "ann@mail.example", "password": PASSWORD})

    assert answer.status_code == 422
    assert UserFactory(email="ann@mail.example").pk


def sessions() -> list[dict]:
    """Return what the server keeps for every browser."""
    return [kept.get_decoded() for kept in BrowserSession.objects.all()]


def test_all_ways_into_the_account_go_with_it(alone, ann, as_ann, as_bob, sure_alice):
    """On PostgreSQL the server's role does it, in tables that lie outside row-level security."""
    account = ann.account
    TOTP.activate(account, generate_totp_secret())
    RecoveryCodes.activate(account)
    passkey = {"user": account, "type": Authenticator.Type.WEBAUTHN, "data": {}}
    EmailAddress.objects.create(user=account, email=account.email, primary=True)
    UserSession.objects.create(user=account, session_key="long gone", ip="10.0.0.1")
    assert as_ann.get("/account/security/").status_code == 200
    begun = halfway(account.email)
    Authenticator.objects.create(**passkey)
    CalendarFeed.make(account, CalendarFeed.Side.SESSIONS, names="initials", shown="")
    own = {
        relation.related_model: {relation.field.name: account}
        for relation in User._meta.related_objects
        if relation.on_delete is CASCADE
    }
    assert {Authenticator, CalendarFeed, EmailAddress, UserSession} <= own.keys()
    before = sessions()
    assert "ann@mail.example" in str(before)

    assert sure_alice.post(page_of(ann), SURE).status_code == 303

    assert [m for m, theirs in own.items() if m._base_manager.filter(**theirs).exists()] == []
    assert len(sessions()) == len(before) - 2
    assert str(account.pk) not in [data.get(SESSION_KEY) for data in sessions()]
    assert "ann@mail.example" not in str(sessions())
    answer = as_ann.get("/dashboard/")
    assert (answer.status_code, unquote(answer.url)) == (302, "/sign-in/?next=/dashboard/")
    assert begun.post("/sign-in/code/", {"code": "000000"}).url == "/sign-in/"
    assert sure_alice.get("/clients/").status_code == as_bob.get("/clients/").status_code == 200


def halfway(address: str) -> Browser:
    """A browser that has passed the password and not yet the second step."""
    browser = Browser()
    browser.post("/sign-in/", {"login": address, "password": PASSWORD})
    assert browser.get("/sign-in/code/").status_code == 200
    return browser


@pytest.mark.parametrize(
    "other", ["joann@mail.example", "ann@mail.example.org", "a.nn@mail.example"]
)
def test_whoever_has_an_address_much_like_it_goes_on_signing_in(alone, ann, sure_alice, other):
    TOTP.activate(UserFactory(email=other), generate_totp_secret())
    browser = halfway(other)

    assert sure_alice.post(page_of(ann), SURE).status_code == 303

    assert browser.get("/sign-in/code/").status_code == 200


@pytest.mark.parametrize("typed", ["ann@mail.example", "Ann@Mail.Example", " ann@mail.example "])
def test_a_sign_in_that_has_begun_ends_however_the_address_was_typed(alone, ann, sure_alice, typed):
    TOTP.activate(ann.account, generate_totp_secret())
    browser = halfway(typed)
    begun = browser.session.session_key

    assert sure_alice.post(page_of(ann), SURE).status_code == 303

    assert not BrowserSession.objects.filter(pk=begun).exists()
    assert browser.get("/sign-in/code/").url == "/sign-in/"


def test_whoever_else_has_the_address_on_their_page_stays_signed_in(alone, ann, sure_alice):
    kept = sure_alice.session
    kept["note"] = "An invitation for ann@mail.example"
    kept.save()

    assert sure_alice.post(page_of(ann), SURE).status_code == 303
    assert sure_alice.get("/clients/").status_code == 200


def test_an_open_invitation_ends(alone, ben, alice):
    relationship = ended(ben)
    token = Invitation.create_for(ben)

    erase(ben, by=alice.user)

    assert Browser().get(f"/invitation/{token}/").status_code == 410
    assert not Relationship.objects.filter(pk=relationship.pk).exists()


def test_the_client_page_leads_to_all_of_it(alone, ann, as_alice):
    page = as_alice.get(f"/clients/{ann.public_id}/").content.decode()

    links = re.findall(rf'href="/clients/{ann.public_id}/(keep|export|erase)/"', page)
    assert links == ["keep", "export", "erase"]
