"""The availability editor: hours, rules and days off, as one form that needs no script."""

import re
from datetime import date, time

import pytest
import time_machine

from practice.booking.models import BookingRules, TimeOff, WeeklyHours
from practice.booking.weekly_hours import WEEKDAYS
from tests.booking import KEYS, RULES, availability
from tests.diary import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    WEDNESDAY,
    at,
    book,
    off,
    row_of,
    sessions_as_stored,
    works,
)
from tests.reading import Page, read, sent_by

ADDRESS = "/diary/availability/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def send(as_alice):
    """Send the form: `send(mon=["09:00-12:00"], do="add-mon")`."""
    return lambda **typed: as_alice.post(ADDRESS, availability(**typed))


@pytest.fixture
def save(as_alice, send):
    """Send the form, expect it to be saved, and return the page that says so."""

    def save(**typed) -> Page:
        answer = send(**typed)
        assert (answer.status_code, getattr(answer, "url", "")) == (303, ADDRESS)
        return read(as_alice.get(ADDRESS))

    return save


def hours(therapist) -> list[str]:
    """Return the hours as saved: "mon 09:00-12:00"."""
    return [
        f"{KEYS[h.weekday]} {h.starts:%H:%M}-{h.ends:%H:%M}" for h in therapist.weekly_hours.all()
    ]


def rows(page: Page, key: str) -> list[str]:
    """Return a day's rows as the page has them: "09:00-12:00"."""
    number = int(page.value_of(f"{key}-TOTAL_FORMS"))
    spans = [
        [page.value_of(f"{key}-{i}-{end}") or "" for end in ("starts", "ends")]
        for i in range(number)
    ]
    return ["-".join(span) for span in spans]


def refused(answer, *words: str) -> Page:
    """The form comes back with the words in its summary, and nothing was saved."""
    page = read(answer)
    assert answer.status_code == 422
    assert page.title.startswith("Error: Availability")
    assert "There is a problem" in page.heads
    summary = page.text.partition("Clients can book these times")[0]
    for text in words:
        assert text in summary
    assert not WeeklyHours.objects.exists()
    assert not TimeOff.objects.exists()
    return page


# Reading and saving.


def test_a_new_therapist_is_not_available_and_has_the_usual_rules(as_alice):
    page = read(as_alice.get(ADDRESS))

    assert page.text.count("Not available") == 7
    rules = [page.value_of(name) for name in RULES]
    assert rules == ["50", "10", "24", "8", "4"]
    assert "Times are in London time (GMT)." in page.text
    assert not BookingRules.objects.exists()


def test_what_is_saved_is_shown_again(save, alice):
    rules = {"session_minutes": 80, "gap_minutes": 0, "notice_hours": 48, "furthest_weeks": 26}
    rules["most_booked"] = 6

    page = save(
        mon=["14:00-18:00", "09:00-12:00"],
        sun=["22:30-00:00"],
        off=[("2025-12-24", "2026-01-02", "Holidays")],
        rules=rules,
    )

    assert page.heads[0] == "Availability saved"
    assert hours(alice) == ["mon 09:00-12:00", "mon 14:00-18:00", "sun 22:30-00:00"]
    assert rows(page, "mon") == ["09:00-12:00", "14:00-18:00"]
    assert rows(page, "sun") == ["22:30-00:00"]
    assert BookingRules.objects.filter(therapist=alice, **rules).count() == 1
    days = alice.time_off.get()
    assert (days.first_day, days.last_day) == (date(2025, 12, 24), date(2026, 1, 2))
    assert page.value_of("off-0-reason") == "Holidays"


def test_saving_replaces_what_was_there(save, alice, bob):
    works(alice, "09:00-17:00")
    works(bob, "10:00-16:00", days=range(1))
    off(alice, "2025-12-24", "2025-12-26")
    off(bob, "2025-12-24", "2025-12-26")

    save(tue=["10:00-11:00"])

    assert hours(alice) == ["tue 10:00-11:00"]
    assert hours(bob) == ["mon 10:00-16:00"]
    assert (alice.time_off.count(), bob.time_off.count()) == (0, 1)


