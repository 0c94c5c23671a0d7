"""Availability that is changed on two pages: rows as sets of changes."""

from itertools import combinations, product

import pytest
import time_machine

from practice.booking.models import BookingRules
from practice.booking.row_changes import as_text, from_text, merged
from tests.booking import KEYS
from tests.diary import NOW, off, works
from tests.reading import read, sent_by

ADDRESS = "/diary/availability/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def hours(therapist) -> list[str]:
    return [
        f"{KEYS[h.weekday]} {h.starts:%H:%M}-{h.ends:%H:%M}" for h in therapist.weekly_hours.all()
    ]


def days_off(therapist) -> list[str]:
    return [f"{t.first_day} {t.last_day} {t.reason}".strip() for t in therapist.time_off.all()]


@pytest.fixture
def opened(as_alice):
    """Open the page, and return what it sends as it stands."""
    return lambda: sent_by(as_alice.get(ADDRESS), "off-shown")


def with_row(sent: dict, prefix: str, *values: str) -> dict:
    """What is sent with one row more."""
    names = ("first_day", "last_day", "reason") if prefix == "off" else ("starts", "ends")
    number = int(sent[f"{prefix}-TOTAL_FORMS"])
    row = {f"{prefix}-{number}-{name}": v for name, v in zip(names, values, strict=False)}
    return sent | row | {f"{prefix}-TOTAL_FORMS": str(number + 1)}


def test_a_holiday_entered_meanwhile_stays_when_an_older_page_is_saved(as_alice, alice, opened):
    works(alice, "09:00-12:00", days=range(1))
    shown = opened()
    off(alice, "2025-12-24", "2026-01-02", "Holidays")

    answer = as_alice.post(ADDRESS, shown | {"mon-0-ends": "13:00"})

    assert answer.status_code == 303
    assert hours(alice) == ["mon 09:00-13:00"]
    assert days_off(alice) == ["2025-12-24 2026-01-02 Holidays"]


def test_holidays_from_two_pages_are_both_kept(as_alice, alice, opened):
    one, other = opened(), opened()

    as_alice.post(ADDRESS, with_row(one, "off", "2025-12-24", "2026-01-02", "Holidays"))
    answer = as_alice.post(ADDRESS, with_row(other, "off", "2025-12-01", "2025-12-01"))

    assert answer.status_code == 303
    assert days_off(alice) == ["2025-12-01 2025-12-01", "2025-12-24 2026-01-02 Holidays"]


def test_a_holiday_removed_meanwhile_does_not_come_back(as_alice, alice, opened):
    off(alice, "2025-12-24", "2025-12-26")
    off(alice, "2026-01-05", "2026-01-06")
    shown = opened()
    alice.time_off.filter(first_day="2025-12-24").delete()

    answer = as_alice.post(ADDRESS, with_row(shown, "tue", "09:00", "10:00"))

    assert answer.status_code == 303
    assert (days_off(alice), hours(alice)) == (["2026-01-05 2026-01-06"], ["tue 09:00-10:00"])


def test_hours_of_one_day_from_two_pages_are_both_kept(as_alice, alice, opened):
    works(alice, "09:00-12:00", days=range(1))
    one, other = opened(), opened()

    as_alice.post(ADDRESS, with_row(one, "mon", "14:00", "15:00"))
    answer = as_alice.post(ADDRESS, with_row(other, "mon", "17:00", "18:00"))

    assert answer.status_code == 303
    assert hours(alice) == ["mon 09:00-12:00", "mon 14:00-15:00", "mon 17:00-18:00"]


def test_one_row_altered_on_both_pages_is_asked_and_pressing_again_decides(as_alice, alice, opened):
    works(alice, "09:00-12:00", days=range(2))
    shown = opened()
    alice.weekly_hours.filter(weekday=0).update(ends="13:00")
    off(alice, "2025-12-24", "2025-12-26")

    answer = as_alice.post(ADDRESS, shown | {"mon-0-ends": "14:00"})

    words = "Monday: changed meanwhile to “09:00 to 13:00”. Save again to keep what stands here"
    again = sent_by(answer, "off-shown")
    assert answer.status_code == 409
    assert read(answer).text.count(words) == 2
    opened = ["open" in attrs for tag, attrs in read(answer).tags if tag == "details"]
    assert opened[:7] == [True] + [False] * 6
    assert hours(alice) == ["mon 09:00-13:00", "tue 09:00-12:00"]
    assert again["mon-0-ends"] == "14:00"
    assert again["off-0-first_day"] == "2025-12-24"  # all else is shown as it is now
    assert as_alice.post(ADDRESS, again).status_code == 303
    assert hours(alice) == ["mon 09:00-14:00", "tue 09:00-12:00"]
    assert days_off(alice) == ["2025-12-24 2025-12-26"]


def test_a_row_removed_here_and_altered_there_is_asked(as_alice, alice, opened):
    works(alice, "09:00-12:00", days=range(1))
    shown = opened() | {"do": "remove-mon-0"}
    removed = sent_by(as_alice.post(ADDRESS, shown), "off-shown")
    alice.weekly_hours.update(ends="13:00")

    answer = as_alice.post(ADDRESS, removed)

    assert answer.status_code == 409
    assert hours(alice) == ["mon 09:00-13:00"]


