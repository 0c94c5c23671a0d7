"""One address for several people: a parent signs in for a child, and a therapist is told of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clients.models import Client, Invitation
from practice.accounts.access import records_of
from practice.accounts.models import Therapist, User
from practice.diary.models import Session
from practice.records.erasure import erase
from practice.records.export_own import own_data
from relationships.models import Kind, Relationship
from tests.conftest import browser_of
from tests.factories import ClientFactory, UserFactory, start
from tests.pressing import Browser
from tests.reading import read

HOUR = timedelta(minutes=50)


@pytest.fixture
def mia(alice: Therapist) -> Client:
    """Ann's daughter, of whom Alice has the mother's address."""
    return ClientFactory(therapist=alice, name="Mia Ashby", email="Ann@Mail.example")


def link_to(client: Client) -> str:
    return f"/invitation/{Invitation.create_for(client)}/"


@pytest.fixture
def both(ann: Client, mia: Client, as_ann: Browser) -> User:
    """The account of Ann, who has accepted the invitation of Mia, too."""
    answer = as_ann.post(link_to(mia), follow=True)
    assert "Invitation accepted" in read(answer).heads
    return ann.account


def book(relationship: Relationship, by: User, days: int = 7) -> Session:
    at = timezone.now() + timedelta(days=days)
    return Session.book(relationship, starts_at=at, length=HOUR, by=by)


# The therapist is told.


def page_of(browser: Browser, client: Client) -> str:
    return read(browser.get(f"/clients/{client.public_id}/")).text


def test_before_inviting_it_is_said_whose_address_it_is_too(as_alice, ann, mia):
    assert (
        "Ann@Mail.example is also the address of Ann Ashby. Whoever signs in with it sees both."
        in page_of(as_alice, mia)
    )


def test_it_is_said_of_everybody_who_has_it(as_alice, alice, ann, mia):
    ClientFactory(therapist=alice, name="Tom Ashby", email="ann@mail.example")

    assert "is also the address of Ann Ashby and Tom Ashby. Whoever" in page_of(as_alice, mia)
    assert "sees all of them." in page_of(as_alice, mia)


def test_the_address_that_somebody_signs_in_with_is_not_told_by_typing_it(as_alice, ann, mia):
    Client.objects.filter(pk=ann.pk).update(email="ann@elsewhere.example")

    assert "is also the address" not in page_of(as_alice, mia)


def test_nothing_is_said_of_other_peoples_clients_or_of_erased_ones(as_alice, bob, ben, alice):
    ClientFactory(therapist=bob, name="Bens Twin", email=ben.email)
    ClientFactory(therapist=bob, name="Bens Ghost", account=UserFactory(email=ben.email))
    gone = ClientFactory(therapist=alice, name="Ben Gone", email=ben.email)
    gone.become_nameless()

    assert "is also the address" not in page_of(as_alice, ben)


def test_who_has_no_address_shares_it_with_nobody(as_alice, alice):
    one, _ = ClientFactory.create_batch(2, therapist=alice, email="")

    assert "is also the address" not in page_of(as_alice, one)


def test_who_signs_in_with_another_address_is_said(as_alice, ann):
    assert "another address" not in page_of(as_alice, ann)

    typed = {"name": ann.name, "email": "ann@new.example", "time_zone": "Europe/London"}
    form = read(as_alice.get(f"/clients/{ann.public_id}/edit/"))
    as_alice.post(f"/clients/{ann.public_id}/edit/", typed)

    assert "Ann goes on signing in with the address that they have." in form.text
    text = page_of(as_alice, ann)
    assert "Ann signs in with another address than this record has." in text
    assert "Only Ann can change it, under ‘Your account’." in text
    assert "ann@mail.example" not in text  # the one they have may be nobody's business here


def test_capital_letters_are_no_other_address(as_alice, ann):
    Client.objects.filter(pk=ann.pk).update(email="Ann@Mail.Example")

    assert "another address" not in page_of(as_alice, ann)


def test_whoever_cannot_sign_in_yet_is_told_nothing_of_it(as_alice, ben):
    form = read(as_alice.get(f"/clients/{ben.public_id}/edit/"))

    assert "signing in" not in form.text


# One account, several people.


def test_a_second_member_of_a_family_joins(both, ann, mia):
    assert set(both.clients.all()) == {ann, mia}


def test_without_an_account_the_second_joins_like_the_first(alice):
    """Neither has signed in before; no mail is sent."""
    people = [
        ClientFactory(therapist=alice, name=name, email="home@mail.example")
        for name in ("Ida Island", "Ole Island")
    ]
    chosen = {"new_password1": "a brand new harbour", "new_password2": "a brand new harbour"}
    browser = Browser()
    for link in map(link_to, people):
        browser.post(link, chosen)
        browser.post(
            "/sign-in/", {"login": "home@mail.example", "password": chosen["new_password1"]}
        )
        assert "Invitation accepted" in read(browser.post(link, follow=True)).heads

    assert set(User.objects.get(email="home@mail.example").clients.all()) == set(people)


def test_the_dashboard_says_for_whom(both, ann, mia, as_ann):
    start(ann)
    start(mia)

    page = read(as_ann.get("/dashboard/"))

    assert "Individual sessions for Ann" in page.text
    assert "Individual sessions for Mia" in page.text
    assert page.heads[0] == "Hello"


def test_work_with_both_is_for_both(both, ann, mia, ben, as_ann):
    start(ann, mia, ben, kind=Kind.FAMILY)

    assert "Family sessions for Ann and Mia, with Ben" in read(as_ann.get("/dashboard/")).text


def test_whoever_is_one_person_reads_nothing_of_it(ann, as_ann, individual, bob):
    ClientFactory(therapist=bob, name="Ann Ashby", account=ann.account)

    page = read(as_ann.get("/dashboard/"))

    assert page.heads[0] == "Hello, Ann"
    assert "Individual sessions" in page.text
    assert "for Ann" not in page.text


def test_every_page_on_the_way_to_a_session_says_for_whom(both, mia, ann, as_ann, alice):
    start(ann)
    work = start(mia)
    session = book(work, by=both)

    lists = [read(as_ann.get(place)).text for place in ("/dashboard/", "/dashboard/sessions/")]
    booking = read(as_ann.get(f"/book/{work.public_id}/")).text
    page = read(as_ann.get(f"/sessions/{session.public_id}/")).text

    assert all("Alice Archer, for Mia" in text for text in lists)
    assert "With Alice Archer, individual for Mia" in booking
    assert "Individual for Mia" in page
    assert "by you" in page


def test_of_two_with_one_account_both_are_named_as_who_booked(both, ann, mia, ben, as_alice):
    work = start(ann, mia, ben, kind=Kind.FAMILY)
    session = book(work, by=both)

    assert "by Ann and Mia" in read(as_alice.get(f"/sessions/{session.public_id}/")).text


def test_the_record_of_who_opened_what_names_both(both, mia, ann, as_ann, as_alice):
    as_ann.get("/dashboard/")

    page = read(as_alice.get(f"/clients/{mia.public_id}/access/"))

    assert "Ann and Mia" in page.cells


def test_what_is_over_because_one_died_says_nothing_of_the_other(both, ann, mia, as_ann, alice):
    start(ann)
    start(mia).end(by=alice.user, reason="died")

    page = read(as_ann.get("/dashboard/"))

    assert page.text.count("Book a New Session..") == 1
    assert "has been ended" not in page.text


def test_one_is_erased_and_the_other_goes_on(both, ann, mia, as_ann, alice):
    start(ann)
    start(mia).end(by=alice.user, reason="completed")
    erase(mia, by=alice.user)

    assert list(both.clients.all()) == [ann]
    page = read(as_ann.get("/dashboard/"))
    assert page.heads[0] == "Hello, Ann"
    assert "Mia" not in page.text


def test_their_own_data_says_for_whom(both, ann, mia, as_ann):
    start(ann)
    start(mia)
    data = own_data(both, both.clients.order_by("pk"), timezone.now())

    assert [record["name"] for record in data["records"]] == ["Ann Ashby", "Mia Ashby"]
    assert {(r["for"], r["with"]) for r in data["relationships"]} == {("Ann", ""), ("Mia", "")}


def test_somebody_elses_account_gets_nothing_by_it(both, ann, mia, ben):
    work = start(mia)
    account = UserFactory()
    Client.objects.filter(pk=ben.pk).update(account=account)

    stranger = browser_of(account)

    assert "Mia" not in read(stranger.get("/dashboard/")).text
    assert stranger.get(f"/book/{work.public_id}/").status_code == 404


def test_the_records_of_an_account_are_read_by_one_query(both, ann, mia, django_assert_num_queries):
    account = User.objects.get(pk=both.pk)
    records_of(account)  # it is compiled

    with django_assert_num_queries(1):
        records = records_of(account)
        assert [*records] == [ann, mia]
        assert {record.therapist for record in records} == {ann.therapist}
        assert [record.person for record in records] == [ann, mia]
        assert all(record.account is account for record in records)

    assert set(records.values_list("pk", flat=True)) == {ann.pk, mia.pk}
    assert records.filter(name=mia.name).get() == mia