def test_saving_what_the_page_shows_changes_nothing(as_alice, alice, save):
    works(alice, "09:00-12:00", "14:00-18:00", gap_minutes=15)
    off(alice, "2025-12-24", "2025-12-26", "Away")
    page = read(as_alice.get(ADDRESS))

    days = {key: rows(page, key) for key in KEYS}
    before = hours(alice)
    save(**days, off=[("2025-12-24", "2025-12-26", "Away")], rules={"gap_minutes": 15})

    assert hours(alice) == before
    assert BookingRules.objects.get().gap_minutes == 15


def test_empty_rows_do_not_count(save, alice):
    save(mon=["", "09:00-12:00", ""], off=[("", "", "")])

    assert hours(alice) == ["mon 09:00-12:00"]
    assert not TimeOff.objects.exists()


def test_midnight_ends_a_day(save, alice):
    save(fri=["00:00-12:00", "12:00-00:00"])

    assert hours(alice) == ["fri 00:00-12:00", "fri 12:00-00:00"]


def test_times_that_touch_do_not_overlap(save, alice):
    save(mon=["09:00-12:00", "12:00-13:00"])

    assert hours(alice) == ["mon 09:00-12:00", "mon 12:00-13:00"]


def test_a_client_books_what_was_saved(save, as_ann, individual):
    save(wed=["16:00-17:00"])

    page = read(as_ann.get(f"/book/{individual.public_id}/"))

    assert f"/book/{individual.public_id}/2025-11-26/1600/" in page.addresses


# Adding and removing rows.


def test_a_row_is_added_and_what_was_typed_stays_unchecked(send, as_alice, alice):
    works(alice, "09:00-17:00", days=range(1))

    answer = send(
        mon=["nonsense-08:00"],
        tue=["17:00-09:00"],
        do="add-mon",
        rules={"gap_minutes": "-9"},
        off=[("2026-01-02", "2025-12-24", "x" * 200)],
    )

    page = read(answer)
    assert answer.status_code == 200
    assert rows(page, "mon") == ["nonsense-08:00", "-"]
    assert rows(page, "tue") == ["17:00-09:00"]
    assert page.value_of("gap_minutes") == "-9"
    assert page.value_of("off-0-first_day") == "2026-01-02"
    assert page.value_of("off-0-reason") == "x" * 200
    assert "There is a problem" not in page.text
    focused = [attrs["name"] for tag, attrs in page.tags if "autofocus" in attrs]
    assert focused == ["mon-1-starts"]
    assert hours(alice) == ["mon 09:00-17:00"]


def test_days_off_are_added(send):
    page = read(send(off=[("2025-12-24", "", "Away")], do="add-off"))

    assert page.value_of("off-TOTAL_FORMS") == "2"
    assert page.value_of("off-0-reason") == "Away"
    assert [a["name"] for _, a in page.tags if "autofocus" in a] == ["off-1-first_day"]


@pytest.mark.parametrize(
    ("number", "left"),
    [("0", ["10:00-11:00", "12:00-13:00"]), ("1", ["08:00-09:00", "12:00-13:00"])],
)
def test_the_very_row_is_removed(send, number, left):
    typed = ["08:00-09:00", "10:00-11:00", "12:00-13:00"]

    page = read(send(mon=typed, tue=typed, do=f"remove-mon-{number}"))

    assert rows(page, "mon") == left
    assert rows(page, "tue") == typed


def test_the_last_row_of_a_day_can_go(send):
    page = read(send(mon=["08:00-09:00"], do="remove-mon-0"))

    assert rows(page, "mon") == []
    assert page.text.count("Not available") == 7