def test_a_row_removed_on_both_pages_is_not_asked_about(as_alice, alice, opened):
    works(alice, "09:00-12:00", days=range(2))
    removed = sent_by(as_alice.post(ADDRESS, opened() | {"do": "remove-mon-0"}), "off-shown")
    alice.weekly_hours.filter(weekday=0).delete()

    assert as_alice.post(ADDRESS, removed).status_code == 303
    assert hours(alice) == ["tue 09:00-12:00"]


def test_times_that_would_overlap_are_asked_about(as_alice, alice, opened):
    one, other = opened(), opened()
    as_alice.post(ADDRESS, with_row(one, "fri", "09:00", "12:00"))

    answer = as_alice.post(ADDRESS, with_row(other, "fri", "11:00", "13:00"))

    assert answer.status_code == 409
    assert "Friday: changed meanwhile to “09:00 to 12:00”" in read(answer).text
    assert hours(alice) == ["fri 09:00-12:00"]
    assert as_alice.post(ADDRESS, sent_by(answer, "off-shown")).status_code == 303
    assert hours(alice) == ["fri 11:00-13:00"]


def test_a_holiday_altered_on_both_pages_is_asked_and_no_row_of_either_is_lost(
    as_alice, alice, opened
):
    off(alice, "2025-12-24", "2025-12-26", "Away")
    shown = opened()
    alice.time_off.update(last_day="2025-12-28")
    off(alice, "2026-02-02", "2026-02-03")

    answer = as_alice.post(ADDRESS, shown | {"off-0-last_day": "2025-12-27"})

    page, again = read(answer), sent_by(answer, "off-shown")
    words = (
        "Days off: changed meanwhile to “24 December 2025 to 28 December 2025 (Away); "
        "2 February 2026 to 3 February 2026”. Save again to keep what stands here"
    )
    assert answer.status_code == 409
    assert words in page.text
    assert [again[f"off-{n}-last_day"] for n in range(3)] == [
        "2025-12-27",
        "2025-12-28",
        "2026-02-03",
    ]


def test_rows_added_and_removed_without_script_keep_what_was_shown(as_alice, alice, opened):
    works(alice, "09:00-12:00", days=range(1))
    shown = opened()
    off(alice, "2025-12-24", "2025-12-26")
    BookingRules.objects.create(therapist=alice, gap_minutes=30)

    added = sent_by(as_alice.post(ADDRESS, shown | {"do": "add-off"}), "off-shown")
    typed = added | {"off-0-first_day": "2026-01-02", "off-0-last_day": "2026-01-02"}
    answer = as_alice.post(ADDRESS, typed | {"notice_hours": "48"})

    rules = BookingRules.objects.get()
    assert answer.status_code == 303
    assert days_off(alice) == ["2025-12-24 2025-12-26", "2026-01-02 2026-01-02"]
    assert (rules.gap_minutes, rules.notice_hours) == (30, 48)


def test_a_row_that_was_not_changed_is_not_written(as_alice, alice, opened):
    works(alice, "09:00-12:00", days=range(5))
    off(alice, "2025-12-24", "2025-12-26")
    before = [*alice.weekly_hours.values(), *alice.time_off.values()]

    as_alice.post(ADDRESS, with_row(opened(), "sat", "09:00", "10:00"))

    after = [*alice.weekly_hours.exclude(weekday=5).values(), *alice.time_off.values()]
    assert after == before


def test_saving_without_a_change_records_none(as_alice, alice, opened):
    works(alice, "09:00-12:00", gap_minutes=5)

    assert as_alice.post(ADDRESS, opened()).status_code == 303
    assert not alice.entries.filter(verb="availability_changed").exists()


@pytest.mark.parametrize(
    "text", ["", "x", "[", "7", "null", "[7]", "{}", '[["a"]]', "[" * 9_000, '[[[["a"]]]]']
)
def test_what_no_page_has_carried_removes_nothing(as_alice, alice, opened, text):
    works(alice, "09:00-12:00", days=range(1))
    sent = with_row(opened(), "mon", "14:00", "15:00") | {"mon-shown": text}

    assert as_alice.post(ADDRESS, sent).status_code in (303, 409)
    assert "mon 09:00-12:00" in hours(alice)


# The rule itself.

ROWS = [(letter,) for letter in "abcd"]
SETS = [set(rows) for number in range(5) for rows in combinations(ROWS, number)]


def test_whatever_is_changed_nothing_that_only_one_has_changed_is_lost():
    for shown, sent, now in product(SETS, repeat=3):
        result = merged(shown, sent, now)

        if result is None:
            assert shown - sent & shown - now
        else:
            assert result >= (sent - shown) | (now - shown)
            assert not result & ((shown - sent) | (shown - now))
            assert result <= sent | now


def test_a_side_that_changes_nothing_lets_the_other_have_its_way():
    for shown, changed in product(SETS, repeat=2):
        assert merged(shown, changed, shown) == changed
        assert merged(shown, shown, changed) == changed
        assert merged(shown, changed, changed) == changed


def test_a_page_carries_rows_as_they_are():
    rows = {("2025-12-24", "2026-01-02", 'a "quoted" <reason>, ünïcode'), ("", "\\", "[]")}

    assert from_text(as_text(rows)) == rows
