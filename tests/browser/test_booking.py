"""Booking as a client does it, and what the therapist sees of it afterwards."""

import re

import pytest
from django.utils import timezone
from icalendar import Calendar
from playwright.sync_api import Page, expect

from practice.booking.models import free_times
from practice.diary.models import Session
from practice.text import spoken
from tests.browser import assert_accessible_on_every_screen
from tests.browser.steps import banner, press, title
from tests.diary import book, browser_for, works
from tests.factories import ClientFactory, UserFactory, start


@pytest.fixture(autouse=True)
def always_free(alice):
    works(alice, "09:00-12:00", "14:00-18:00", days=range(7))


@pytest.fixture
def jonah(jonah):
    """Jonah, with whom Alice's work has ended, and who can sign in."""
    jonah.account = UserFactory(email="jonah@mail.example")
    jonah.save()
    return jonah


def slots(page: Page):
    return page.locator(".slots a")


def test_jonahs_walk_from_the_note_to_the_calendar_file(way, sign_in, alice, jonah):
    sign_in(way, jonah.account)
    way.goto("/")
    expect(title(way)).to_have_text("Hello, Jonah")
    note = way.get_by_text("Your relationship with Alice Archer has been ended.")
    expect(note).to_be_visible()

    press(way, "Book a New Session..")
    expect(title(way)).to_have_text("Book a New Session")
    press(way, "Next week")
    expect(way.get_by_role("link", name="Previous week", exact=True)).to_be_visible()
    slots(way).nth(1).click()
    expect(title(way)).to_have_text("Check your session")
    press(way, "Change the time")
    expect(title(way)).to_have_text("Book a New Session")
    slots(way).nth(2).click()
    when = way.get_by_role("definition").first.inner_text().partition(" Change")[0]
    press(way, "Book this session")

    expect(title(way)).to_have_text("Session Details")
    expect(banner(way)).to_contain_text("Session booked")
    expect(banner(way)).to_contain_text(when)
    session = Session.objects.get()
    expect(way).to_have_url(re.compile(rf"/sessions/{session.public_id}/$"))
    with way.expect_download() as download:
        banner(way).get_by_role("link", name="Add to calendar").click()
    (event,) = Calendar.from_ical(download.value.path().read_bytes()).walk("VEVENT")
    assert event.start == session.starts_at
    assert session.booked_by == jonah.account
    way.goto("/dashboard/")
    expect(note).to_be_visible()  # nothing restarts by itself


def test_the_therapist_sees_the_booking_and_restarts(way, sign_in, alice, jonah):
    start_at = free_times(alice, timezone.now())[0]
    relationship = jonah.relationships.get()
    book(relationship, start_at, by=jonah.account)
    sign_in(way, alice.user)

    way.goto("/clients/")
    notice = way.locator("#results .box-note")
    expect(notice).to_contain_text("Jonah Whitfield has booked a session for")
    way.goto(f"/diary/{spoken.monday(timezone.localtime(start_at).date())}/")
    expect(way.locator(".week")).to_contain_text("Relationship ended")
    press(way, "Jonah Whitfield")
    expect(title(way)).to_have_text("Session Details")
    press(way, "Individual relationship")
    expect(title(way)).to_contain_text("Individual relationship")
    press(way, "Restart this Relationship")
    press(way, "Confirm Restart of Relationship")

    expect(banner(way)).to_contain_text("Relationship restarted")
    way.goto("/clients/")
    expect(way.locator("#results th a")).to_have_text(["Jonah Whitfield"])
    expect(notice).to_have_count(0)