def test_days_off_are_removed(send):
    two = [("2025-12-24", "2025-12-26", "One"), ("2026-01-01", "2026-01-02", "Two")]

    page = read(send(off=two, do="remove-off-0"))

    assert page.value_of("off-TOTAL_FORMS") == "1"
    assert page.value_of("off-0-reason") == "Two"


def test_after_adding_and_removing_the_form_is_saved(send, as_alice, alice):
    page = read(send(mon=["09:00-12:00"], do="add-mon"))
    assert rows(page, "mon") == ["09:00-12:00", "-"]

    as_alice.post(ADDRESS, availability(mon=["09:00-12:00", "13:00-14:00"]))

    assert hours(alice) == ["mon 09:00-12:00", "mon 13:00-14:00"]


def test_a_day_has_room_for_eight_rows(send):
    eight = [f"{hour:02}:00-{hour:02}:50" for hour in range(8, 16)]

    page = read(send(mon=eight, do="remove-tue-0"))

    assert "add-mon" not in [a.get("value") for _, a in page.tags]
    assert "add-tue" in [a.get("value") for _, a in page.tags]


@pytest.mark.parametrize(
    "do",
    [
        "remove-mon-7",
        "remove-mon--1",
        "remove-mon-",
        "remove-mon",
        "remove-",
        "remove",
        "add-",
        "add-someday",
        "drop-mon-0",
        "remove-mon-²",
        "remove-mon-" + "9" * 5000,
        "²",
        "-",
        "copy-",
        "copy-sat",
        "copy-tue-0",
        "clear-",
        "clear-someday",
    ],
    ids=lambda do: do[:16],
)
def test_an_odd_button_leaves_the_form_as_it_is(send, alice, do):
    answer = send(mon=["09:00-12:00"], do=do)

    assert answer.status_code == 200
    assert rows(read(answer), "mon") == ["09:00-12:00"]
    assert hours(alice) == []


@pytest.mark.parametrize("total", ["-1", "x", "²", "9" * 5000, "100000"], ids=lambda t: t[:6])
@pytest.mark.parametrize("do", ["", "add-tue"])
@pytest.mark.parametrize("key", ["mon", "off"])
def test_an_odd_number_of_rows_is_no_server_error_and_saves_nothing_silently(
    as_alice, alice, total, do, key
):
    works(alice, "09:00-12:00", days=range(1))
    typed = availability(mon=["09:00-12:00"], do=do) | {f"{key}-TOTAL_FORMS": total}

    answer = as_alice.post(ADDRESS, typed)

    assert answer.status_code in (200, 303, 400, 422)
    assert hours(alice) == ["mon 09:00-12:00"]
    if answer.status_code == 200 and not do:
        pytest.fail("nothing was saved, and nothing says so")


def test_a_form_without_its_numbers_is_refused(as_alice, alice):
    works(alice, "09:00-12:00", days=range(1))

    answer = as_alice.post(ADDRESS, {"session_minutes": "50"})

    assert answer.status_code in (400, 422)
    assert hours(alice) == ["mon 09:00-12:00"]


@pytest.mark.parametrize("number", [9, 60])
def test_more_rows_than_a_day_has_room_for_are_no_server_error(send, number):
    too_many = ["12:00-11:00"] * number

    assert send(mon=too_many).status_code == 422
    assert not WeeklyHours.objects.exists()


# Errors.


def test_an_end_before_the_start_names_day_and_row(send):
    answer = send(mon=["12:00-09:00"], wed=["09:00-12:00", "14:00-14:00"])

    page = refused(
        answer,
        "Monday, time 1: the end must be after the start",
        "Wednesday, time 2: the end must be after the start",
    )
    assert rows(page, "mon") == ["12:00-09:00"]
    assert "#id_mon-0-ends" in page.addresses
    assert "#id_wed-1-ends" in page.addresses


