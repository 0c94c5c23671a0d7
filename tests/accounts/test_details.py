"""How people are reached: a therapist by their clients, and a client as they say themselves."""

import pytest
from django.test import Client as Browser
from django.utils import timezone

from clients.models import Client
from practice.accounts.models import Contact, User
from practice.audit.models import Entry, Verb
from practice.diary.models import Session
from practice.records.export_client import export_client
from practice.records.export_own import own_data
from practice.records.merging import merge
from relationships.models import Relationship
from tests.conftest import browser_of
from tests.diary import book
from tests.factories import PASSWORD, ClientFactory, UserFactory, start
from tests.reading import Page, read

CONTACT, DETAILS = "/account/contact/", "/account/details/"
REACH = {"email": "alice@reach.example", "phone": "020 7946 0018"}


@pytest.fixture
def reachable(alice) -> Contact:
    return Contact.objects.create(therapist=alice, **REACH)


@pytest.fixture
def appointment(individual: Relationship) -> Session:
    return book(individual)


def dashboard(browser: Browser) -> Page:
    return read(browser.get("/dashboard/"))


# How a therapist is reached


def test_a_therapist_says_how_clients_reach_them(as_alice, alice):
    page = read(as_alice.post(CONTACT, REACH, follow=True))

    assert Contact.objects.filter(therapist=alice, **REACH).exists()
    assert "Saved" in page.heads
    assert "alice@reach.example 020 7946 0018" in page.text
    entry = Entry.objects.filter(verb=Verb.SETTINGS_CHANGED).last()
    assert (entry.therapist_id, entry.outcome) == (alice.pk, "contact details")


def test_each_part_is_optional_and_can_be_taken_away(as_alice, alice, reachable):
    as_alice.post(CONTACT, {"email": "", "phone": ""})

    reachable.refresh_from_db()
    assert (reachable.email, reachable.phone) == ("", "")


@pytest.mark.parametrize(
    "typed",
    [
        {"email": "alice"},
        {"email": f"{'a' * 250}@reach.example"},
        {"phone": "ask me"},
        {"phone": "0" * 41},
        {"phone": "<script>"},
    ],
)
def test_what_is_neither_address_nor_number_is_refused(as_alice, alice, typed):
    answer = as_alice.post(CONTACT, REACH | typed)

    assert answer.status_code == 422
    assert read(answer).value_of(*typed) == next(iter(typed.values()))
    assert not Contact.objects.exists()


def test_saving_without_a_change_writes_nothing(as_alice, reachable):
    before = Entry.objects.count()

    assert as_alice.post(CONTACT, REACH).status_code == 303
    assert Entry.objects.count() == before


@pytest.mark.parametrize("place", ["/dashboard/", "/sessions/{}/"])
def test_their_clients_reach_them_with_one_press(as_ann, reachable, appointment, place):
    page = read(as_ann.get(place.format(appointment.public_id)))

    assert ("mailto:alice@reach.example", "alice@reach.example") in page.links
    assert ("tel:02079460018", "020 7946 0018") in page.links


def test_nobody_else_reads_it(as_bob, as_alice, carl, reachable, individual):
    carl.account = UserFactory()
    carl.save()
    start(carl)
    places = ("/therapists/", "/therapists/alice/", "/dashboard/", "/help/")
    for browser in (as_bob, browser_of(carl.account), Browser()):
        for place in places:
            assert "reach.example" not in browser.get(place).content.decode()


def test_who_may_not_book_any_more_reads_nothing(as_ann, alice, individual, reachable, appointment):
    individual.end(by=alice.user, reason="died")

    for place in ("/dashboard/", f"/sessions/{appointment.public_id}/"):
        assert "reach.example" not in as_ann.get(place).content.decode()


def test_after_an_ending_they_are_reached_as_before(as_ann, alice, individual, reachable):
    individual.end(by=alice.user, reason="completed")

    assert "mailto:alice@reach.example" in dashboard(as_ann).addresses


def test_of_one_therapist_it_is_said_once(as_ann, individual, couples, reachable):
    assert dashboard(as_ann).addresses.count("mailto:alice@reach.example") == 1


def test_a_therapist_who_has_said_nothing_has_no_heading_for_it(as_ann, appointment):
    page = read(as_ann.get(f"/sessions/{appointment.public_id}/"))

    assert not any("reach" in head for head in page.heads)


def test_a_client_is_not_asked_for_it(as_ann):
    assert as_ann.get(CONTACT).status_code == 403


# What a client says of themselves


def test_a_client_says_how_they_are_called_and_reached(as_ann, ann, as_alice, individual):
    page = read(
        as_ann.post(DETAILS, {"name": "Ann Ashby-Cole", "phone": "07700 900123"}, follow=True)
    )
    told = read(as_alice.get(f"/clients/{ann.public_id}/"))

    assert "Details saved" in page.heads
    assert "Ann Ashby-Cole 07700 900123" in page.text
    assert "They call themselves Ann Ashby-Cole" in told.text
    assert ("tel:07700900123", "07700 900123") in told.links


