"""The therapist's diary and availability, as one works with them."""

import re
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Dialog, Page, expect

from practice.text.spoken import day, days, monday
from tests.browser import assert_accessible_on_every_screen, in_every_way
from tests.browser.steps import banner, press, title
from tests.diary import DAY, HOUR, book, row_of, sessions_as_stored, works

A_WEEK = timedelta(days=7)


def week_name(weeks: int) -> str:
    first = monday(timezone.localdate()) + weeks * A_WEEK
    return days(first, first + timedelta(days=6))


def week(page: Page):
    return page.locator("#which-week")


@in_every_way
def test_weeks_turn_in_place_and_back_turns_them_back(any_desk, request, individual, alice):
    page, has_htmx = any_desk, request.node.callspec.params["way"] == "js"
    works(alice)
    book(individual, timezone.now() + 7 * DAY)
    page.goto("/diary/")
    expect(week(page)).to_have_text(week_name(0))
    if has_htmx:
        page.evaluate("window.isTheSamePage = true")

    press(page, "Next week")
    expect(week(page)).to_have_text(week_name(1))
    expect(page.locator(".week")).to_contain_text("Ann Ashby")
    if has_htmx:
        expect(page.locator("#next-week")).to_be_focused()
        expect(page.locator("#live")).to_have_text(f"{week_name(1)}, 1 session")
        expect(page).to_have_title(re.compile(f"^Diary, {week_name(1)} – "))
        assert page.evaluate("window.isTheSamePage")
    first = monday(timezone.localdate()) + A_WEEK
    expect(page).to_have_url(re.compile(f"/diary/{first}/$"))
    press(page, "Next week")
    expect(week(page)).to_have_text(week_name(2))

    page.go_back()
    expect(week(page)).to_have_text(week_name(1))
    expect(page.locator(".week")).to_contain_text("Ann Ashby")
    page.go_back()
    expect(week(page)).to_have_text(week_name(0))
    page.go_forward()
    expect(week(page)).to_have_text(week_name(1))
    page.reload()
    expect(week(page)).to_have_text(week_name(1))
    press(page, "Previous week")
    expect(week(page)).to_have_text(week_name(0))
    press(page, "Previous week")
    expect(week(page)).to_have_text(week_name(-1))
    press(page, "Today (this week)")
    expect(week(page)).to_have_text(week_name(0))
    expect(page).to_have_url(re.compile(rf"/diary/{monday(timezone.localdate())}/$"))


def test_attendance_is_answered_in_its_place_in_the_diary(any_desk, individual):
    page = any_desk
    yesterday = timezone.localtime().replace(hour=12, minute=0) - DAY
    sessions = [book(individual, yesterday + n * HOUR) for n in range(3)]
    page.goto(f"/diary/{monday(yesterday.date())}/")
    address = page.url
    questions = page.get_by_role("button", name=re.compile("^Came"))

    for left in (2, 1, 0):
        questions.first.click()
        expect(questions).to_have_count(left)
        expect(page).to_have_url(address)
        if left:
            expect(questions.first).to_be_focused()

    expect(banner(page)).to_contain_text("Attendance noted")
    assert {row_of(session)["state"] for session in sessions} == {"attended"}


def test_a_phone_shows_one_day_and_a_strip_that_leads_to_the_others(any_desk, individual):
    page = any_desk
    starts_at = timezone.localtime().replace(hour=12, minute=0) + 7 * DAY
    starts_at -= starts_at.weekday() * DAY - 4 * DAY  # a Friday
    book(individual, starts_at)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/diary/{monday(starts_at.date())}/")
    expect(page.locator(".week h3:visible")).to_have_count(1)

    page.locator(".strip").get_by_role("link", name=re.compile("Friday")).click()

    expect(page.locator("#which-day")).to_have_text(f"{starts_at:%A} {day(starts_at)}")
    line = page.get_by_role("link", name="Ann Ashby")
    expect(line).to_be_in_viewport()
    page.set_viewport_size({"width": 1280, "height": 800})
    press(page, "Week")
    expect(page.locator(".strip")).to_be_hidden()
    expect(page.locator(".week h3:visible")).to_have_count(5)
    expect(page.get_by_role("link", name="Ann Ashby")).to_be_in_viewport()