def test_of_two_clients_the_second_reads_that_the_time_is_taken(
    new_context, sign_in, alice, jonah, ann, individual
):
    pages = []
    for person in (jonah, ann):
        context = new_context()
        sign_in(context, person.account)
        page = context.new_page()
        page.goto(f"/book/{person.relationships.get().public_id}/")
        press(page, "Next week")  # late in this one there is a single time
        expect(page.get_by_role("link", name="Previous week", exact=True)).to_be_visible()
        slots(page).first.click()
        expect(title(page)).to_have_text("Check your session")
        pages.append(page)
    winner, loser = pages

    press(winner, "Book this session")
    expect(banner(winner)).to_contain_text("Session booked")
    wanted = loser.url.partition("/book/")[2].partition("/")[2]
    press(loser, "Book this session")

    box = loser.locator(".error-summary")
    expect(box).to_contain_text("That time has just been taken")
    expect(box).to_contain_text("Nothing has been booked. Choose another time.")
    expect(box).to_be_focused()
    expect(loser).to_have_title(re.compile("^Error: Book a New Session – "))
    assert Session.objects.get().booked_by == jonah.account
    addresses = slots(loser).evaluate_all("links => links.map(link => link.pathname)")
    assert addresses
    assert not [address for address in addresses if address.endswith(wanted)]
    slots(loser).first.click()
    press(loser, "Book this session")
    expect(banner(loser)).to_contain_text("Session booked")
    assert Session.objects.count() == 2


def test_a_double_click_books_once(desk, sign_in, alice, ann, individual):
    sign_in(desk, ann.account)
    desk.goto(f"/book/{individual.public_id}/")
    slots(desk).first.click()

    desk.get_by_role("button", name="Book this session").dblclick()

    expect(banner(desk)).to_contain_text("Session booked")
    assert Session.objects.count() == 1


def test_weeks_turn_in_place_and_back_turns_them_back(way, sign_in, ann, individual, request):
    has_htmx = request.node.callspec.params["way"] == "js"
    sign_in(way, ann.account)
    way.goto(f"/book/{individual.public_id}/")
    week = way.locator("#which-week")
    first = week.inner_text()

    way.get_by_role("link", name="Next week", exact=True).click()
    expect(week).not_to_have_text(first)
    second = week.inner_text()
    if has_htmx:
        expect(way.locator("#later")).to_be_focused()
        expect(way.locator("#live")).to_have_text(second)
    way.get_by_role("link", name="Next week", exact=True).click()
    expect(week).not_to_have_text(second)
    way.go_back()
    expect(week).to_have_text(second)
    way.go_back()
    expect(week).to_have_text(first)
    way.go_forward()
    expect(week).to_have_text(second)


def test_the_clients_pages_are_accessible_on_every_screen(new_context, sign_in, ben, alice):
    relationship = start(ben)
    browser_for(ben, "Europe/Stockholm")
    context = new_context()
    sign_in(context, ben.account)
    page = context.new_page()
    page.goto(f"/book/{relationship.public_id}/")
    assert_accessible_on_every_screen(page)
    slots(page).first.click()
    expect(title(page)).to_have_text("Check your session")
    assert_accessible_on_every_screen(page)
    taken = page.url
    press(page, "Book this session")
    expect(banner(page)).to_contain_text("Session booked")
    assert_accessible_on_every_screen(page)
    press(page, "Cancel this session")
    expect(title(page)).to_have_text("Cancel this session")
    assert_accessible_on_every_screen(page)
    page.goto("/dashboard/")
    assert_accessible_on_every_screen(page)
    Session.objects.get().cancel(by=ben.account)
    start_at = free_times(alice, timezone.now())[0]
    book(start(ClientFactory(therapist=alice)), start_at)
    page.goto(taken)
    expect(page.locator(".error-summary")).to_be_visible()
    assert_accessible_on_every_screen(page)
    page.goto("/dashboard/sessions/")
    assert_accessible_on_every_screen(page)


def test_whoever_has_booked_all_they_may_reads_why_and_finds_their_sessions(
    way, sign_in, alice, jonah
):
    relationship = jonah.relationships.get()
    for start_at in free_times(alice, timezone.now())[:4]:
        book(relationship, start_at, by=jonah.account)
    sign_in(way, jonah.account)

    way.goto(f"/book/{relationship.public_id}/")

    expect(banner(way)).to_contain_text("You have 4 sessions booked")
    expect(slots(way)).to_have_count(0)
    assert_accessible_on_every_screen(way)
    press(way, "See your sessions")
    expect(title(way)).to_have_text("Your sessions")