def test_what_the_therapist_has_noted_stays_theirs(as_ann, ann, as_alice, individual):
    before = Client.objects.values().get(pk=ann.pk)

    as_ann.post(DETAILS, {"name": "Somebody Else", "phone": "07700 900123"})

    assert Client.objects.values().get(pk=ann.pk) == before
    assert "Ann Ashby" in as_alice.get("/clients/").content.decode()


def test_each_therapist_finds_it_in_the_access_history(as_ann, ann, bob, as_alice):
    other = ClientFactory(therapist=bob, account=ann.account)

    as_ann.post(DETAILS, {"name": "Ann Cole", "phone": ""})

    entries = Entry.objects.filter(verb=Verb.DETAILS_CHANGED).order_by("therapist")
    assert [(e.therapist_id, e.by) for e in entries] == [
        (c.therapist_id, ann.account_id) for c in (ann, other)
    ]
    history = read(as_alice.get(f"/clients/{ann.public_id}/access/"))
    assert "Changed their own name or phone" in history.text
    assert "Ann Cole" not in str([*Entry.objects.values()])


def test_it_is_read_also_where_the_account_is_that_of_a_merged_record(as_ann, ann, as_alice, alice):
    stays = ClientFactory(therapist=alice, name="Ann Cole")
    merge(ann, into=stays, by=alice.user)
    as_ann.post(DETAILS, {"name": "Nan Ashby", "phone": "07700 900123"})

    page = read(as_alice.get(f"/clients/{stays.public_id}/"))

    assert "They call themselves Nan Ashby" in page.text
    assert ("tel:07700900123", "07700 900123") in page.links


def test_the_same_name_and_number_are_not_said_twice(as_ann, ann, as_alice, individual):
    Client.objects.filter(pk=ann.pk).update(phone="+44 (0)7700 900123")
    as_ann.post(DETAILS, {"name": "ann  ashby", "phone": "+447700900123"})

    page = read(as_alice.get(f"/clients/{ann.public_id}/"))

    assert "They call themselves" not in page.text
    assert page.addresses.count("tel:+447700900123") == 1


def test_the_dashboard_calls_them_as_they_call_themselves(as_ann, individual):
    as_ann.post(DETAILS, {"name": "Nan Ashby", "phone": ""})

    page = dashboard(as_ann)
    assert "Hello, Nan" in page.heads
    assert "Nan Ashby" in page.all_text


@pytest.mark.parametrize(
    "typed",
    [{"name": "x" * 121}, {"phone": "1" * 41}, {"name": "a\x00b"}, {"phone": "no number"}],
)
def test_too_long_or_unreadable_is_refused_and_kept(as_ann, ann, typed):
    answer = as_ann.post(DETAILS, {"name": "Nan", "phone": ""} | typed)

    assert answer.status_code == 422
    assert (
        User.objects.get(pk=ann.account_id).name,
        Entry.objects.filter(verb=Verb.DETAILS_CHANGED).exists(),
    ) == ("", False)


def test_their_own_data_and_the_archive_of_the_client_have_it(as_ann, ann, individual):
    as_ann.post(DETAILS, {"name": "Nan Ashby", "phone": "07700 900123"})
    account = User.objects.get(pk=ann.account_id)
    record = Client.objects.get(pk=ann.pk)

    own = own_data(account, [record], timezone.now())
    archive = export_client(record, timezone.now())

    assert (own["account"]["name"], own["account"]["phone"]) == ("Nan Ashby", "07700 900123")
    told = archive["client"]
    assert (told["name"], told["own_name"], told["own_phone"]) == (
        "Ann Ashby",
        "Nan Ashby",
        "07700 900123",
    )


def test_a_closed_account_has_forgotten_it(as_ann, ann):
    as_ann.post(DETAILS, {"name": "Nan Ashby", "phone": "07700 900123"})
    account = User.objects.get(pk=ann.account_id)

    account.close()

    assert User.objects.filter(pk=account.pk, name="", phone="").exists()


@pytest.mark.parametrize(("was_theirs", "name"), [(False, ""), (True, "Nan Ashby")])
def test_the_first_proof_takes_away_what_somebody_else_may_have_said(ann, was_theirs, name):
    said = {"name": "Nan Ashby", "phone": "07700 900123"}
    not_known = {} if was_theirs else {"email_verified_at": None}
    User.objects.filter(pk=ann.account_id).update(**said, **not_known)

    User.objects.get(pk=ann.account_id).claim(PASSWORD)

    assert User.objects.get(pk=ann.account_id).name == name


def test_a_mere_therapist_has_no_such_page(as_alice):
    assert as_alice.get(DETAILS).status_code == 403
    assert DETAILS not in read(as_alice.get("/account/")).addresses
