"""Sessions that repeat, in a browser: twelve booked, one moved, the rest cancelled; and a client
who moves one of their own."""

from datetime import date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, expect

from practice.booking.models import free_times
from practice.diary.models import Session
from tests.browser import assert_accessible_on_every_screen, in_every_way
from tests.browser.steps import banner, press, title
from tests.diary import DAY, FIFTY, book, works

LONDON = ZoneInfo("Europe/London")
WEEK = timedelta(weeks=1)


def at_ten(day: date) -> datetime:
    return datetime.combine(day, time(10), LONDON)


def before_a_clock_change() -> date:
    """Return a day to come in whose next eleven weeks the clocks change."""
    first = timezone.localdate() + DAY
    while at_ten(first).utcoffset() == at_ten(first + 11 * WEEK).utcoffset():
        first += WEEK
    return first


class Presses:
    """Counts what is pressed."""

    number = 0

    def press(self, what: Locator) -> None:
        what.click()
        self.number += 1


@in_every_way
def test_twelve_weeks_over_a_clock_change_take_six_presses_at_most(any_desk, alice, individual):
    works(alice, "09:00-12:00", days=range(7))
    page, presses, first = any_desk, Presses(), before_a_clock_change()
    page.goto(f"/relationships/{individual.public_id}/sessions/add/?day={first}")
    day = f"{first:%A} {first.day} {first:%B}"

    presses.press(page.get_by_role("radio", name=f"{day}, 10am"))
    presses.press(page.get_by_role("radio", name="Weekly"))
    presses.press(page.get_by_label("How many sessions"))
    page.keyboard.type("12")
    presses.press(page.get_by_role("button", name="Check the dates"))
    expect(title(page)).to_have_text("Check the dates")
    expect(page.locator(".dates > li")).to_have_count(12)
    expect(page.locator(".dates")).to_contain_text("It stays 10am in London.")
    presses.press(page.get_by_role("button", name="Book these sessions"))

    expect(banner(page)).to_contain_text("12 sessions booked")
    assert presses.number <= 6
    booked = list(individual.sessions.order_by("starts_at"))
    assert [s.starts_at for s in booked] == [at_ten(first + n * WEEK) for n in range(12)]

    # The fourth is moved.
    page.goto(f"/sessions/{booked[3].public_id}/")
    expect(page.locator("main")).to_contain_text("4 of 12, weekly until")
    press(page, "Move this session")
    page.get_by_label("Only this one").check()
    page.get_by_label("Starts at").fill("15:00")
    page.get_by_label("The client").check()
    press(page, "Move the session")
    expect(banner(page)).to_contain_text("Session moved")

    # The rest is cancelled.
    page.goto(f"/sessions/{booked[4].public_id}/cancel/")
    page.get_by_label("The client").check()
    page.get_by_label("This one and the 7 after it").check()
    press(page, "Cancel this session")
    expect(banner(page)).to_contain_text("8 sessions cancelled")
    states = [s.state for s in individual.sessions.order_by("starts_at")]
    assert states == ["booked"] * 4 + ["cancelled"] * 8


def test_a_client_moves_a_session_on_a_phone_without_scripts_and_the_therapist_reads_of_it(
    desk, new_context, sign_in, alice, ann, individual
):
    works(alice, "09:00-12:00", days=range(7))
    session = book(individual, free_times(alice, timezone.now())[5])
    small = {"viewport": {"width": 390, "height": 844}, "java_script_enabled": False}
    phone = new_context(**small).new_page()
    sign_in(phone, ann.account)
    phone.goto("/dashboard/")

    press(phone, "Move this session")
    phone.locator(".slots a").first.click()  # late in a week there is no second
    expect(title(phone)).to_have_text("Check the new time")
    press(phone, "Move this session")

    expect(banner(phone)).to_contain_text("Session moved")
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    desk.goto("/")
    expect(desk.locator(".news")).to_contain_text("Ann Ashby moved a session from")
    assert Session.objects.get().moved_from == session.starts_at


@pytest.mark.thorough
def test_pages_of_a_series_are_accessible_on_every_screen(
    desk, new_context, sign_in, alice, ann, individual, couples
):
    works(alice, "09:00-12:00", days=range(7))
    free = free_times(alice, timezone.now())[8]
    series = Session.book_series(
        individual,
        starts=[free + n * WEEK for n in range(3)],
        length=FIFTY,
        by=alice.user,
        series=uuid4(),
    )
    book(couples, free + WEEK + DAY)
    own = f"/sessions/{series[0].public_id}/"
    for address in (own, f"{own}series/", f"{own}place/", f"{own}move/"):
        desk.goto(address)
        assert_accessible_on_every_screen(desk)
    desk.get_by_label("This one and the 2 after it").check()
    desk.get_by_label("Date").fill(f"{timezone.localdate(free) + DAY}")
    desk.get_by_label("The client").check()
    press(desk, "Move the session")
    expect(title(desk)).to_have_text("Check the dates")
    expect(desk.locator(".solve")).to_have_count(1)
    assert_accessible_on_every_screen(desk)
    desk.goto(f"/relationships/{individual.public_id}/sessions/add/")
    press(desk, "Add the session")
    expect(desk.locator(".error-summary")).to_be_visible()
    assert_accessible_on_every_screen(desk)

    phone = new_context().new_page()
    sign_in(phone, ann.account)
    phone.goto(f"{own}move/")
    assert_accessible_on_every_screen(phone)
    phone.locator(".slots a").first.click()
    assert_accessible_on_every_screen(phone)
