"""Today, in a browser: who comes next, attendance by one press, what clients did."""

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from practice.diary.models import Session
from tests.browser import assert_accessible_on_every_screen, in_every_way, main_flow
from tests.browser.steps import banner, press, title
from tests.diary import DAY, HOUR, MINUTE, book
from tests.factories import reads_in

ZONES = [
    "Pacific/Auckland",
    "Asia/Tokyo",
    "Asia/Karachi",
    "Europe/London",
    "America/Sao_Paulo",
    "America/Denver",
    "Pacific/Honolulu",
]

HEIGHTS_IN_LINES = """times => times.map((time) => {
  const { paddingBlockStart, lineHeight } = getComputedStyle(time);
  return Math.round((time.offsetHeight - parseFloat(paddingBlockStart)) / parseFloat(lineHeight));
})"""


@pytest.fixture
def midday(alice):
    """Have Alice work where it is about the middle of the day, whenever this runs."""
    now = timezone.now()
    zone = min(ZONES, key=lambda zone: abs(now.astimezone(ZoneInfo(zone)).hour - 13))
    reads_in(alice.user, zone)
    return now.replace(second=0, microsecond=0)


def state_of(session: Session) -> str:
    return Session.objects.get(pk=session.pk).state


@main_flow
def test_ten_attendances_take_ten_presses(any_desk, individual, midday):
    page, sessions = any_desk, []
    for number in range(10):
        starts_at = midday - 4 * HOUR + number * 20 * MINUTE
        sessions.append(book(individual, starts_at, length=timedelta(minutes=15)))
    page.goto("/")
    came = page.get_by_role("button", name=re.compile("^Came "))
    expect(came).to_have_count(10)

    for number in range(10):
        came.first.click()
        expect(came).to_have_count(9 - number)
        expect(title(page)).to_have_text("Today")
        if number < 9:
            expect(came.first).to_be_focused()

    assert [state_of(session) for session in sessions] == ["attended"] * 10
    expect(page.locator(".came")).to_have_count(10)


def test_the_first_screen_of_a_phone_says_who_comes_next(
    new_context, sign_in, alice, individual, couples, midday
):
    for hours in (3, 1.5):
        book(individual, midday - hours * HOUR)
    book(couples, midday + HOUR / 2)
    page = new_context(viewport={"width": 390, "height": 844}).new_page()
    sign_in(page, alice.user)

    page.goto("/")

    following = page.locator(".day-list .next")
    expect(following).to_contain_text("Ann and Ben")
    box = following.bounding_box()
    assert box["y"] + box["height"] <= 844
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.locator(".day-list .at").evaluate_all(HEIGHTS_IN_LINES) == [1, 1, 1]


@in_every_way
def test_a_client_cancels_and_the_therapists_next_page_says_so(
    any_desk, new_context, sign_in, ann, individual, midday
):
    session = book(individual, midday + 3 * DAY)
    desk = any_desk
    desk.goto("/clients/")
    expect(desk.locator(".main-nav .new")).to_have_count(0)
    phone = new_context(viewport={"width": 390, "height": 844}).new_page()
    sign_in(phone, ann.account)
    phone.goto(f"/sessions/{session.public_id}/cancel/")
    press(phone, "Cancel this session")
    expect(banner(phone)).to_contain_text("Cancelled by mistake? Undo")

    desk.goto("/clients/")
    expect(desk.locator(".main-nav .new")).to_have_text("1 new")
    desk.goto("/")
    expect(desk.locator(".news")).to_contain_text("Ann Ashby cancelled")

    press(desk, "Put back Ann’s session")
    press(desk, "Put back")
    expect(banner(desk)).to_contain_text("Session put back")
    assert state_of(session) == "booked"
    desk.goto("/")
    press(desk, "Dismiss that Ann Ashby cancelled")
    expect(desk.locator(".news")).to_have_count(0)
    expect(desk.locator(".main-nav .new")).to_have_count(0)
    expect(desk).to_have_url(re.compile(r":\d+/$"))


@main_flow
def test_undo_takes_a_cancelling_back(any_desk, individual, midday):
    page, session = any_desk, book(individual, midday + 3 * DAY)
    page.goto(f"/sessions/{session.public_id}/cancel/")
    press(page, "Cancel this session")
    expect(page.locator(".error-summary")).to_contain_text("Choose who asked for this")
    assert state_of(session) == "booked"
    page.get_by_label("Me", exact=True).check()
    press(page, "Cancel this session")
    expect(banner(page)).to_contain_text("Session cancelled")

    press(page, "Undo")

    expect(banner(page)).to_contain_text("Session put back")
    assert state_of(session) == "booked"


def test_a_full_today_is_accessible_on_every_screen(desk, alice, ann, individual, couples, midday):
    for hours in (3, 2):
        book(individual, midday - hours * HOUR)
    Session.objects.filter(pk=book(individual, midday - 4 * HOUR).pk).update(state="attended")
    book(couples, midday + HOUR)
    book(individual, midday - 2 * DAY)
    book(individual, midday + 2 * HOUR).cancel(by=alice.user)
    book(individual, midday + 3 * DAY, by=ann.account).cancel(by=ann.account)

    desk.goto("/")

    assert_accessible_on_every_screen(desk)


def test_an_empty_today_is_accessible_on_every_screen(desk, individual, midday):
    book(individual, midday + 3 * DAY)

    desk.goto("/")

    expect(desk.get_by_role("heading", name="No sessions today")).to_be_visible()
    assert_accessible_on_every_screen(desk)
