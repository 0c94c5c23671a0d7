"""A press on a page that was opened a while ago does what the page said, or says what changed."""

import re

from django.utils import timezone
from playwright.sync_api import Page, expect

from practice.booking.models import BookingRules
from practice.diary.models import Session
from practice.text.spoken import span, weekday
from relationships.models import Relationship
from tests.browser import assert_accessible_on_every_screen, in_every_way
from tests.browser.steps import banner, choose_reason, end, history, open_end, press, title
from tests.diary import DAY, book, works

CHANGED = "This has changed since you opened the page"


def expect_again(page: Page, heading: str, nothing: str) -> None:
    """The same page, which says that nothing was done, and is read from there."""
    expect(title(page)).to_have_text(heading)
    expect(banner(page)).to_contain_text(CHANGED)
    expect(banner(page)).to_contain_text(nothing)
    expect(banner(page)).to_be_focused()
    expect(page).to_have_title(re.compile(f"^Error: {heading}"))


def test_cancelling_cancels_the_time_that_was_shown(any_desk, alice, individual):
    page, session = any_desk, book(individual, timezone.now() + 20 * DAY)
    page.goto(f"/sessions/{session.public_id}/cancel/")
    session.move(starts_at=session.starts_at + 7 * DAY, by=alice.user)

    page.get_by_label("The client").check()
    press(page, "Cancel this session")

    expect_again(page, "Cancel this session", "Nothing was cancelled.")
    now = f"{weekday(session.starts_at)}, {span(session.starts_at, session.ends_at)}"
    expect(page.locator(".context")).to_contain_text(now)
    assert Session.objects.get().state == "booked"
    press(page, "Cancel this session")
    expect(banner(page)).to_contain_text("Session cancelled")


def test_booking_books_the_length_that_was_shown(way, sign_in, alice, ann, individual):
    works(alice, "09:00-17:00", days=range(7), session_minutes=50, gap_minutes=10)
    sign_in(way, ann.account)
    way.goto(f"/book/{individual.public_id}/")
    way.locator(".slots a").first.click()
    expect(title(way)).to_have_text("Check your session")
    BookingRules.objects.update(session_minutes=40, gap_minutes=20)

    press(way, "Book this session")

    expect_again(way, "Check your session", "Nothing has been booked.")
    assert not Session.objects.exists()
    press(way, "Book this session")
    expect(banner(way)).to_contain_text("Session booked")
    session = Session.objects.get()
    assert (session.ends_at - session.starts_at).seconds == 40 * 60


def test_the_page_that_comes_again_is_accessible_on_every_screen(desk, alice, individual):
    session = book(individual, timezone.now() + 20 * DAY)
    desk.goto(f"/sessions/{session.public_id}/move/")
    session.move(starts_at=session.starts_at + 7 * DAY, by=alice.user)

    press(desk, "Move the session")

    expect_again(desk, "Move this session", "Nothing was moved.")
    assert_accessible_on_every_screen(desk)


def ending_twice(relationship, alice) -> None:
    """Restart and end it again in another tab."""
    fresh = Relationship.objects.get(pk=relationship.pk)
    fresh.restart(by=alice.user)
    fresh.end(by=alice.user, reason="referred_on")


@in_every_way
def test_an_old_undo_voids_no_newer_ending(any_desk, alice, individual):
    page = any_desk
    end(page, individual)
    ending_twice(individual, alice)

    press(page, "Undo")

    expect_again(page, "Individual relationship", "Nothing was undone.")
    expect(history(page)).to_have_count(4)
    expect(page.locator(".page-head .tag")).to_contain_text("Ended")
    press(page, "Undo")
    expect(banner(page)).to_contain_text("Ending undone")
    expect(history(page).first).to_have_text("Ending undone by you")


@in_every_way
def test_a_page_to_end_ends_only_what_it_has_shown(any_desk, alice, individual):
    page = any_desk
    open_end(page, individual)
    choose_reason(page)
    page.get_by_text("Add a private note").click()
    page.get_by_label("Private note").fill("Written on the old page.")
    fresh = Relationship.objects.get(pk=individual.pk)
    fresh.end(by=alice.user, reason="lost_contact")
    fresh.restart(by=alice.user)

    press(page, "Confirm End of Relationship")

    expect_again(page, "End this Relationship", "Nothing was ended.")
    expect(page.get_by_label("Private note")).to_have_value("Written on the old page.")
    assert_accessible_on_every_screen(page)
    press(page, "Confirm End of Relationship")
    expect(banner(page)).to_contain_text("Relationship ended")
    expect(history(page)).to_have_count(4)
