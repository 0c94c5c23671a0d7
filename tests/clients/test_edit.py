"""Changing who a client is: the person, and never a relationship's state."""

import pytest

from clients.models import Client
from practice.records.merging import merge
from tests.factories import counters_of, history_of, row_of
from tests.reading import read


def sent(**changed: str) -> dict[str, str]:
    return {
        "name": "Ann Ashby",
        "preferred_name": "",
        "email": "ann@mail.example",
        "phone": "",
        "time_zone": "Europe/London",
    } | changed


def test_details_are_saved(as_alice, ann):
    answer = as_alice.post(
        f"/clients/{ann.public_id}/edit/",
        sent(
            name="Anna Zell",
            preferred_name="Nan",
            email="nan@mail.example",
            phone="07700 900123",
        ),
        follow=True,
    )

    page = read(answer)
    assert answer.redirect_chain == [(f"/clients/{ann.public_id}/", 303)]
    assert page.heads[:2] == ["Details saved", "Anna Zell"]
    ann.refresh_from_db()
    assert (ann.name, ann.preferred_name, ann.email, ann.phone) == (
        "Anna Zell",
        "Nan",
        "nan@mail.example",
        "07700 900123",
    )
    assert (ann.sort_name, ann.search_text) == ("anna zell", " anna zell nan")


def test_a_form_opened_before_an_ending_does_not_bring_the_client_back(as_alice, individual, ann):
    """Trap 13 of `docs/domain.md` 6: the phone number is saved after the relationship has ended."""
    form = as_alice.get(f"/clients/{ann.public_id}/edit/").context["form"]
    typed = {field.name: field.value() or "" for field in form} | {"phone": "07700 900123"}
    as_alice.post(f"/relationships/{individual.public_id}/end/", {"reason": "completed"})
    before = row_of(individual)

    answer = as_alice.post(f"/clients/{ann.public_id}/edit/", typed)

    assert answer.status_code == 303
    assert Client.objects.get(pk=ann.pk).phone == "07700 900123"
    assert counters_of(ann) == [0]
    assert row_of(individual) == before
    assert history_of(individual) == ["started", "ended"]


def test_an_old_copy_that_is_saved_by_the_form_keeps_the_counter(alice, individual, ann):
    from clients.forms import ClientForm

    stale = Client.objects.get(pk=ann.pk)
    form = ClientForm(sent(phone="07700 900123"), instance=stale)
    assert form.is_valid()
    individual.end(by=alice.user, reason="completed")

    form.save()

    assert counters_of(ann) == [0]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"name": ""}, "Enter the client’s name"),
        ({"email": "ann"}, "Enter an email address like name@example.com"),
        ({"name": "Ann\x07"}, "Use letters, spaces and punctuation only"),
    ],
    ids=repr,
)
def test_a_refused_form_says_which_field_and_keeps_the_rest(as_alice, ann, changed, told):
    answer = as_alice.post(f"/clients/{ann.public_id}/edit/", sent(phone="123") | changed)

    page = read(answer)
    assert answer.status_code == 422
    assert page.title == "Error: Edit details – AA – Stillwater"
    assert page.text.count(told) == 2
    assert page.value_of("phone") == "123"
    ann.refresh_from_db()
    assert ann.phone == ""


def test_what_nobody_asks_for_is_not_taken(as_alice, alice, bob, ann):
    before = Client.objects.filter(pk=ann.pk).values().get()
    forged = {
        "id": "999",
        "therapist": str(bob.pk),
        "therapist_id": str(bob.pk),
        "account": str(bob.user_id),
        "account_id": str(bob.user_id),
        "active_relationships": "7",
        "public_id": "bcdfghjkmn",
        "sort_name": "aaa",
        "search_text": " aaa",
        "added_at": "2001-01-01",
    }

    as_alice.post(f"/clients/{ann.public_id}/edit/", sent() | forged)

    assert Client.objects.filter(pk=ann.pk).values().get() == before


def test_somebody_can_be_marked_as_not_to_be_contacted(as_alice, ann):
    as_alice.post(f"/clients/{ann.public_id}/edit/", sent(do_not_contact="on"))

    ann.refresh_from_db()
    assert ann.do_not_contact
    assert "Messages Do not contact" in read(as_alice.get(f"/clients/{ann.public_id}/")).text


def test_one_record_of_a_person_that_is_marked_is_enough(alice, ann, ben):
    merge(ben, into=ann, by=alice.user)
    Client.objects.filter(pk=ben.pk).update(do_not_contact=True)

    assert not Client.objects.get(pk=ann.pk).may_be_written_to


def test_nobody_is_sent_anything(as_alice, ann, mailoutbox):
    as_alice.post(f"/clients/{ann.public_id}/edit/", sent(email="new@mail.example"))

    assert mailoutbox == []
