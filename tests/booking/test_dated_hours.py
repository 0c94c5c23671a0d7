"""Hours of single dates: opened besides the weekly ones, or blocked (`docs/domain.md` 4)."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
import time_machine

from practice.booking.dated_hours import DatedHours, OpenOrBlocked
from practice.booking.dated_hours_pages import MOST_TO_COME
from practice.booking.models import free_times, is_free
from tests.booking import slots
from tests.conftest import browser_of
from tests.diary import NOBODYS, NOW, at, book, off, sessions_as_stored, works
from tests.racing import at_once
from tests.reading import read

OPEN, BLOCK = "/diary/open/", "/diary/block/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def dated(therapist, kind: str, day: str, span: str, note: str = "") -> DatedHours:
    starts, ends = map(time.fromisoformat, span.split("-"))
    return therapist.dated_hours.create(
        kind=kind, day=date.fromisoformat(day), starts=starts, ends=ends, note=note
    )


def starts_on(therapist, day: str, zone: str = "Europe/London") -> list[str]:
    """Return the free times of a day, as the therapist's clock shows them."""
    found = [start.astimezone(ZoneInfo(zone)) for start in free_times(therapist, NOW)]
    return [f"{s:%H:%M}" for s in found if s.date() == date.fromisoformat(day)]


def typed(day: str = "2025-11-26", starts: str = "18:00", ends: str = "20:00", **more) -> dict:
    return {"shown": "Europe/London", "day": day, "starts": starts, "ends": ends} | more


def saved(therapist) -> list[str]:
    return [str(hours) for hours in therapist.dated_hours.all()]


def refused(answer, words: str) -> None:
    page = read(answer)
    assert answer.status_code == 422
    assert page.title.startswith("Error: ")
    assert page.text.count(words) == 2  # in the summary, and at its field


# What they do to the free times.


def test_opened_hours_are_free_on_that_date_alone(alice):
    works(alice, "09:00-10:00")
    dated(alice, "open", "2025-11-26", "18:00-20:00")
    dated(alice, "open", "2025-11-29", "10:00-11:00")

    assert starts_on(alice, "2025-11-26") == ["09:00", "18:00", "19:00"]
    assert starts_on(alice, "2025-11-29") == ["10:00"]
    assert starts_on(alice, "2025-12-03") == ["09:00"]


def test_blocked_hours_are_not_free_on_that_date_alone(alice):
    works(alice, "09:00-13:00")
    dated(alice, "blocked", "2025-11-26", "10:00-11:00", "Supervision")

    assert starts_on(alice, "2025-11-26") == ["09:00", "11:00", "12:00"]
    assert starts_on(alice, "2025-12-03") == ["09:00", "10:00", "11:00", "12:00"]
    assert not is_free(alice, at("2025-11-26 10:00"), NOW)
    assert is_free(alice, at("2025-12-03 10:00"), NOW)


def test_a_session_that_reaches_into_a_blocked_time_is_not_offered(alice):
    works(alice, "09:00-13:00")
    dated(alice, "blocked", "2025-11-26", "10:30-10:45")

    assert starts_on(alice, "2025-11-26") == ["09:00", "11:00", "12:00"]


def test_days_off_and_blocked_times_win_over_what_was_opened(alice):
    for day in ("2025-11-26", "2025-11-27"):
        dated(alice, "open", day, "18:00-20:00")
    off(alice, "2025-11-26", "2025-11-26")
    dated(alice, "blocked", "2025-11-27", "19:00-20:00")

    assert starts_on(alice, "2025-11-26") == []
    assert starts_on(alice, "2025-11-27") == ["18:00"]


def test_what_is_opened_takes_no_time_away(alice):
    works(alice, "09:00-11:00")
    dated(alice, "open", "2025-11-26", "08:05-09:00")  # too close to 9am
    dated(alice, "open", "2025-11-27", "08:00-08:50")

    assert starts_on(alice, "2025-11-26") == ["09:00", "10:00"]
    assert starts_on(alice, "2025-11-27") == ["08:00", "09:00", "10:00"]


def test_opened_hours_keep_the_notice_and_the_furthest_day(alice):
    works(alice, "09:00-10:00", days=range(1), furthest_weeks=2, notice_hours=48)
    for day in ("2025-11-21", "2025-11-22", "2025-12-03", "2025-12-05"):
        dated(alice, "open", day, "12:00-13:00")

    assert starts_on(alice, "2025-11-21") == []
    assert starts_on(alice, "2025-11-22") == ["12:00"]
    assert starts_on(alice, "2025-12-03") == ["12:00"]
    assert starts_on(alice, "2025-12-05") == []


