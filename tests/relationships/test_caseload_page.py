"""The caseload page: the picture, its table, the reasons, and who sees it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from relationships.caseload.chart import BOTTOM, DIGIT, TOP, draw
from relationships.models.choices import EndReason
from tests.conftest import browser_of
from tests.factories import ClientFactory, reads_in, start
from tests.profiles import session
from tests.reading import Page, read

DAY = timedelta(days=1)
NOW = datetime(2025, 11, 20, 10, tzinfo=UTC)
NONE_ENDED = "No relationships have ended in the last 12 months."
NOT_ENOUGH = "There is not enough to draw yet. Come back next month."


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def look(as_alice):
    return lambda: read(as_alice.get("/caseload/"))


@pytest.fixture
def new(alice):
    def new(days: int, ended: int | None = None, reason: str = "completed"):
        relationship = start(ClientFactory(therapist=alice), at=NOW - days * DAY)
        if ended is not None:
            relationship.end(by=alice.user, reason=reason, at=NOW - ended * DAY)
        return relationship

    return new


def points(page: Page, size: str) -> list[tuple[float, float]]:
    drawing = re.search(rf'<svg class="chart chart-{size}".*?</svg>', page.source, re.DOTALL)[0]
    line = re.search(r'<polyline class="line" points="([^"]+)"', drawing)[1]
    return [tuple(map(float, point.split(","))) for point in line.split()]


def table(page: Page) -> list[tuple[str, int]]:
    cells = page.cells[page.cells.index("Active clients") + 1 :]
    return [(month, int(number)) for month, number in zip(cells[::2], cells[1::2], strict=True)]


# The picture itself.


def test_zero_is_on_the_floor_and_the_largest_below_the_ceiling():
    chart = draw([0, 8, 4], ["a", "b", "c"], width=482, height=240, every=1)

    floor = 240 - BOTTOM
    assert chart.line == "25.0,210.0 225.0,12.0 425.0,111.0"
    assert [mark.y for mark in chart.grid] == [floor, (floor + TOP) / 2, TOP]
    assert [mark.text for mark in chart.grid] == ["0", "4", "8"]
    assert chart.area.split()[0] == f"25,{floor}"
    assert chart.area.split()[-1] == f"425.0,{floor}"


@pytest.mark.parametrize("numbers", [[0, 0], [1, 2], [0, 7, 3], [41] * 13, [199, 201], [0, 1234]])
def test_every_point_is_within_the_drawing(numbers):
    for width in (326, 482):
        chart = draw(numbers, ["x"] * len(numbers), width=width, height=220, every=3)

        for point in chart.line.split():
            x, y = map(float, point.split(","))
            assert chart.grid[0].x <= x <= chart.last.x
            assert TOP <= y <= 220 - BOTTOM
        top = int(chart.grid[-1].text)
        assert top >= max(numbers)
        assert chart.grid[0].x - 8 - DIGIT * len(str(top)) >= 0
        assert chart.last.x + 10 + DIGIT * len(f"{chart.last.text} now") <= width
        assert int(chart.grid[1].text) * 2 == top


def test_the_last_point_is_labelled_and_so_is_its_month():
    chart = draw([1, 2, 3, 2, 5], list("abcde"), width=326, height=220, every=3)

    assert (chart.last.text, f"{chart.last.x},{chart.last.y}") == ("5", chart.line.split()[-1])
    assert [mark.text for mark in chart.months] == ["b", "e"]
    assert chart.months[-1].x == chart.last.x


# On the page.


def test_both_drawings_and_the_table_say_the_same(look, new):
    new(700)
    new(200)
    new(150, ended=40)
    new(90)

    page = look()

    rows = table(page)
    assert rows[-1] == ("November 2025", 3)
    assert dict(rows)["September 2025"] == 4
    assert dict(rows)["January 2025"] == 1
    assert len({month for month, _ in rows}) == len(rows)
    for size, height in (("wide", 240), ("narrow", 220)):
        floor, top = height - BOTTOM, 4
        drawn = [(floor - y) / (floor - TOP) * top for _, y in points(page, size)]
        assert [round(value, 1) for value in drawn] == [number for _, number in rows]
        steps = [x for x, _ in points(page, size)]
        assert steps == sorted(steps)


def test_the_drawing_says_in_a_sentence_what_it_shows(look, new):
    new(700)
    new(30)

    page = look()

    first, last = table(page)[0], table(page)[-1]
    sentence = f"From {first[1]} in {first[0]} to 2 in November 2025."
    assert last == ("November 2025", 2)
    assert page.ids["chart-wide-desc"] == page.ids["chart-narrow-desc"] == sentence
    assert page.ids["chart-wide-title"] == "Active clients over time"
    drawings = [attrs for tag, attrs in page.tags if tag == "svg" and "chart" in attrs["class"]]
    assert [attrs["role"] for attrs in drawings] == ["img", "img"]
    assert "2 now" in page.text


def test_within_the_first_month_there_is_nothing_to_draw(look, new):
    new(5)

    page = look()

    assert NOT_ENOUGH in page.text
    assert "<polyline" not in page.source
    assert "Show as a table" not in page.text
    assert "Active clients 1 now" in page.text


def test_without_a_client_there_is_nothing_to_draw(look):
    page = look()

    assert NOT_ENOUGH in page.text
    assert page.text.count(NONE_ENDED) == 2
    assert "Active clients 0 now" in page.text


def test_from_the_second_month_on_there_is_a_line(look, new):
    new(21)  # 30 October

    page = look()

    assert NOT_ENOUGH not in page.text
    assert table(page) == [("October 2025", 1), ("November 2025", 1)]


def test_the_tiles_say_the_numbers(look, new, alice):
    new(300)
    new(200, ended=100).restart(by=alice.user, at=NOW - 50 * DAY)
    new(190, ended=100)

    assert (
        "Active clients 2 now Relationships started 3 in the last 12 months "
        "Relationships ended 2 in the last 12 months Restarted 1 in the last 12 months"
    ) in look().text


def test_the_reasons_are_words_with_numbers_and_the_bars_are_decoration(look, new):
    for reason in ["completed"] * 3 + ["lost_contact", "other"]:
        new(200, ended=10, reason=reason)

    page = look()

    assert (
        "Planned 3 Work completed 3 Unplanned 1 Lost contact 1 Administrative 1 Another reason 1"
    ) in page.text
    bars = re.findall(
        r'<svg viewBox="0 0 100 8"[^>]*aria-hidden="true"[^>]*><rect width="(\d+)"', page.source
    )
    assert bars[-3:] == ["60", "20", "20"]
    assert "% of planned" not in page.text  # four of them


def test_the_share_of_unplanned_endings_is_compared_with_what_is_known(look, new):
    for reason in ["completed"] * 3 + ["lost_contact"] * 2:
        new(200, ended=10, reason=reason)

    text = look().text

    assert "40% of planned and unplanned endings were unplanned." in text
    assert "32% where therapists recorded it" in text


def test_sessions_per_episode_are_said_in_words(look, new):
    for n, sessions in enumerate((0, 1, 3)):
        relationship = new(200, ended=10)
        for nth in range(sessions):
            session(relationship, NOW - (150 - nth) * DAY + n * timedelta(hours=1))

    text = look().text

    assert "Half had 1 sessions or fewer." not in text
    assert "Half had 1 session or fewer." in text
    assert "0 sessions 1 1 session 1 2 to 5 sessions 1 6 to 12 sessions 0" in text


def test_no_ending_is_said_so(look, new):
    new(100)

    page = look()

    assert page.text.count(NONE_ENDED) == 2
    assert "Half had" not in page.text


def test_the_page_says_who_sees_it_and_that_figures_are_not_affected(look):
    assert (
        "Only you can see this page. Ending a relationship does not affect your profile stats, "
        "retention rate or profile badges."
    ) in look().text
    assert "The last 12 months, to 20 November 2025" in look().text


def test_nobody_else_sees_my_caseload(as_alice, as_bob, as_ann, client, new):
    for reason in EndReason.values:
        new(200, ended=10, reason=reason)

    theirs = read(as_bob.get("/caseload/"))

    assert NOT_ENOUGH in theirs.text
    assert NONE_ENDED in theirs.text
    assert as_ann.get("/caseload/").status_code == 403
    assert client.get("/caseload/").status_code == 302
    assert "no-store" in as_alice.get("/caseload/")["Cache-Control"]


def test_the_page_is_in_the_therapists_own_time(alice, new, clock):
    new(20)
    reads_in(alice.user, "Pacific/Kiritimati")
    clock.move_to(datetime(2025, 11, 30, 11, tzinfo=UTC))  # 1 December there

    page = read(browser_of(alice.user).get("/caseload/"))

    assert "to 1 December 2025" in page.text
    assert table(page)[-1] == ("December 2025", 1)


def test_the_number_of_queries_does_not_grow(as_alice, new, alice, django_assert_num_queries):
    """Once it is settled, as it is every night, or after the first page."""
    new(200, ended=10)
    as_alice.get("/caseload/")
    with django_assert_num_queries(3):
        as_alice.get("/caseload/")
    for n in range(6):
        session(new(300, ended=5 + n), NOW - (100 + n) * DAY)
        new(250)
    as_alice.get("/caseload/")

    with django_assert_num_queries(3):
        as_alice.get("/caseload/")


def test_the_caseload_leads_to_what_needs_attention(look, new):
    assert "Tidy up" in look().text
    assert "attention" not in look().text
    new(200)
    assert "Tidy up: 1 needs attention" in look().text
    new(200)
    assert "Tidy up: 2 need attention" in look().text