def test_a_week_is_printed_on_one_page(desk, alice, individual, couples):
    works(alice, "09:00-19:00", days=range(7))
    today = timezone.localtime().replace(hour=9, minute=0) + 7 * DAY
    first = today - today.weekday() * DAY
    for number in range(70):
        work = couples if number % 3 else individual
        book(work, first + number // 10 * DAY + number % 10 * HOUR)
    desk.goto(f"/diary/{first.date()}/")

    printed = desk.pdf(prefer_css_page_size=True)

    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    width, height = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)[0]
    assert float(width) > float(height)


def test_availability_is_edited_row_by_row(any_desk, alice, individual):
    page = any_desk
    works(alice, "09:00-12:00", days=range(1))
    book(individual, timezone.now() + 7 * DAY)
    before = sessions_as_stored()
    page.goto("/diary/")
    press(page, "Availability")
    expect(title(page)).to_have_text("Availability")

    page.get_by_label("Gap between, minutes").fill("15")
    page.get_by_text("Change Tuesday").click()
    press(page, "Add a time on Tuesday")
    expect(page.get_by_label("Tuesday, time 1, from")).to_have_value("09:00")  # as on Monday
    expect(page.get_by_label("Tuesday, time 1, from")).to_be_focused()
    page.get_by_label("Tuesday, time 1, from").fill("14:00")
    page.get_by_label("Tuesday, time 1, to").fill("13:00")
    page.get_by_text("Change Monday").click()
    press(page, "Add another time on Monday")
    expect(page.get_by_label("Monday, time 2, from")).to_be_focused()
    page.get_by_label("Monday, time 2, from").fill("11:00")
    page.get_by_label("Monday, time 2, to").fill("13:00")
    expect(page.get_by_label("Tuesday, time 1, to")).to_be_hidden()
    expect(page.get_by_label("Monday, time 2, from")).to_have_value("11:00")
    expect(page.get_by_label("Gap between, minutes")).to_have_value("15")
    press(page, "Save availability")

    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("Monday: the times overlap")
    expect(summary).to_contain_text("Tuesday, time 1: the end must be after the start")
    expect(page).to_have_title(re.compile("^Error: Availability – "))
    summary.get_by_role("link", name=re.compile("Tuesday, time 1")).click()
    expect(page.get_by_label("Tuesday, time 1, to")).to_be_focused()
    page.get_by_label("Tuesday, time 1, to").fill("15:00")
    press(page, "Remove Monday, time 1")
    expect(page.get_by_label("Monday, time 1, from")).to_have_value("11:00")
    press(page, "Save availability")

    expect(banner(page)).to_contain_text("Availability saved")
    expect(page.get_by_label("Monday, time 1, from")).to_have_value("11:00")
    expect(page.get_by_label("Tuesday, time 1, to")).to_have_value("15:00")
    saved = [f"{h.weekday} {h.starts:%H:%M}-{h.ends:%H:%M}" for h in alice.weekly_hours.all()]
    assert saved == ["0 11:00-13:00", "1 14:00-15:00"]
    assert alice.booking_rules.gap_minutes == 15
    assert sessions_as_stored() == before


def test_a_working_week_with_lunch_takes_few_presses_and_four_fields(any_desk, alice):
    page, presses, filled = any_desk, [], {}
    page.goto("/diary/availability/")

    for name, value in [("", "09:00-17:00"), ("break ", "13:00-14:00")]:
        for end, text in zip(("from", "to"), value.split("-"), strict=True):
            filled[f"Monday, time 1, {name}{end}"] = text
    for label, text in filled.items():
        page.get_by_label(label, exact=True).fill(text)
    for name in ("Copy to all weekdays from Monday", "Save availability"):
        presses.append(name)
        press(page, name)

    expect(banner(page)).to_contain_text("Availability saved")
    expect(page.get_by_text("9am to 5pm, break 1pm to 2pm")).to_have_count(5)
    assert len(presses) <= 6
    assert len(filled) <= 4
    saved = {(h.weekday, f"{h.starts:%H:%M}-{h.ends:%H:%M}") for h in alice.weekly_hours.all()}
    assert saved == {(day, span) for day in range(5) for span in ("09:00-13:00", "14:00-17:00")}