def test_until_midnight_is_until_the_days_end(alice):
    works(alice, "09:00-10:00")
    dated(alice, "open", "2025-11-26", "22:00-00:00")
    dated(alice, "blocked", "2025-11-27", "00:00-00:00")

    assert starts_on(alice, "2025-11-26") == ["09:00", "22:00", "23:00"]
    assert starts_on(alice, "2025-11-27") == []


def test_they_are_of_the_therapists_clock(alice):
    works(alice, "09:00-12:00", days=range(7), zone="Pacific/Auckland")
    dated(alice, "open", "2025-11-26", "18:00-19:00")
    dated(alice, "blocked", "2025-11-27", "09:00-11:00")

    assert at("2025-11-26 18:00", "Pacific/Auckland") in free_times(alice, NOW)
    assert at("2025-11-27 09:00", "Pacific/Auckland") not in free_times(alice, NOW)
    assert at("2025-11-27 11:00", "Pacific/Auckland") in free_times(alice, NOW)


@pytest.mark.parametrize(
    ("day", "span", "begins", "hours"),
    [
        ("2026-03-29", "00:30-03:00", "2026-03-29T00:30:00+00:00", 1.5),
        ("2026-03-29", "01:30-03:00", "2026-03-29T00:30:00+00:00", 1.5),
        ("2025-10-26", "01:00-02:00", "2025-10-26T00:00:00+00:00", 2),
        ("2025-10-26", "00:00-00:00", "2025-10-25T23:00:00+00:00", 25),
    ],
)
def test_where_the_clocks_change_the_longest_stretch_is_blocked(alice, day, span, begins, hours):
    interval = dated(alice, "blocked", day, span).interval(ZoneInfo("Europe/London"))

    assert interval.starts == datetime.fromisoformat(begins)
    assert (interval.ends - interval.starts).total_seconds() == hours * 3600


def test_what_a_blocked_time_is_for_is_the_therapists_alone(as_ann, individual, alice):
    works(alice, "09:00-13:00")
    dated(alice, "blocked", "2025-11-26", "10:00-11:00", "Supervision")

    assert "note" not in {field.name for field in OpenOrBlocked._meta.fields}
    page = read(as_ann.get(f"/book/{individual.public_id}/", {"week": "2025-11-24"}))
    assert "Supervision" not in page.source
    assert f"/book/{individual.public_id}/2025-11-26/1100/" in slots(page)
    assert f"/book/{individual.public_id}/2025-11-26/1000/" not in slots(page)


# The pages.


@pytest.mark.parametrize(
    ("address", "head", "kind"), [(OPEN, "Time opened", "open"), (BLOCK, "Time blocked", "blocked")]
)
def test_a_time_of_a_date_is_opened_or_blocked_and_the_diary_says_so(
    as_alice, alice, address, head, kind
):
    answer = as_alice.post(address, typed(note="Supervision"))

    assert (answer.status_code, answer.url) == (303, "/diary/2025-11-24/")
    page = read(as_alice.get(answer.url))
    assert page.heads[0] == head
    assert "Wednesday 26 November 2025, 6pm to 8pm (London time)." in page.text
    assert saved(alice) == [f"{kind} 2025-11-26 18:00:00 to 20:00:00"]
    assert alice.dated_hours.get().note == "Supervision"
    assert alice.entries.filter(verb="availability_changed").count() == 1


def test_the_address_fills_in_day_and_time_and_a_sessions_length(as_alice, alice):
    works(alice, session_minutes=80)

    for address in (OPEN, BLOCK):
        page = read(as_alice.get(address, {"day": "2025-12-04", "time": "1800"}))

        names = ("day", "starts", "ends")
        assert [page.value_of(name) for name in names] == ["2025-12-04", "18:00", "19:20"]
    assert saved(alice) == []


def test_what_is_filled_in_ends_at_midnight_at_the_latest(as_alice):
    page = read(as_alice.get(OPEN, {"day": "2025-12-04", "time": "2330"}))

    assert page.value_of("ends") == "00:00"


@pytest.mark.parametrize(
    "query",
    [{}, {"day": "soon", "time": "1800"}, {"day": "2025-12-04"}, {"day": "", "time": "²"}],
    ids=str,
)
def test_an_odd_address_fills_in_nothing(as_alice, query):
    answer = as_alice.get(BLOCK, query)

    assert answer.status_code == 200
    assert not read(answer).value_of("day")


