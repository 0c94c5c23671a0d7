"""The pages by which a therapist merges two records of one person and separates them again."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client as Browser

from clients.models import Client
from practice.audit.models import Entry, Verb
from practice.records.erasure import erase
from practice.records.merging import merge, separate
from relationships.models import Relationship
from tests.factories import PASSWORD, ClientFactory, counters_of, start
from tests.pressing import again, hidden
from tests.reading import read

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(alice) -> Client:
    """Ann once more, under another name."""
    return ClientFactory(therapist=alice, name="Anna Zell", phone="020 7946 0007")


@pytest.fixture
def work(ann, anna) -> tuple[Relationship, Relationship]:
    return start(ann), start(anna)


def of(client: Client) -> Client:
    return Client.objects.get(pk=client.pk)


def comparing(one: Client, other: Client) -> str:
    return f"/clients/{one.public_id}/same-person/{other.public_id}/"


def separating(person: Client, record: Client) -> str:
    return f"/clients/{person.public_id}/separate/{record.public_id}/"


def opened(browser: Browser, address: str) -> dict[str, str]:
    """Open a confirming page and return what its form sends along."""
    return {"shown": read(browser.get(address)).value_of("shown")}


def test_a_client_page_leads_to_it(as_alice, ann, work):
    page = as_alice.get(f"/clients/{ann.public_id}/").content.decode()

    assert f"/clients/{ann.public_id}/same-person/" in page
    assert "This is the same person as…" in page


def test_whoever_has_the_same_name_or_address_is_offered_at_once(as_alice, alice, ann, ben):
    twin = ClientFactory(therapist=alice, name="ann ashby")
    mail = ClientFactory(therapist=alice, name="A. Ash", email="ANN@mail.example")

    page = as_alice.get(f"/clients/{ann.public_id}/same-person/").content.decode()

    assert comparing(ann, twin) in page
    assert comparing(ann, mail) in page
    assert comparing(ann, ben) not in page
    assert comparing(ann, ann) not in page


def test_a_name_is_looked_for_and_stands_in_no_address(as_alice, ann, anna):
    answer = as_alice.post(f"/clients/{ann.public_id}/same-person/", {"name": "zell"})

    assert answer.status_code == 200
    assert comparing(ann, anna) in answer.content.decode()
    assert Entry.objects.filter(verb=Verb.LIST_SEARCHED, outcome="1 found").exists()


def test_a_search_for_no_name_says_so(as_alice, ann):
    answer = as_alice.post(f"/clients/{ann.public_id}/same-person/", {"name": " "})

    assert answer.status_code == 422
    assert "Enter the name in the other record" in answer.content.decode()


def test_the_page_says_before_what_will_be_seen_where(as_alice, ann, anna, work):
    page = as_alice.get(comparing(ann, anna)).content.decode()

    assert "Ann Ashby" in page
    assert "Anna Zell" in page
    assert "Whoever signs in for the first of these records then also sees" in page
    assert "You can separate the records again at any time." in page
    assert page.count('type="radio"') == 2
    assert "checked" not in page


def test_which_stays_has_to_be_chosen(as_alice, ann, anna, work):
    address = comparing(ann, anna)
    answer = as_alice.post(address, opened(as_alice, address))

    assert answer.status_code == 422
    assert "Choose which record stays" in answer.content.decode()
    assert of(anna).merged_into is None


@pytest.mark.parametrize("stays", ["ann", "anna"])
def test_the_therapist_chooses_which_stays(as_alice, ann, anna, work, stays):
    address = comparing(ann, anna)
    stay, go = (ann, anna) if stays == "ann" else (anna, ann)

    answer = as_alice.post(address, opened(as_alice, address) | {"stays": stay.public_id})

    assert answer.status_code == 303
    assert answer.url == f"/clients/{stay.public_id}/"
    assert of(go).merged_into == stay
    page = as_alice.get(answer.url).content.decode()
    assert "Records merged" in page
    assert f"Also known as {go.name}" in page
    assert separating(stay, go) in page


def test_the_page_of_the_person_shows_the_details_and_the_work_of_both(as_alice, ann, anna, work):
    merge(anna, into=ann, by=ann.therapist.user)

    page = as_alice.get(f"/clients/{ann.public_id}/").content.decode()

    assert "020 7946 0007" in page
    for relationship in work:
        assert f"/relationships/{relationship.public_id}/" in page


def test_separating_is_confirmed_and_done(as_alice, ann, anna, work):
    merge(anna, into=ann, by=ann.therapist.user)
    address = separating(ann, anna)

    answer = as_alice.post(address, opened(as_alice, address))

    assert answer.status_code == 303
    assert of(anna).merged_into is None
    page = as_alice.get(answer.url).content.decode()
    assert "Records separated" in page
    assert "Also known as" not in page


def test_looking_merges_and_separates_nothing(as_alice, ann, anna, work):
    as_alice.get(comparing(ann, anna))
    assert of(anna).merged_into is None

    merge(anna, into=ann, by=ann.therapist.user)
    as_alice.get(separating(ann, anna))
    assert of(anna).merged_into == ann


def test_separating_says_what_belongs_to_each(as_alice, ann, anna, work):
    merge(anna, into=ann, by=ann.therapist.user)

    page = as_alice.get(separating(ann, anna)).content.decode()

    for relationship in work:
        assert page.count(f"/relationships/{relationship.public_id}/") == 1
    assert "Also known as" not in page


def test_a_client_since_the_first_of_the_records(as_alice, ann, anna, work):
    Client.objects.filter(pk=anna.pk).update(added_at=datetime(2024, 5, 6, 12, tzinfo=UTC))
    merge(of(anna), into=ann, by=ann.therapist.user)

    for tab in ("", "relationships/", "sessions/"):
        page = read(as_alice.get(f"/clients/{ann.public_id}/{tab}"))
        assert "Client since 6 May 2024" in page.text


# What has changed since the page was opened.


def test_what_was_not_shown_is_not_merged(as_alice, ann, anna, work):
    address = comparing(ann, anna)
    sent = opened(as_alice, address) | {"stays": ann.public_id}
    work[1].end(by=ann.therapist.user, reason="completed")

    answer = as_alice.post(address, sent)

    assert answer.status_code == 409
    assert "This has changed since you opened the page" in answer.content.decode()
    assert of(anna).merged_into is None

    again = as_alice.post(address, opened(as_alice, address) | {"stays": ann.public_id})
    assert again.status_code == 303


def test_a_form_that_says_nothing_of_what_was_shown_does_nothing(as_alice, ann, anna, work):
    assert as_alice.post(comparing(ann, anna), {"stays": ann.public_id}).status_code == 409
    merge(anna, into=ann, by=ann.therapist.user)
    assert as_alice.post(separating(ann, anna)).status_code == 409
    assert of(anna).merged_into == ann


def test_two_pages_of_the_same_merge_merge_once(as_alice, ann, anna, work):
    address = comparing(ann, anna)
    sent = opened(as_alice, address) | {"stays": ann.public_id}
    as_alice.post(address, sent)

    again = as_alice.post(address, sent)

    assert again.status_code == 303
    assert "These records are merged already" in as_alice.get(again.url).content.decode()
    assert counters_of(ann, anna) == [2, 1]


def test_the_other_way_round_from_an_older_page_is_told_the_truth(as_alice, ann, anna, work):
    address = comparing(anna, ann)
    sent = opened(as_alice, address) | {"stays": anna.public_id}
    merge(anna, into=ann, by=ann.therapist.user)

    answer = as_alice.post(address, sent)

    assert answer.status_code == 409
    assert of(anna).merged_into == ann
    assert of(ann).merged_into is None


def test_a_record_that_was_merged_elsewhere_meanwhile_is_shown_as_it_is_now(
    as_alice, alice, ann, anna, ben, work
):
    address = comparing(ann, anna)
    sent = opened(as_alice, address) | {"stays": ann.public_id}
    merge(anna, into=ben, by=alice.user)

    answer = as_alice.post(address, sent)

    assert answer.status_code == 409
    assert "Ben Bright" in answer.content.decode()
    assert of(ben).merged_into is None


def test_whoever_has_been_erased_meanwhile_is_not_there(as_alice, alice, ann, anna, work):
    address = comparing(ann, anna)
    sent = opened(as_alice, address) | {"stays": ann.public_id}
    work[1].end(by=alice.user, reason="completed")
    erase(of(anna), by=alice.user)

    answer = as_alice.post(address, sent)

    assert answer.status_code == 409
    assert "Nothing was merged" in answer.content.decode()
    assert as_alice.get(address).status_code == 404


def test_separating_twice_is_said(as_alice, ann, anna, work):
    merge(anna, into=ann, by=ann.therapist.user)
    address = separating(ann, anna)
    sent = opened(as_alice, address)
    as_alice.post(address, sent)

    again = as_alice.post(address, sent)

    assert "These records are not merged any more" in as_alice.get(again.url).content.decode()


# What stands in the way.


def test_a_couple_is_two_people_and_the_page_says_so(as_alice, ann, ben, couples):
    address = comparing(ann, ben)

    answer = as_alice.get(address)
    page = answer.content.decode()

    assert "These two cannot be merged" in page
    assert "recorded as two people" in page
    assert "Merge these records" not in page
    assert as_alice.post(address, {"stays": ann.public_id}).status_code == 409
    assert of(ben).merged_into is None


def test_the_record_that_others_are_merged_into_is_the_one_that_stays(
    as_alice, alice, ann, anna, ben, work
):
    merge(anna, into=ann, by=alice.user)

    page = as_alice.get(comparing(ben, ann)).content.decode()

    assert page.count('type="radio"') == 1
    assert f'value="{ann.public_id}"' in page


def test_a_record_is_no_other_than_itself(as_alice, ann):
    assert as_alice.get(comparing(ann, ann)).status_code == 303


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_another_therapists_does_not_exist(as_bob, as_alice, ann, anna, carl, method):
    for browser, one, other in ((as_bob, ann, anna), (as_alice, ann, carl), (as_bob, carl, ann)):
        assert getattr(browser, method)(separating(one, other)).status_code == 404
    assert getattr(as_bob, method)(comparing(ann, anna)).status_code == 404


@pytest.mark.parametrize(("method", "status"), [("get", 404), ("post", 409)])
def test_another_therapists_client_is_answered_like_nobody(as_bob, ann, carl, method, status):
    nobody = Client(public_id="bcdfghjkmn")
    answers = [getattr(as_bob, method)(comparing(carl, other)) for other in (ann, nobody)]

    assert [answer.status_code for answer in answers] == [status, status]
    assert "Ashby" not in answers[0].content.decode()


def test_the_refusal_of_a_new_client_who_is_there_twice_says_what_to_do(as_alice, alice, ann):
    ClientFactory(therapist=alice, name="Ann Ashby")
    typed = {
        "name": "Ann Ashby",
        "time_zone": "Europe/London",
        "kind": "individual",
        "others-TOTAL_FORMS": "1",
        "others-INITIAL_FORMS": "0",
    }

    page = as_alice.post("/clients/add/", typed).content.decode()

    assert "If two of these are the same person" in page


def test_help_names_the_merged_record_that_is_looked_for(as_alice, ann, anna, work):
    merge(anna, into=ann, by=ann.therapist.user)

    page = as_alice.post("/help/cant-spot-a-client/", {"name": "zell"}).content.decode()

    assert re.search(r"The record of Anna Zell is merged with that of <a[^>]*>Ann Ashby</a>", page)


def test_erasing_says_which_other_record_goes(as_alice, alice, ann, anna, work):
    merge(anna, into=ann, by=alice.user)
    for relationship in work:
        relationship.end(by=alice.user, reason="completed")
    as_alice.post("/sign-in/again/", {"password": PASSWORD})

    page = as_alice.get(f"/clients/{ann.public_id}/erase/").content.decode()

    assert "also those of the merged record of Anna Zell" in page


def test_a_record_that_the_page_did_not_name_is_not_erased(as_alice, alice, ann, anna, work):
    """Neither from an older page, nor between the look and the lock."""
    for relationship in work:
        relationship.end(by=alice.user, reason="completed")
    as_alice.post("/sign-in/again/", {"password": PASSWORD})
    page = f"/clients/{ann.public_id}/erase/"
    before = hidden(read(as_alice.get(page)))
    merge(anna, into=of(ann), by=alice.user)

    answer = as_alice.post(page, before | {"sure": "on"})

    assert "merged record of Anna Zell" in again(answer, "Nothing was erased.").text
    assert alice.clients.people().get() == ann

    now = hidden(read(as_alice.get(page)))
    assert as_alice.post(page, now | {"sure": "on"}).status_code == 303
    assert not alice.clients.exists()


def test_a_record_that_was_separated_meanwhile_is_not_thought_to_go(
    as_alice, alice, ann, anna, work
):
    for relationship in work:
        relationship.end(by=alice.user, reason="completed")
    merge(anna, into=of(ann), by=alice.user)
    as_alice.post("/sign-in/again/", {"password": PASSWORD})
    page = f"/clients/{ann.public_id}/erase/"
    before = hidden(read(as_alice.get(page)))
    separate(of(anna), by=alice.user)

    assert as_alice.post(page, before | {"sure": "on"}).status_code == 409
    assert alice.clients.count() == 2


def test_after_separating_the_old_page_of_the_record_is_its_own_again(as_alice, ann, anna, work):
    merge(anna, into=ann, by=ann.therapist.user)
    separate(of(anna), by=ann.therapist.user)

    assert as_alice.get(f"/clients/{anna.public_id}/").status_code == 200