def test_what_is_typed_in_a_day_that_is_closed_again_is_saved(any_desk, alice):
    page = any_desk
    works(alice, "09:00-17:00", days=range(2))
    page.goto("/diary/availability/")
    expect(page.get_by_label("Monday, time 1, to")).to_be_hidden()

    page.get_by_text("Change Monday").click()
    page.get_by_label("Monday, time 1, to").fill("16:00")
    page.locator("summary", has_text="Monday").click()
    expect(page.get_by_label("Monday, time 1, to")).to_be_hidden()
    press(page, "Save availability")

    expect(banner(page)).to_contain_text("Availability saved")
    assert [f"{h.ends:%H}" for h in alice.weekly_hours.all()] == ["16", "17"]


def test_leaving_with_what_is_not_saved_is_asked_about(desk, alice):
    asked: list[str] = []
    answers = iter([False, True])

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept() if next(answers) else dialog.dismiss()

    desk.on("dialog", answer)
    works(alice, "09:00-17:00")
    desk.goto("/diary/availability/")
    expect(desk.get_by_text("Not saved yet.")).to_be_hidden()
    desk.get_by_text("Change Monday").click()
    desk.get_by_label("Monday, time 1, to").press_sequentially("1600")
    expect(desk.get_by_text("Not saved yet.")).to_be_visible()
    desk.locator("summary", has_text="Monday").click()
    expect(desk.locator("summary", has_text="Monday")).to_contain_text("Changed")
    press(desk, "Help")
    expect(title(desk)).to_have_text("Availability")
    press(desk, "Help")
    expect(title(desk)).to_have_text("Help")
    assert asked == ["beforeunload"] * 2

    for leave in ("Go back without saving", "Save availability"):
        desk.goto("/diary/availability/")
        desk.get_by_text("Change Tuesday").click()
        desk.get_by_label("Tuesday, time 1, to").press_sequentially("1500")
        press(desk, leave)
        expect(desk.get_by_text("Not saved yet.")).to_be_hidden()
    assert len(asked) == 2


def test_enter_saves_and_neither_adds_nor_removes(any_desk, alice):
    works(alice, "09:00-12:00", days=range(1))
    any_desk.goto("/diary/availability/")

    any_desk.get_by_label("Gap between, minutes").fill("20")
    any_desk.keyboard.press("Enter")

    expect(banner(any_desk)).to_contain_text("Availability saved")
    assert alice.weekly_hours.count() == 1
    assert alice.booking_rules.gap_minutes == 20


def test_the_therapists_pages_are_accessible_on_every_screen(desk, alice, ann, individual, couples):
    """Those that `tests/browser/tour.py` does not show, or shows empty."""
    works(alice, "09:00-12:00", "14:00-18:00", days=range(7))
    book(couples, timezone.now() - DAY)
    session = book(individual, timezone.now() + DAY)
    book(couples, timezone.now() + 2 * DAY)
    couples.end(by=alice.user, reason="completed")
    hours = alice.dated_hours.create(
        kind="open", day="2030-01-07", starts="18:00", ends="20:00", note="x" * 120
    )
    details = f"/sessions/{session.public_id}/"
    today = timezone.localdate()
    addresses = [
        f"/diary/{monday(today + 2 * DAY)}/",
        f"/diary/{today - DAY}/day/",
        details,
        f"{details}move/",
        f"{details}cancel/",
        f"/clients/{ann.public_id}/sessions/",
        "/diary/open/?day=2030-12-04&time=1800",
        "/diary/block/",
        f"/diary/times/{hours.public_id}/",
        "/diary/availability/",
    ]
    for address in addresses:
        assert desk.goto(address).status == 200
        assert_accessible_on_every_screen(desk)
    press(desk, "Add days off")
    desk.get_by_label("Days off 1, from").fill("2030-01-02")
    desk.get_by_text("Change Monday").click()
    desk.get_by_label("Monday, time 1, to").fill("08:00")
    press(desk, "Save availability")
    expect(desk.locator(".error-summary")).to_be_visible()
    assert_accessible_on_every_screen(desk)
    desk.on("dialog", lambda dialog: dialog.accept())
    desk.goto("/clients/")
    expect(desk.locator("#results .box-note")).to_contain_text("Ben Bright still has a session")
    assert_accessible_on_every_screen(desk)