def test_opening_says_how_many_sessions_can_be_booked(as_alice, alice):
    answer = as_alice.post(OPEN, typed())

    assert "Clients can book 2 sessions then." in read(as_alice.get(answer.url)).text


def test_opening_what_nobody_can_book_says_why(as_alice, alice):
    answer = as_alice.post(OPEN, typed("2025-11-20", "18:00", "19:00"))

    text = read(as_alice.get(answer.url)).text
    assert "Nobody can book then as yet: a session lasts 50 minutes, 10 apart from others, " in text
    assert "and is booked 24 hours to 8 weeks ahead." in text


def test_the_diary_knows_what_was_opened_further_ahead_than_clients_book(as_alice, alice):
    works(alice, "09:00-18:00")
    dated(alice, DatedHours.Kind.OPEN, "2026-02-07", "10:00-12:00")  # a Saturday, in 11 weeks

    week, day = (
        read(as_alice.get(f"/diary/{where}/")) for where in ("2026-02-02", "2026-02-07/day")
    )

    assert any(head.startswith("Saturday 7") for head in week.heads)
    assert "From midday Outside your hours" in day.text


def test_blocking_touches_no_session_and_says_what_stays_booked(as_alice, individual):
    book(individual)
    before = sessions_as_stored()

    answer = as_alice.post(BLOCK, typed("2025-11-26", "16:30", "18:00"))

    assert "1 session within it stays booked." in read(as_alice.get(answer.url)).text
    assert sessions_as_stored() == before


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"day": ""}, "Enter the date"),
        ({"starts": ""}, "Enter when it starts"),
        ({"ends": "late"}, "Enter a time like 17:00"),
        ({"starts": "20:00", "ends": "18:00"}, "The end must be after the start"),
        ({"starts": "18:00", "ends": "18:00"}, "The end must be after the start"),
        ({"day": "2025-11-19"}, "That day has passed. Enter one that is still to come"),
        (
            {"day": "2025-11-20", "starts": "10:00", "ends": "11:00"},
            "That time has passed. Enter one that is still to come",
        ),
        ({"day": "2027-11-22"}, "Enter a date within the next two years"),
        ({"day": "9999-12-31"}, "Enter a date within the next two years"),
        (
            {"day": "2026-03-29", "starts": "01:30", "ends": "04:00"},
            "That time does not exist on that day: the clocks go forward",
        ),
        (
            {"day": "2026-03-29", "starts": "00:30", "ends": "01:30"},
            "That time does not exist on that day: the clocks go forward",
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize("address", [OPEN, BLOCK])
def test_what_cannot_be_is_refused_in_words_and_what_was_typed_stays(
    as_alice, alice, address, sent, words
):
    answer = as_alice.post(address, typed(**sent, note="Late clinic"))

    refused(answer, words)
    assert read(answer).value_of("note") == "Late clinic"
    assert saved(alice) == []


def test_a_note_is_one_line_of_120_characters(as_alice, alice):
    assert as_alice.post(BLOCK, typed(note="x" * 121)).status_code == 422
    assert as_alice.post(BLOCK, typed(note="a\x07b")).status_code == 422
    assert as_alice.post(BLOCK, typed(note="x" * 120)).status_code == 303


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (("16:00", "18:00"), "Your weekly hours are 9am to 5pm on that day already"),
        (("19:00", "21:00"), "You have opened 6pm to 8pm on that day. Remove that first"),
        (("21:30", "22:30"), "You have blocked 9pm to 10pm on that day. Remove that first"),
        (("22:00", "22:49"), "A session lasts 50 minutes: open at least as long"),
    ],
    ids=str,
)
def test_opening_what_overlaps_or_is_too_short_is_refused(as_alice, alice, span, words):
    works(alice, "09:00-17:00")
    dated(alice, "open", "2025-11-26", "18:00-20:00")
    dated(alice, "blocked", "2025-11-26", "21:00-22:00")

    refused(as_alice.post(OPEN, typed("2025-11-26", *span)), words)
    assert alice.dated_hours.count() == 2


def test_opening_a_day_off_is_refused(as_alice, alice):
    off(alice, "2025-11-24", "2025-11-28")

    answer = as_alice.post(OPEN, typed())

    refused(answer, "You have days off then, on which nobody can book")


def test_blocking_within_the_weekly_hours_is_what_it_is_for(as_alice, alice):
    works(alice, "09:00-17:00")

    assert as_alice.post(BLOCK, typed("2025-11-26", "13:00", "13:10")).status_code == 303
    assert as_alice.post(BLOCK, typed("2025-11-26", "13:10", "14:00")).status_code == 303
    refused(
        as_alice.post(BLOCK, typed("2025-11-26", "12:00", "13:05")),
        "You have blocked 1pm to 1:10pm on that day. Remove that first",
    )


