"""A therapist in London, clients in Stockholm and Auckland: one instant, three readings of it."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from clients.models import Client
from practice.booking.models import free_times
from practice.booking.openings import instants
from practice.diary.models import Session
from tests.booking import slots
from tests.conftest import browser_of
from tests.diary import browser_for, works
from tests.factories import ClientFactory, start
from tests.reading import Page, read

ZONES = ("Europe/London", "Europe/Stockholm", "Pacific/Auckland")
# Before and after each change of clocks: Europe's on 29 March and 25 October 2026, New Zealand's
# on 5 April and 27 September 2026.
DAYS = ["2026-03-22", "2026-03-29", "2026-04-02", "2026-09-24", "2026-10-18", "2026-10-24"]


@pytest.fixture(params=DAYS)
def now(request):
    now = datetime.fromisoformat(f"{request.param}T12:00").replace(tzinfo=UTC)
    with time_machine.travel(now, tick=False):
        yield now


def offered(browser, address: str) -> tuple[list[str], Page]:
    """Return the addresses of all free times, week by week, and the first page of them."""
    first = page = read(browser.get(address))
    addresses = slots(page)
    while later := next((a for a, text in page.links if text == "Next week"), None):
        page = read(browser.get(address + later))
        addresses += slots(page)
    return addresses, first


def instant_of(address: str, zone: str) -> datetime:
    """Return the instant that an address names in a zone."""
    day, time = re.search(r"/([\d-]{10})/(\d{4})/", address).groups()
    reading = datetime.strptime(f"{day} {time}", "%Y-%m-%d %H%M")  # noqa: DTZ007
    found = instants(reading, ZoneInfo(zone))
    return found[-1 if address.endswith("?second=1") else 0]


def stamps(page: Page) -> set[datetime]:
    """Return the instants of a page's times, from their machine-readable form."""
    found = [attrs["datetime"] for tag, attrs in page.tags if tag == "time"]
    return {datetime.fromisoformat(stamp).astimezone(UTC) for stamp in found}


def guests(alice) -> list[Client]:
    return [ClientFactory(therapist=alice, time_zone=zone) for zone in ZONES]


@pytest.mark.django_db
def test_everybody_is_offered_the_same_instants_each_once(alice, now):
    works(alice, "00:00-03:00", "09:00-17:00", days=range(7), furthest_weeks=2)
    truth = free_times(alice, now)

    for guest in guests(alice):
        relationship = start(guest)
        addresses, first = offered(browser_for(guest), f"/book/{relationship.public_id}/")

        assert [instant_of(address, guest.time_zone) for address in addresses] == truth
        assert len(set(addresses)) == len(addresses)
        if guest.time_zone == ZONES[0]:
            assert "Alice works in" not in first.text
        else:
            place = guest.time_zone.partition("/")[2]
            assert f"Times are shown in {place} time (" in first.text
            assert "Alice works in London time (" in first.text


@pytest.mark.django_db
def test_what_one_books_both_read_as_one_instant(alice, now):
    works(alice, "09:00-17:00", days=range(7), furthest_weeks=2)

    for guest in guests(alice):
        relationship, browser = start(guest), browser_for(guest)
        addresses, _ = offered(browser, f"/book/{relationship.public_id}/")
        for address in (addresses[0], addresses[-1]):
            start_at = instant_of(address, guest.time_zone)

            check = read(browser.get(address))
            details = browser.post(address).url

            assert (
                Session.objects.filter(relationship=relationship, starts_at=start_at).count() == 1
            )
            theirs, hers = read(browser.get(details)), read(browser_of(alice.user).get(details))
            assert start_at in stamps(check) & stamps(theirs) & stamps(hers)
            london = start_at.astimezone(ZoneInfo("Europe/London"))
            assert (london.minute, 9 <= london.hour <= 16) == (0, True)
            hour = f"{london.hour}am" if london.hour < 12 else f"{london.hour - 12}pm"
            if guest.time_zone != ZONES[0]:
                assert f"{hour.replace('0pm', 'midday')} London time" in check.text
                assert (
                    f"{hour.replace('0pm', 'midday')} London time, where Alice is." in theirs.text
                )


@pytest.mark.django_db
def test_an_hour_that_comes_twice_is_booked_once_each(alice):
    works(alice, "01:00-02:00", days=range(7))
    guest = ClientFactory(therapist=alice, time_zone="Europe/London")
    relationship, browser = start(guest), browser_for(guest)
    with time_machine.travel(datetime(2026, 10, 20, 12, tzinfo=UTC), tick=False):
        browser = browser_for(guest)
        page = read(browser.get(f"/book/{relationship.public_id}/?week=2026-10-19"))
        twice = [a for a in slots(page) if "/2026-10-25/" in a]

        assert len(twice) == 2
        assert "1am (second) on Sunday 25 October 2026" in page.text
        for number, address in enumerate(twice):
            check = read(browser.get(address))
            (form,) = [a for tag, a in check.tags if tag == "form" and a.get("method") == "post"]
            assert form["action"] == address  # with ?second=1
            assert browser.post(address).status_code == 303
            assert Session.objects.count() == number + 1

    first, second = Session.objects.order_by("starts_at")
    assert second.starts_at - first.starts_at == timedelta(hours=1)


@pytest.mark.django_db
def test_the_zones_are_named_as_they_are_in_the_week_shown(alice):
    """On 25 March clocks show GMT; the times of the week after are in British Summer Time."""
    works(alice, days=range(7))
    guest = ClientFactory(therapist=alice, time_zone="Europe/Stockholm")
    relationship = start(guest)
    with time_machine.travel(datetime(2026, 3, 25, 12, tzinfo=UTC), tick=False):
        browser = browser_for(guest)
        page = read(browser.get(f"/book/{relationship.public_id}/?week=2026-03-30"))

    assert "Times are shown in Stockholm time (CEST)." in page.text
    assert "Alice works in London time (BST)." in page.text