@pytest.mark.parametrize(
    "spans",
    [
        ["09:00-12:00", "11:00-13:00"],
        ["09:00-12:00", "09:00-12:00"],
        ["09:00-17:00", "10:00-11:00"],
        ["20:00-00:00", "23:00-23:30"],
        ["20:00-00:00", "22:00-00:00"],
        ["00:00-00:00", "10:00-11:00"],
        ["14:00-15:00", "09:00-10:00", "14:30-16:00"],
    ],
    ids=str,
)
def test_times_that_overlap_name_the_day(send, spans):
    refused(send(thu=spans), "Thursday: the times overlap")


@pytest.mark.parametrize("span", ["09:00-", "-12:00", "late-later", "25:00-26:00"])
def test_half_a_row_or_nonsense_names_day_and_row(send, span):
    refused(send(tue=["08:00-08:50", span]), "Tuesday, time 2: enter ")


@pytest.mark.parametrize(
    "rules",
    [
        {"session_minutes": 14},
        {"session_minutes": 241},
        {"gap_minutes": -1},
        {"gap_minutes": 121},
        {"notice_hours": 1},
        {"notice_hours": 73},
        {"furthest_weeks": 0},
        {"furthest_weeks": 27},
        {"furthest_weeks": ""},
        {"most_booked": 0},
        {"most_booked": 21},
        {"gap_minutes": "ten"},
        {"gap_minutes": "9" * 30},
    ],
    ids=str,
)
def test_rules_out_of_range_are_refused(send, rules):
    page = refused(send(mon=["09:00-12:00"], rules=rules))

    (name,) = rules
    assert f"#id_{name}" in page.addresses
    assert not BookingRules.objects.exists()


@pytest.mark.parametrize("rules", [{"notice_hours": 73}, {"gap_minutes": ""}], ids=str)
def test_a_refused_rule_is_named_in_the_words_of_the_page(send, rules):
    """Two rules out of range must not read alike in the summary."""
    page = read(send(rules=rules))

    summary = page.text.partition("Clients can book these times")[0]
    assert any(word in summary.lower() for word in ("notice", "gap"))


def test_the_ends_of_the_ranges_are_allowed(save):
    most = {"session_minutes": 240, "gap_minutes": 120, "notice_hours": 72, "furthest_weeks": 26}
    least = {"session_minutes": 15, "gap_minutes": 0, "notice_hours": 2, "furthest_weeks": 1}
    most["most_booked"], least["most_booked"] = 20, 1
    for rules in (most, least):
        save(rules=rules)
        assert BookingRules.objects.filter(**rules).exists()


def test_days_off_that_are_reversed_are_refused(send):
    page = refused(
        send(off=[("2025-12-26", "2025-12-24", "")]),
        "Days off 1: the last day must not be before the first",
    )

    assert "#id_off-0-last_day" in page.addresses
    assert [a for t, a in page.tags if t == "details" and a.get("class") == "off" and "open" in a]


@pytest.mark.parametrize(
    "row", [("2025-12-24", "", ""), ("", "2025-12-24", ""), ("", "", "Away"), ("soon", "later", "")]
)
def test_half_a_row_of_days_off_is_refused(send, row):
    refused(send(off=[row]))


def test_one_day_off_is_a_day_off(save, alice):
    save(off=[("2025-12-24", "2025-12-24", "")])

    assert alice.time_off.get().reason == ""


@pytest.mark.parametrize(
    ("reason", "is_fine"), [("x" * 120, True), ("x" * 121, False), ("a\x07b", False)]
)
def test_a_reason_is_one_line_of_120_characters(send, alice, reason, is_fine):
    answer = send(off=[("2025-12-24", "2025-12-24", reason)])

    assert (answer.status_code == 303) is is_fine
    assert alice.time_off.exists() is is_fine


