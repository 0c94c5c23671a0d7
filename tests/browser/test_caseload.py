"""The caseload, the tidy-up list and the planned ending in a browser."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from relationships.models import Relationship
from relationships.models.choices import EndReason
from tests.browser import WIDER, assert_accessible_on_every_screen
from tests.browser.steps import banner, press, title
from tests.factories import ClientFactory, history_of, row_of, start

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def nothing_kept():
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def quiet(alice) -> list[Relationship]:
    """Work of which nothing has been heard for long, with three people."""
    long_ago = timezone.now() - 400 * DAY
    names = ("Quin Quiet", "Rae Rare", "Sam Silent")
    return [start(ClientFactory(therapist=alice, name=name), at=long_ago) for name in names]


@pytest.fixture
def endings(alice) -> None:
    for days, reason in enumerate(EndReason.values):
        relationship = start(ClientFactory(therapist=alice), at=timezone.now() - 300 * DAY)
        relationship.end(by=alice.user, reason=reason, at=timezone.now() - (20 + days) * DAY)


def row(page: Page, name: str) -> Locator:
    return page.locator(".tidy").get_by_role("listitem").filter(has_text=name)


def test_the_list_is_tidied_with_and_without_scripts(any_desk, quiet):
    page = any_desk
    page.goto("/clients/")
    press(page, "3 need attention")
    expect(title(page)).to_have_text("Tidy up")

    row(page, "Quin").get_by_label("What to do").select_option("End this Relationship")
    row(page, "Rae").get_by_label("What to do").select_option("Not yet: ask again in 4 weeks")
    press(page, "Save")

    summary = page.locator(".error-summary")
    expect(summary).to_contain_text("Select a reason for ending the relationship with Quin Quiet")
    expect(row(page, "Rae").get_by_label("What to do")).to_have_value("not_yet")
    assert [history_of(relationship) for relationship in quiet] == [["started"]] * 3
    summary.get_by_role("link").click()
    reason = row(page, "Quin").get_by_label("Reason for ending")
    expect(reason).to_be_focused()

    reason.select_option("Lost contact")
    press(page, "Save")

    expect(banner(page)).to_contain_text("2 relationships done.")
    expect(page.locator(".tidy > li")).to_have_count(1)
    expect(row(page, "Sam")).to_be_visible()
    assert [row_of(relationship)["reason"] for relationship in quiet] == ["lost_contact", "", ""]


def test_what_an_action_needs_appears_in_its_row_and_goes_again(desk, quiet):
    desk.goto("/caseload/tidy-up/")
    quin = row(desk, "Quin")
    what = quin.get_by_label("What to do")
    expect(desk.get_by_label("Reason for ending")).to_have_count(0)

    what.select_option("End this Relationship")
    expect(quin.get_by_label("Reason for ending")).to_be_visible()
    what.select_option("On a break until a date")
    expect(quin.get_by_label("Reason for ending")).to_have_count(0)
    expect(quin.get_by_label("On a break until")).to_be_visible()
    what.select_option("Leave it on this list")
    expect(quin.locator(".field")).to_have_count(0)


def test_the_error_has_the_focus(desk, quiet):
    desk.goto("/caseload/tidy-up/")
    row(desk, "Quin").get_by_label("What to do").select_option("On a break until a date")
    press(desk, "Save")

    expect(desk.locator(".error-summary")).to_be_focused()
    assert desk.title().startswith("Error: Tidy up")


def test_a_row_that_ended_in_another_tab_is_told(desk, quiet, alice):
    page = desk
    page.goto("/caseload/tidy-up/")
    quiet[0].end(by=alice.user, reason="completed")
    for name in ("Quin", "Rae"):
        row(page, name).get_by_label("What to do").select_option("End this Relationship")
        row(page, name).get_by_label("Reason for ending").select_option("Another reason")
    press(page, "Save")

    expect(banner(page)).to_contain_text("1 relationship done.")
    expect(banner(page)).to_contain_text("Individual relationship with Quin Quiet was left alone")
    assert [row_of(relationship)["reason"] for relationship in quiet] == ["completed", "other", ""]


def test_one_drawing_is_seen_at_a_time_and_its_text_can_be_read(desk, quiet, endings):
    desk.goto("/caseload/")
    wide, narrow = desk.locator(".chart-wide"), desk.locator(".chart-narrow")
    size = """svg => Math.min(...[...svg.querySelectorAll("text")].map(text =>
      parseFloat(getComputedStyle(text).fontSize) * svg.getScreenCTM().a))"""

    for width, shown, hidden in ((1280, wide, narrow), (390, narrow, wide), (320, narrow, wide)):
        desk.set_viewport_size({"width": width, "height": 800})
        expect(shown).to_be_visible()
        expect(hidden).to_be_hidden()
        if width > 320:
            assert shown.evaluate(size) >= 12, width


def test_no_text_of_the_drawing_lies_on_another(desk, quiet, endings):
    desk.goto("/caseload/")
    overlapping = """svg => {
      const boxes = [...svg.querySelectorAll("text")].map(t => [t, t.getBoundingClientRect()]);
      return boxes.flatMap(([a, p], i) => boxes.slice(i + 1)
        .filter(([, q]) => p.left < q.right && q.left < p.right
                        && p.top < q.bottom && q.top < p.bottom)
        .map(([b]) => `${a.textContent} ${b.textContent}`));
    }"""
    within = """svg => {
      const box = svg.getBoundingClientRect();
      return [...svg.querySelectorAll("text")].map(t => [t, t.getBoundingClientRect()])
        .filter(([, t]) => t.left < box.left - 1 || t.right > box.right + 1)
        .map(([t]) => t.textContent);
    }"""

    for width, which in ((1280, "wide"), (390, "narrow")):
        desk.set_viewport_size({"width": width, "height": 800})
        drawing = desk.locator(f".chart-{which}")
        assert drawing.evaluate(overlapping) == [], which
        assert drawing.evaluate(within) == [], which


def test_the_table_opens(desk, quiet):
    desk.goto("/caseload/")
    cells = desk.locator(".plain-table td")
    expect(cells.last).to_be_hidden()

    desk.get_by_text("Show as a table").click()

    expect(cells.last).to_be_visible()
    expect(cells.last).to_have_text("3")


def test_a_planned_ending_is_noted(desk, quiet):
    page, day = desk, timezone.localdate() + 14 * DAY
    page.goto(f"/relationships/{quiet[0].public_id}/")
    press(page, "Plan the ending")
    page.get_by_label("Day of the last session").fill(f"{day:%Y-%m-%d}")
    press(page, "Save the planned ending")

    expect(banner(page)).to_contain_text("Planned ending saved")
    expect(page.locator(".details")).to_contain_text(f"{day.day} {day:%B %Y}, 0 to go")


def test_the_pages_are_within_everybodys_reach(desk, quiet, endings):
    desk.goto("/caseload/")
    desk.get_by_text("Show as a table").click()
    assert_accessible_on_every_screen(desk)
    desk.goto("/caseload/tidy-up/")
    assert_accessible_on_every_screen(desk)
    row(desk, "Quin").get_by_label("What to do").select_option("End this Relationship")
    press(desk, "Save")
    expect(desk.locator(".error-summary")).to_be_visible()
    assert_accessible_on_every_screen(desk)


def test_the_shortest_pages_fit_too(desk, alice):
    for address in ("/caseload/", "/caseload/tidy-up/", "/profile/figures/", "/therapists/"):
        desk.goto(address)
        desk.set_viewport_size({"width": 320, "height": 800})
        assert desk.evaluate(WIDER) == 0, address
