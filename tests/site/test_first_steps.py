"""The first steps of a new therapist: found out, never stored, and gone when all are done."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clients.models import Invitation
from practice.profiles.models import Profile
from practice.site.first_steps import first_steps
from tests.diary import works
from tests.factories import ClientFactory, UserFactory
from tests.reading import read

HOURS, PROFILE, CLIENT, INVITE = (
    "Set your hours",
    "Write your profile",
    "Add your first client",
    "Invite them",
)


def done(therapist) -> list[str]:
    return [step.title for step in first_steps(therapist) if step.is_done]


def following(therapist) -> list[str]:
    return [step.title for step in first_steps(therapist) if step.is_next]


def write_profile(therapist, **columns: str) -> None:
    Profile.objects.update_or_create(therapist=therapist, defaults=columns)


def test_a_new_therapist_has_four_steps_and_begins_with_the_hours(as_alice, alice):
    page = read(as_alice.get("/clients/"))

    assert page.heads == ["Clients", HOURS, PROFILE, CLIENT, INVITE]
    assert "Four steps, in any order. They go away when all are done." in page.text
    assert {"/diary/availability/", "/profile/", "/clients/add/"} <= {*page.addresses}
    assert following(alice) == [HOURS]
    assert done(alice) == []
    assert "(done)" not in page.text


def test_each_is_ticked_off_as_it_is_done_in_any_order(alice, bob):
    works(bob, "09:00-17:00")
    client = ClientFactory(therapist=alice)
    assert (done(alice), following(alice)) == ([CLIENT], [HOURS])

    write_profile(alice)
    assert done(alice) == [CLIENT]
    write_profile(alice, about="I work with couples.")
    assert done(alice) == [PROFILE, CLIENT]

    works(alice, "09:00-17:00")
    assert (done(alice), following(alice)) == ([HOURS, PROFILE, CLIENT], [INVITE])
    assert (first_steps(alice)[3].page, first_steps(alice)[3].public_id) == (
        "invite",
        client.public_id,
    )

    Invitation.create_for(client)
    assert first_steps(alice) == []


def test_what_is_undone_is_a_step_again(alice):
    works(alice, "09:00-17:00")
    assert done(alice) == [HOURS]

    alice.weekly_hours.all().delete()

    assert (done(alice), following(alice)) == ([], [HOURS])


def test_a_client_with_an_account_needs_no_invitation(alice):
    ClientFactory(therapist=alice, account=UserFactory())

    assert done(alice) == [CLIENT, INVITE]


def test_nobody_can_be_invited_before_there_is_a_client(alice):
    works(alice, "09:00-17:00")
    write_profile(alice, headline="Counsellor in London")

    steps = first_steps(alice)
    assert [step.is_next for step in steps] == [False, False, True, False]
    assert steps[3].page == ""


@pytest.mark.parametrize(
    ("days", "spans", "words"),
    [
        (range(5), ["09:00-17:00"], "Monday to Friday, 9am to 5pm"),
        (
            range(5),
            ["09:00-13:00", "14:00-17:00"],
            "Monday to Friday, 9am to 5pm, break 1pm to 2pm",
        ),
        (range(2, 3), ["10:00-00:00"], "Wednesday, 10am to midnight"),
        ([0, 2], ["10:00-12:00"], "2 days a week"),
    ],
    ids=str,
)
def test_hours_that_are_set_are_said_in_a_line(as_alice, alice, days, spans, words):
    works(alice, *spans, days=days)

    page = read(as_alice.get("/clients/"))

    assert words in page.text
    assert ("/diary/availability/", "Change your hours") in page.links


def test_of_steps_that_are_done_none_has_a_press_but_the_hours(as_alice, alice):
    write_profile(alice, about="I work with couples.")

    page = read(as_alice.get("/clients/"))

    assert f"{PROFILE} (done)" in page.heads
    assert "/profile/" not in page.addresses


def test_the_list_of_clients_has_no_steps_once_there_is_a_client(as_alice, ann, individual):
    for query in ("", "?q=nobody", "?include=inactive"):
        assert HOURS not in read(as_alice.get(f"/clients/{query}")).heads


def test_they_take_three_statements_at_most_however_much_there_is(alice):
    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            first_steps(alice)
        return len(captured)

    assert statements() == 1
    works(alice, "09:00-12:00", "13:00-17:00", days=range(7))
    ClientFactory.create_batch(5, therapist=alice)
    assert statements() == 3
    ClientFactory.create_batch(30, therapist=alice)
    assert statements() == 3
    write_profile(alice, about="I work with couples.")
    Invitation.create_for(alice.clients.first())
    assert statements() == 1


def test_nothing_of_them_is_stored(as_alice, alice):
    with CaptureQueriesContext(connection) as captured:
        first_steps(alice)

    assert all(re.match("SELECT", query["sql"]) for query in captured)