@pytest.mark.parametrize(
    "row", [("2025-12-24", "9999-12-31", ""), ("0001-01-01", "2025-12-24", "Always")], ids=str
)
@pytest.mark.parametrize("zone", ["Europe/London", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_days_off_without_an_end_break_no_page(
    as_alice, as_ann, alice, individual, send, row, zone
):
    """People write 9999 for "until further notice"."""
    works(alice, "09:00-17:00", days=range(7), zone=zone)
    book(individual)

    answer = send(mon=["09:00-12:00"], off=[row])

    assert answer.status_code in (303, 422)
    assert as_alice.get("/diary/", follow=True).status_code == 200
    assert as_alice.get(ADDRESS).status_code == 200
    assert as_ann.get(f"/book/{individual.public_id}/").status_code == 200


# Sessions stay as they are.


def test_saving_touches_no_session_and_says_how_many_are_outside(save, individual, couples, alice):
    works(alice, "09:00-17:00", days=range(7))
    book(individual)
    book(couples, WEDNESDAY + DAY)
    book(individual, WEDNESDAY + 2 * DAY).cancel(by=alice.user)
    book(individual, NOW - DAY)
    before = sessions_as_stored()

    page = save(mon=["09:00-12:00"])

    assert "2 booked sessions are outside these times. They stay booked." in page.text
    assert sessions_as_stored() == before


def test_one_session_outside_is_spoken_of_as_one(save, individual):
    session = book(individual)

    page = save(off=[("2025-11-26", "2025-11-26", "")], wed=["09:00-17:00"])

    assert "1 booked session is outside these times. It stays booked." in page.text
    assert row_of(session)["state"] == "booked"


@pytest.mark.parametrize(
    ("span", "starts", "minutes", "outside"),
    [
        ("16:00-16:50", "16:00", 50, False),
        ("16:01-17:00", "16:00", 50, True),
        ("15:00-16:49", "16:00", 50, True),
        ("16:00-00:00", "23:10", 50, False),
        ("16:00-23:45", "23:10", 50, True),
        ("16:00-23:45", "23:30", 50, True),
        ("16:00-00:00", "23:30", 50, True),
        ("00:00-00:00", "16:00", 50, False),
    ],
)
def test_outside_is_what_does_not_lie_wholly_inside(
    save, individual, span, starts, minutes, outside
):
    book(individual, at(f"2025-11-26 {starts}"), length=minutes * MINUTE)

    page = save(wed=[span])

    assert ("outside these times" in page.text) is outside


def test_outside_is_judged_by_the_therapists_clock(save, alice, individual):
    works(alice, zone="Pacific/Auckland")
    book(individual, at("2025-11-26 16:00", "Pacific/Auckland"))
    book(individual, at("2025-11-26 16:00", "Pacific/Auckland") + 7 * DAY + HOUR / 6)

    assert "outside these times" not in save(wed=["16:00-17:00"]).text


def test_a_new_time_is_free_at_once_and_a_removed_one_is_not(save, as_ann, individual, alice):
    works(alice, "09:00-17:00")
    address = f"/book/{individual.public_id}/2025-11-26/1900/"
    assert as_ann.get(address).status_code == 409

    save(wed=["19:00-20:00"])

    assert as_ann.get(address).status_code == 200
    assert as_ann.get(f"/book/{individual.public_id}/2025-11-26/1600/").status_code == 409
    assert hours(alice) == [f"wed {time(19):%H:%M}-20:00"]


# A line of words for each day, and breaks.


def lines(page: Page) -> list[str]:
    """Return each day's line of words: "Monday: 9am to 5pm"."""
    text = page.ids["weekly-list"]
    found = re.findall(r"(\w+day) (.*?) Change \1", text)
    return [f"{day}: {words}" for day, words in found]


def open_days(page: Page) -> list[bool]:
    """Return of each day whether its fields are seen."""
    return ["open" in a for tag, a in page.tags if tag == "details" and "class" not in a]


def test_a_break_is_entered_with_its_time_and_saved_as_two_spans(as_alice, send, alice):
    answer = send(mon=["09:00-17:00/13:00-14:00"])

    assert answer.status_code == 303
    assert hours(alice) == ["mon 09:00-13:00", "mon 14:00-17:00"]
    page = read(as_alice.get(ADDRESS))
    assert rows(page, "mon") == ["09:00-17:00"]
    assert [page.value_of(f"mon-0-break_{end}") for end in ("starts", "ends")] == ["13:00", "14:00"]
    assert lines(page)[:2] == ["Monday: 9am to 5pm, break 1pm to 2pm", "Tuesday: Not available"]


@pytest.mark.parametrize(
    ("spans", "words", "number"),
    [
        (["09:00-12:00", "13:30-17:00"], "9am to 5pm, break midday to 1:30pm", 1),
        (["09:00-12:00", "13:31-17:00"], "9am to midday and 1:31pm to 5pm", 2),
        (["09:00-12:00", "12:00-17:00"], "9am to midday and midday to 5pm", 2),
        (
            ["09:00-10:00", "11:00-12:00", "13:00-14:00"],
            "9am to midday, break 10am to 11am; 1pm to 2pm",
            2,
        ),
        (["09:00-10:00", "22:30-00:00"], "9am to 10am and 10:30pm to midnight", 2),
    ],
    ids=str,
)
def test_a_day_is_shown_in_one_line_of_words(as_alice, alice, spans, words, number):
    works(alice, *spans, days=range(1), gap_minutes=5)

    page = read(as_alice.get(ADDRESS))

    assert lines(page)[0] == f"Monday: {words}"
    assert len(rows(page, "mon")) == number
    before = hours(alice)
    assert as_alice.post(ADDRESS, sent_by(as_alice.get(ADDRESS), "off-shown")).status_code == 303
    assert hours(alice) == before
    assert not alice.entries.filter(verb="availability_changed").exists()


@pytest.mark.parametrize(
    ("span", "words", "field"),
    [
        ("09:00-17:00/13:00-", "Monday, time 1: enter when the break ends", "break_ends"),
        ("09:00-17:00/-14:00", "Monday, time 1: enter when the break starts", "break_starts"),
        ("09:00-17:00/14:00-13:00", "Monday, time 1: the break must end after", "break_ends"),
        ("09:00-17:00/13:00-13:00", "Monday, time 1: the break must end after", "break_ends"),
        ("09:00-17:00/08:00-10:00", "the break must be within 9am to 5pm", "break_starts"),
        ("09:00-17:00/09:00-10:00", "the break must be within 9am to 5pm", "break_starts"),
        ("09:00-17:00/16:00-17:00", "the break must be within 9am to 5pm", "break_starts"),
        ("09:00-17:00/noon-14:00", "Monday, time 1: enter a time like 13:00", "break_starts"),
        ("09:00-/13:00-14:00", "Monday, time 1: enter when it ends", "ends"),
        ("-17:00/13:00-14:00", "Monday, time 1: enter when it starts", "starts"),
        ("-/13:00-14:00", "Monday, time 1: enter when it starts", "starts"),
    ],
)
def test_a_break_that_cannot_be_is_refused_in_words(send, span, words, field):
    page = refused(send(mon=[span], wed=["09:00-10:00"]), words)

    assert f"#id_mon-0-{field}" in page.addresses
    assert open_days(page) == [True] + [False] * 6


def test_a_break_leaves_room_for_another_time(save, alice):
    save(mon=["09:00-17:00/13:00-14:00", "13:00-14:00"])

    assert hours(alice) == ["mon 09:00-13:00", "mon 13:00-14:00", "mon 14:00-17:00"]


def test_times_around_a_break_that_overlap_are_refused(send):
    refused(send(mon=["09:00-17:00/13:00-14:00", "13:30-15:00"]), "Monday: the times overlap")


def test_a_new_therapist_begins_on_monday_with_fields_and_nobody_else_has_any_open(as_alice, alice):
    page = read(as_alice.get(ADDRESS))
    assert open_days(page) == [True] + [False] * 6
    assert rows(page, "mon") == ["-"]

    works(alice, "09:00-17:00", days=range(1, 2))
    page = read(as_alice.get(ADDRESS))
    assert open_days(page) == [False] * 7
    assert rows(page, "mon") == []


def test_a_day_is_copied_to_all_weekdays_unchecked_and_nothing_is_saved(send, alice):
    works(alice, "10:00-11:00", days=range(1, 2))

    page = read(
        send(mon=["09:00-17:00/13:00-14:00", ""], tue=["10:00-11:00"], sat=["8-9"], do="copy-mon")
    )

    assert lines(page)[:5] == [f"{day}: 9am to 5pm, break 1pm to 2pm" for day in WEEKDAYS[:5]]
    assert lines(page)[5:] == ["Saturday: Not complete", "Sunday: Not available"]
    assert rows(page, "fri") == ["09:00-17:00"]
    assert page.value_of("fri-0-break_ends") == "14:00"
    assert "Copied to all weekdays. Not saved yet." in page.text
    assert hours(alice) == ["tue 10:00-11:00"]


def test_copied_days_are_saved(as_alice, send, alice):
    copied = sent_by(send(wed=["09:00-17:00/13:00-14:00"], do="copy-wed"), "off-shown")

    assert as_alice.post(ADDRESS, copied).status_code == 303
    assert len(hours(alice)) == 10
    assert hours(alice)[-2:] == ["fri 09:00-13:00", "fri 14:00-17:00"]


def test_a_day_begins_like_the_one_above_it(send):
    page = read(send(mon=["09:00-17:00/13:00-14:00", "18:00-19:00"], do="add-thu"))

    assert rows(page, "thu") == ["09:00-17:00", "18:00-19:00"]
    assert page.value_of("thu-0-break_starts") == "13:00"
    assert open_days(page) == [False, False, False, True, False, False, False]
    assert rows(read(send(tue=["09:00-10:00"], do="add-mon")), "mon") == ["-"]


def test_a_day_is_cleared(send, alice):
    works(alice, "09:00-10:00", days=range(1))

    page = read(send(mon=["09:00-10:00"], tue=["09:00-10:00"], do="clear-mon"))

    assert (rows(page, "mon"), rows(page, "tue")) == ([], ["09:00-10:00"])
    assert lines(page)[0] == "Monday: Not available"
    assert hours(alice) == ["mon 09:00-10:00"]


def test_a_page_with_what_is_not_saved_says_so(as_alice, send):
    def says_so(page: Page) -> bool:
        (note,) = (a for _, a in page.tags if a.get("id") == "unsaved")
        (form,) = (a for _, a in page.tags if "data-unsaved" in a)
        assert ("hidden" not in note) is (form["data-unsaved"] == "1")
        return "hidden" not in note

    assert not says_so(read(as_alice.get(ADDRESS)))
    assert says_so(read(send(mon=["09:00-10:00"], do="add-tue")))
    assert says_so(read(send(mon=["10:00-09:00"])))


def test_times_of_single_dates_that_are_to_come_are_listed(as_alice, alice, bob):
    for therapist, day, kind in [
        (alice, "2025-11-19", "open"),
        (alice, "2025-11-26", "open"),
        (alice, "2025-11-20", "blocked"),
        (bob, "2025-11-26", "open"),
    ]:
        therapist.dated_hours.create(kind=kind, day=day, starts="18:00", ends="20:00", note=kind)

    page = read(as_alice.get(ADDRESS))

    listed = [text for address, text in page.links if address.startswith("/diary/times/")]
    assert listed == [
        "Thursday 20 November 2025, 6pm to 8pm",
        "Wednesday 26 November 2025, 6pm to 8pm",
    ]
    assert "Blocked: blocked" in page.text
    assert {"/diary/open/", "/diary/block/"} <= {*page.addresses}