def test_there_is_a_most_of_them(as_alice, alice):
    days = [date.fromordinal(NOW.date().toordinal() + n) for n in range(1, MOST_TO_COME + 1)]
    DatedHours.objects.bulk_create(
        DatedHours(therapist=alice, kind="blocked", day=day, starts=time(9), ends=time(10))
        for day in days
    )

    answer = as_alice.post(BLOCK, typed())

    assert answer.status_code == 422
    assert f"You have {MOST_TO_COME} such times to come. Remove some first" in read(answer).text


def test_a_page_made_in_another_time_zone_is_shown_again(as_alice, alice):
    answer = as_alice.post(OPEN, typed(shown="Europe/Paris"))

    assert answer.status_code == 409
    assert read(answer).value_of("starts") == "18:00"
    assert saved(alice) == []


def test_a_second_click_opens_it_once(as_alice, alice):
    answers = [as_alice.post(OPEN, typed()) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert alice.dated_hours.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_that_overlap_at_once_one_wins(alice):
    spans = [("18:00", "20:00"), ("19:00", "21:00")]
    browsers = [browser_of(alice.user) for _ in spans]

    answers = at_once(
        *(
            lambda b=b, s=s: b.post(OPEN, typed("2025-11-26", *s))
            for b, s in zip(browsers, spans, strict=True)
        )
    )

    assert sorted(answer.status_code for answer in answers) == [303, 422]
    assert alice.dated_hours.count() == 1


# Removing.


def test_many_are_folded_so_that_saving_is_not_far_away(as_alice, alice):
    for number in range(10):
        dated(alice, "open", str(date(2026, 1, 1 + number)), "18:00-20:00")
    assert "<details" not in dated_of(as_alice)
    dated(alice, "open", "2026-02-01", "18:00-20:00")

    folded = dated_of(as_alice).partition("<details")[2]

    assert "<summary>11 times to come</summary>" in folded
    assert folded.count("/diary/times/") == 11


def dated_of(browser) -> str:
    """The part of Availability that lists single times."""
    source = browser.get("/diary/availability/").content.decode()
    return source.partition('id="dated"')[2].partition("</section>")[0]


@pytest.mark.parametrize("page", ["open", "block"])
def test_the_last_day_there_is_fills_in_the_form(as_alice, page):
    answer = as_alice.get(f"/diary/{page}/?day=9999-12-31&time=2359")

    assert answer.status_code == 200
    assert read(answer).value_of("day") == "9999-12-31"


def test_one_that_was_opened_is_shown_and_removed(as_alice, alice):
    hours = dated(alice, "open", "2025-11-26", "18:00-20:00", "Late clinic")
    address = f"/diary/times/{hours.public_id}/"

    page = read(as_alice.get(address))
    assert "Wednesday 26 November 2025, 6pm to 8pm" in page.text
    assert "Late clinic" in page.text
    assert alice.dated_hours.exists()

    answer = as_alice.post(address)
    assert (answer.status_code, answer.url) == (303, "/diary/availability/")
    assert "Clients can no longer book then." in read(as_alice.get(answer.url)).text
    assert not alice.dated_hours.exists()

    # A page from before, or a second click.
    again = as_alice.post(address)
    assert again.status_code == 404
    assert read(again).heads == ["This time is not there any more"]
    assert as_alice.get(address).status_code == 404


def test_one_that_was_blocked_is_free_again(as_alice, alice):
    works(alice, "09:00-10:00")
    hours = dated(alice, "blocked", "2025-11-26", "09:00-10:00")
    assert starts_on(alice, "2025-11-26") == []

    answer = as_alice.post(f"/diary/times/{hours.public_id}/")

    assert "It is blocked no longer" in read(as_alice.get(answer.url)).text
    assert starts_on(alice, "2025-11-26") == ["09:00"]


def test_somebody_elses_does_not_exist(as_alice, as_ann, bob, individual):
    hours = dated(bob, "blocked", "2025-11-26", "09:00-10:00")

    for public_id in (hours.public_id, NOBODYS):
        for method in (as_alice.get, as_alice.post):
            assert method(f"/diary/times/{public_id}/").status_code == 404
    assert bob.dated_hours.exists()
    for address in (OPEN, BLOCK):
        assert as_ann.get(address).status_code == 403
