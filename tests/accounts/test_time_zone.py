"""The zone in which somebody reads times: one for an account, and its owner sets it."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from clients.models import Client, Invitation
from practice.accounts.models import Therapist, User
from practice.booking.models import free_times
from practice.records.merging import merge
from tests.conftest import browser_of
from tests.diary import DAY, book, browser_for, works
from tests.factories import (
    PASSWORD,
    ClientFactory,
    TherapistFactory,
    UserFactory,
    reads_in,
    start,
)
from tests.reading import read

NOW = datetime(2025, 11, 20, 10, tzinfo=UTC)


def zone_of(user: User) -> str:
    return User.objects.get(pk=user.pk).time_zone


def test_a_therapist_chooses_their_zone(as_alice, alice):
    page = read(as_alice.post("/account/", {"time_zone": "Asia/Tokyo"}, follow=True))

    alice.user.refresh_from_db()
    assert alice.time_zone == alice.user.time_zone == "Asia/Tokyo"
    assert "Time zone saved" in page.heads
    assert "Times are shown in Tokyo time (JST)" in page.all_text


def test_a_client_chooses_it_for_what_they_read_of_every_therapist(as_ann, ann, bob):
    ClientFactory(therapist=bob, account=ann.account, time_zone="Asia/Tokyo")

    as_ann.post("/account/", {"time_zone": "Europe/Stockholm"})

    assert {record.zone for record in Client.objects.all()} == {"Europe/Stockholm"}


def test_nobody_elses_zone_is_changed(as_ann, ann, ben, alice):
    as_ann.post("/account/", {"time_zone": "Europe/Stockholm"})

    assert (ben.zone, zone_of(alice.user)) == ("Europe/London", "Europe/London")


@pytest.mark.parametrize(
    "zone", ["", "Mars/Olympus", "../etc/passwd", "\x00", "europe/london", "Factory"]
)
def test_what_is_no_zone_is_refused(as_alice, alice, zone):
    answer = as_alice.post("/account/", {"time_zone": zone})

    assert answer.status_code == 422
    assert zone_of(alice.user) == "Europe/London"


def test_another_name_of_a_zone_is_kept_as_that_of_the_list(as_alice, alice):
    as_alice.post("/account/", {"time_zone": "US/Eastern"})

    assert zone_of(alice.user) == "America/New_York"


@pytest.mark.parametrize(
    ("kept", "shown"), [("Asia/Kathmandu", "Asia/Kathmandu"), ("GB", "Europe/London")]
)
def test_the_present_zone_is_chosen_in_the_form(as_ann, ann, kept, shown):
    User.objects.filter(pk=ann.account_id).update(time_zone=kept)

    source = as_ann.get("/account/").content.decode()

    assert f'<option value="{shown}" selected>' in source
    assert source.count(" selected>") == 1


def test_a_therapist_cannot_set_it_where_the_account_is_that_of_a_merged_record(
    as_alice, alice, ann
):
    """Whoever signs in with any record of a person reads times in the zone of their account."""
    stays = ClientFactory(therapist=alice, name="Ann Cole", time_zone="Europe/London")
    merge(ann, into=stays, by=alice.user)
    reads_in(ann.account, "Asia/Tokyo")
    address = f"/clients/{stays.public_id}/edit/"

    page = read(as_alice.get(address))
    as_alice.post(address, {"name": "Ann Cole", "time_zone": "Europe/Paris"})

    assert not [a for _, a in page.tags if a.get("name") == "time_zone"]
    assert "Ann reads times in Tokyo time (JST), as chosen in their own account." in page.text
    stays = Client.objects.get(pk=stays.pk)
    assert (stays.time_zone, stays.zone) == ("Europe/London", "Asia/Tokyo")


# One reader, one zone.


@pytest.fixture
def of_two(alice, bob):
    """An account with a record at each of two therapists, who gave it a zone each."""
    account = UserFactory(time_zone="Europe/Stockholm")
    zones = {alice: "Asia/Tokyo", bob: "America/New_York"}
    for therapist, zone in zones.items():
        ClientFactory(therapist=therapist, account=account, time_zone=zone)
    return account


def test_a_client_of_two_therapists_reads_one_zone(of_two):
    with time_machine.travel(NOW, tick=False):
        for record in of_two.clients.all():
            book(start(record), datetime(2025, 11, 26 + (record.pk % 2), 16, tzinfo=UTC))
        browser = browser_of(of_two)
        page = read(browser.get("/dashboard/"))
        sessions = [a for a in page.addresses if re.fullmatch(r"/sessions/\w+/", a)]
        details = [read(browser.get(address)) for address in sessions]

    assert page.text.count("5pm to 5:50pm") == 2 == len(details)
    for each in (page, *details):
        assert "Times are shown in Stockholm time (CET)" in each.all_text
    said = "5pm to 5:50pm Stockholm time. That is 4pm London time, where"
    assert all(said in each.text for each in details)


def test_a_therapist_who_is_a_client_elsewhere_reads_one_zone_too(alice, bob):
    ClientFactory(therapist=bob, account=alice.user, time_zone="Asia/Tokyo")
    User.objects.filter(pk=alice.user_id).update(time_zone="Europe/Stockholm")
    browser = browser_of(User.objects.get(pk=alice.user_id))

    for address in ("/clients/", "/dashboard/"):
        assert "Times are shown in Stockholm time" in read(browser.get(address)).all_text


def test_both_therapists_see_the_clients_own_zone(of_two, alice, bob):
    for therapist in (alice, bob):
        record = of_two.clients.get(therapist=therapist)
        page = read(browser_of(therapist.user).get(f"/clients/{record.public_id}/"))
        assert "Time zone Stockholm time (CET)" in page.text.replace("(CEST)", "(CET)")


def test_an_account_without_anything_reads_its_own_zone(db):
    browser = browser_of(UserFactory(time_zone="Asia/Tokyo"))

    assert "Times are shown in Tokyo time" in read(browser.get("/account/")).all_text


def test_a_visitor_reads_the_zone_of_the_installation(db):
    assert read(Browser().get("/help/")).source.count("Times are shown in") == 0


# What the therapist gives, and what only the client can.


SENT = {"name": "Ann Ashby", "preferred_name": "", "email": "ann@mail.example", "phone": ""}


def test_the_therapist_gives_a_client_without_an_account_a_zone(as_alice, ben):
    sent = SENT | {"name": "Ben Bright", "time_zone": "Asia/Calcutta"}
    as_alice.post(f"/clients/{ben.public_id}/edit/", sent)

    ben.refresh_from_db()
    assert ben.zone == ben.time_zone == "Asia/Kolkata"


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "Factory"])
def test_the_therapist_gives_no_zone_that_is_none(as_alice, ben, zone):
    sent = SENT | {"name": "Ben Bright", "phone": "123", "time_zone": zone}
    answer = as_alice.post(f"/clients/{ben.public_id}/edit/", sent)

    page = read(answer)
    assert answer.status_code == 422
    assert page.text.count("Choose a time zone from the list") == 2
    assert (page.value_of("phone"), Client.objects.get(pk=ben.pk).phone) == ("123", "")


def test_the_therapist_cannot_change_the_zone_of_an_account(as_alice, ann):
    User.objects.filter(pk=ann.account_id).update(time_zone="Asia/Tokyo")
    address = f"/clients/{ann.public_id}/edit/"

    page = read(as_alice.get(address))
    answer = as_alice.post(address, SENT | {"phone": "07700", "time_zone": "Europe/Stockholm"})

    assert answer.status_code == 303
    assert not [a for _, a in page.tags if a.get("name") == "time_zone"]
    assert "Ann reads times in Tokyo time (JST), as chosen in their own account." in page.text
    ann = Client.objects.get(pk=ann.pk)
    assert (ann.phone, ann.zone, ann.time_zone) == ("07700", "Asia/Tokyo", "Europe/London")
    assert zone_of(ann.account) == "Asia/Tokyo"


def test_the_therapist_reads_a_session_in_the_zone_of_each_client(as_alice, couples, ann, ben):
    User.objects.filter(pk=ann.account_id).update(time_zone="Asia/Tokyo")
    Client.objects.filter(pk=ben.pk).update(time_zone="Europe/Stockholm")
    with time_machine.travel(NOW, tick=False):
        session = book(couples, datetime(2025, 11, 26, 16, tzinfo=UTC))
        page = read(browser_of(couples.therapist.user).get(f"/sessions/{session.public_id}/"))

    assert "For Ann Thursday 1am Tokyo time" in page.text
    assert "For Ben 5pm Stockholm time" in page.text


def test_it_takes_no_more_questions_for_more_clients(as_alice, alice):
    def number_of_queries(people: int) -> int:
        group = [ClientFactory(therapist=alice, account=UserFactory()) for _ in range(people)]
        session = book(start(*group), datetime(2025, 11, 26, 16, tzinfo=UTC) + people * DAY)
        with CaptureQueriesContext(connection) as captured:
            as_alice.get(f"/sessions/{session.public_id}/")
        return len(captured)

    as_alice.get("/clients/")
    assert number_of_queries(2) == number_of_queries(6)


def test_the_working_hours_move_with_the_therapists_account(alice):
    """Hours are readings of the therapist's clock, wherever that is."""
    User.objects.filter(pk=alice.user_id).update(time_zone="Asia/Tokyo")
    works(alice, "09:00-10:00", session_minutes=60)

    with time_machine.travel(NOW, tick=False):
        found = free_times(Therapist.objects.get(pk=alice.pk), NOW)

    assert {f"{at.astimezone(ZoneInfo('Asia/Tokyo')):%H:%M}" for at in found} == {"09:00"}


def test_an_account_made_by_an_invitation_begins_with_the_zone_of_the_record(alice):
    eve = ClientFactory(therapist=alice, email="eve@mail.example", time_zone="Asia/Tokyo")
    account = User.objects.create_user("eve@mail.example", PASSWORD)

    browser_of(account).post(f"/invitation/{Invitation.create_for(eve)}/")

    assert Client.objects.get(pk=eve.pk).account == account
    assert zone_of(account) == "Asia/Tokyo"


def test_joining_with_an_account_leaves_its_zone(alice, bob):
    there = ClientFactory(therapist=bob, email="eve@mail.example")
    there.account = UserFactory(email="eve@mail.example", time_zone="Asia/Tokyo")
    there.save()
    here = ClientFactory(therapist=alice, email="eve@mail.example", time_zone="Europe/Stockholm")

    browser_for(there).post(f"/invitation/{Invitation.create_for(here)}/")

    assert Client.objects.get(pk=here.pk).zone == zone_of(there.account) == "Asia/Tokyo"


def test_a_therapist_may_be_in_any_zone_of_the_list(db):
    therapist = TherapistFactory(user__time_zone="Pacific/Chatham")

    assert "Chatham time" in read(browser_of(therapist.user).get("/diary/availability/")).text
