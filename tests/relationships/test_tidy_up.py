"""Tidying up: the app suggests, the therapist decides, and nothing ends by itself."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from practice.diary.models import needing_attention
from practice.records.retention import retention_periods
from relationships.models import Relationship
from tests.conftest import browser_of
from tests.factories import ClientFactory, history_of, reads_in, row_of, start
from tests.profiles import session
from tests.reading import Page, read

pytestmark = pytest.mark.database

DAY, WEEK, HOUR = timedelta(days=1), timedelta(weeks=1), timedelta(hours=1)
JUST = timedelta(microseconds=1)
NOW = datetime(2025, 11, 20, 10, tzinfo=UTC)
TODAY = date(2025, 11, 20)
LONG_AGO = NOW - 400 * DAY
REASON = "Select a reason for ending the relationship"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def relationship(alice) -> Relationship:
    """Long in the caseload, without a session."""
    return start(ClientFactory(therapist=alice, name="Quin Quiet"), at=LONG_AGO)


@pytest.fixture
def two(alice, relationship) -> list[Relationship]:
    return [relationship, start(ClientFactory(therapist=alice, name="Rae Rare"), at=LONG_AGO)]


@pytest.fixture
def look(as_alice):
    return lambda: read(as_alice.get("/caseload/tidy-up/"))


def attention(alice, now=NOW, today=TODAY) -> list[Relationship]:
    return list(needing_attention(alice, now, today).order_by("pk"))


def answers(*rows: tuple[Relationship, dict]) -> dict[str, object]:
    data: dict[str, object] = {"row": [relationship.public_id for relationship, _ in rows]}
    for relationship, choice in rows:
        for name, value in choice.items():
            data[f"{relationship.public_id}-{name}"] = value
    return data


@pytest.fixture
def save(as_alice):
    """Send the list, and read what follows."""

    def save(*rows: tuple[Relationship, dict]) -> Page:
        return read(as_alice.post("/caseload/tidy-up/", answers(*rows), follow=True))

    return save


END = {"action": "end", "reason": "lost_contact"}
NOT_YET = {"action": "not_yet"}


# Who is on it.


def test_work_without_a_session_for_long_is_on_the_list(alice, relationship):
    assert attention(alice) == [relationship]


def test_ended_work_is_not(alice, relationship):
    relationship.end(by=alice.user, reason="completed")

    assert attention(alice) == []


@pytest.mark.parametrize("state", ["attended", "booked"])
def test_twelve_weeks_are_twelve_weeks_to_the_instant(alice, relationship, state):
    held = session(relationship, NOW - 12 * WEEK - 50 * timedelta(minutes=1), state)
    assert held.ends_at == NOW - 12 * WEEK

    assert attention(alice) == [relationship]
    assert attention(alice, NOW - JUST) == []


def test_a_session_that_is_booked_keeps_work_off_the_list(alice, relationship):
    session(relationship, NOW + 40 * DAY, "booked")

    assert attention(alice) == []


def test_a_cancelled_session_does_not(alice, relationship):
    session(relationship, NOW + 4 * DAY, "cancelled")
    session(relationship, NOW - 4 * DAY, "cancelled")

    assert attention(alice) == [relationship]


def test_somebody_not_seen_for_30_weeks_who_missed_a_session_lately_is_on_the_list(
    alice, relationship
):
    session(relationship, NOW - 30 * WEEK)
    session(relationship, NOW - 2 * WEEK, "missed")

    assert attention(alice) == [relationship]


def test_somebody_elses_session_does_not(alice, relationship, bob, carl, ann):
    session(start(carl), NOW - DAY)
    other = start(ann, at=LONG_AGO)
    session(other, NOW - DAY)

    assert attention(alice) == [relationship]


def test_the_sessions_of_another_relationship_of_the_same_client_do_not(alice, ann, ben):
    alone, together = start(ann, at=LONG_AGO), start(ann, ben, at=LONG_AGO)
    session(together, NOW - DAY)

    assert attention(alice) == [alone]


def test_work_that_began_within_the_weeks_is_left_in_peace(alice, ann):
    begun = start(ann, at=NOW - 12 * WEEK)

    assert attention(alice) == [begun]
    assert attention(alice, NOW - JUST) == []


def test_work_that_was_restarted_lately_is_left_in_peace(alice, relationship):
    relationship.end(by=alice.user, reason="other", at=NOW - 20 * WEEK)
    relationship.restart(by=alice.user, at=NOW - 12 * WEEK + HOUR)

    assert attention(alice) == []
    assert attention(alice, NOW + HOUR) == [relationship]


@pytest.mark.parametrize("note", ["on_break_until", "ask_again_on"])
def test_a_break_and_a_not_yet_last_until_the_day(alice, relationship, note):
    for days, is_quiet in ((1, True), (0, False), (-1, False)):
        setattr(relationship, note, TODAY + days * DAY)
        relationship.save()
        assert attention(alice) == ([] if is_quiet else [relationship])


def test_the_day_is_the_therapists_own(alice, relationship, clock):
    relationship.on_break_until = TODAY + DAY
    relationship.save()
    reads_in(alice.user, "Pacific/Kiritimati")  # fourteen hours ahead

    assert "Quin Quiet" in read(browser_of(alice.user).get("/caseload/tidy-up/")).text
    reads_in(alice.user, "Europe/London")
    assert "Quin Quiet" not in read(browser_of(alice.user).get("/caseload/tidy-up/")).text


def test_a_planned_ending_is_on_the_list_from_its_day_on(alice, relationship):
    session(relationship, NOW - DAY)
    session(relationship, NOW + DAY, "booked")
    for days, is_due in ((1, False), (0, True), (-1, True)):
        relationship.planned_end = TODAY + days * DAY
        relationship.save()
        assert attention(alice) == ([relationship] if is_due else [])


def test_nobody_elses_work_is_on_my_list(alice, bob, carl, relationship):
    theirs = start(carl, at=LONG_AGO)

    assert attention(alice) == [relationship]
    assert attention(bob) == [theirs]


def test_time_alone_ends_nothing(alice, two, clock):
    for _ in range(3):
        clock.shift(500 * DAY)
        browser = browser_of(alice.user)
        for address in ("/caseload/tidy-up/", "/caseload/", "/clients/"):
            assert browser.get(address).status_code == 200

    for one in two:
        assert history_of(one) == ["started"]
        assert row_of(one)["status"] == "active"


# The number beside the count.


def test_the_clients_list_says_how_many(as_alice, two):
    page = read(as_alice.get("/clients/"))

    assert "2 active clients · 2 need attention" in page.text
    assert "/caseload/tidy-up/" in page.addresses
    two[0].ask_again_on = TODAY + DAY
    two[0].save()
    assert "· 1 needs attention" in read(as_alice.get("/clients/")).text
    two[1].ask_again_on = TODAY + DAY
    two[1].save()
    assert "attention" not in read(as_alice.get("/clients/")).text


@pytest.mark.parametrize("search", ["qui", "zzz", ""])
def test_a_search_does_not_change_how_many_need_attention(as_alice, two, search):
    page = read(as_alice.get(f"/clients/?q={search}"))

    assert "2 need attention" in page.text


def test_a_client_counts_once_for_each_relationship(as_alice, ann, ben):
    start(ann, at=LONG_AGO)
    start(ann, ben, at=LONG_AGO)

    assert "2 active clients · 2 need attention" in read(as_alice.get("/clients/")).text


def test_the_number_costs_no_query_of_its_own(as_alice, alice, two):
    def queries() -> int:
        with CaptureQueriesContext(connection) as context:
            as_alice.get("/clients/?include=inactive")
        return len(context)

    before = queries()
    for n in range(5):
        one = start(ClientFactory(therapist=alice), at=LONG_AGO)
        session(one, NOW - (200 + n) * DAY)

    assert queries() == before <= 6


# The page.


def test_the_list_says_who_and_since_when(look, relationship, alice, ann, ben):
    session(relationship, NOW - 100 * DAY)
    session(relationship, NOW - 90 * DAY)
    session(relationship, NOW - 89 * DAY, "missed")
    start(ann, ben, at=LONG_AGO)

    page = look()

    assert "Individual with Quin Quiet Last session 22 August 2025" in page.text
    assert "Couples with Ann Ashby and Ben Bright No session held" in page.text
    assert "no session for 12 weeks" in page.text
    assert f"/relationships/{relationship.public_id}/" in page.addresses
    chosen = [a["value"] for tag, a in page.tags if tag == "option" and "selected" in a]
    assert set(chosen) <= {""}  # nothing but, at most, the first, which chooses nothing


def test_a_session_nobody_has_answered_for_is_the_last_on_every_page(as_alice, alice, relationship):
    session(relationship, NOW - 100 * DAY)
    session(relationship, NOW - 90 * DAY, "booked")
    session(relationship, NOW - 89 * DAY, "missed")
    retention = retention_periods(alice.clients.all(), NOW)[0]

    assert "Last session 22 August 2025" in read(as_alice.get("/caseload/tidy-up/")).text
    assert read(as_alice.get("/clients/")).cells[-1] == "22 August 2025"
    assert retention.counts_from == date(2025, 8, 22)


def test_an_empty_list_says_so(look, individual):
    page = look()

    assert "Nothing needs attention" in page.heads
    assert page.value_of("row") is None


def test_the_page_costs_the_same_however_long_the_list_is(as_alice, alice, two):
    def queries() -> int:
        with CaptureQueriesContext(connection) as context:
            as_alice.get("/caseload/tidy-up/")
        return len(context)

    before = queries()
    for _ in range(4):
        start(*ClientFactory.create_batch(2, therapist=alice), at=LONG_AGO)

    assert queries() == before


def test_the_list_has_pages_and_none_is_heavy(as_alice, alice):
    names = [f"Maximilian Featherstone {number:03}" for number in range(102)]
    people = [ClientFactory(therapist=alice, name=name) for name in names]
    relationships = [start(one, at=LONG_AGO) for one in people]
    for number, one in enumerate(relationships):
        session(one, LONG_AGO + number * HOUR)

    first = as_alice.get("/caseload/tidy-up/")
    second = read(as_alice.get("/caseload/tidy-up/?page=2"))

    assert [
        f"/relationships/{one.public_id}/" in read(first).addresses for one in relationships
    ] == ([True] * 100 + [False] * 2)
    assert "Page 1 of 2 Next" in read(first).text
    assert len(first.content) < 58_000  # each with a last session; 60 kB are the limit
    assert {f"/relationships/{one.public_id}/" for one in relationships[100:]} < {*second.addresses}


def test_a_reason_or_a_date_is_asked_for_once_it_is_needed(as_alice, two):
    def fields(page: Page) -> list[str]:
        names = [attrs.get("name") or "" for tag, attrs in page.tags if tag in ("select", "input")]
        return [name for name in names if name.endswith(("-reason", "-until"))]

    page = read(as_alice.get("/caseload/tidy-up/"))
    assert fields(page) == ["id-of-the-row-reason", "id-of-the-row-until"]  # to be copied

    answer = as_alice.post(
        "/caseload/tidy-up/", answers((two[0], {"action": "end"}), (two[1], {"action": "break"}))
    )
    assert answer.status_code == 422
    wanted = [f"{two[0].public_id}-reason", f"{two[1].public_id}-until"]
    assert fields(read(answer))[:2] == wanted


def test_a_row_as_the_page_sends_it_says_how_the_work_stood(as_alice, relationship):
    page = read(as_alice.get("/caseload/tidy-up/"))
    sent = {"row": [page.value_of("row")], f"{relationship.public_id}-action": "end"}
    sent |= {f"{relationship.public_id}-reason": "completed", "shown": None}
    relationship.end(by=relationship.therapist.user, reason="other")
    relationship.restart(by=relationship.therapist.user)

    answer = as_alice.post("/caseload/tidy-up/", sent, follow=True)

    assert "was left alone" in read(answer).text
    assert history_of(relationship) == ["started", "ended", "restarted"]


def test_a_row_of_another_page_is_answered_too(save, as_alice, alice):
    people = ClientFactory.create_batch(27, therapist=alice)
    relationships = [start(one, at=LONG_AGO) for one in people]

    page = save((relationships[26], END), (relationships[25], {"action": ""}))

    assert "1 relationship done." in page.text
    assert history_of(relationships[26]) == ["started", "ended"]


def test_only_a_therapist_opens_it(as_ann, client, as_bob, relationship):
    assert as_ann.get("/caseload/tidy-up/").status_code == 403
    assert client.get("/caseload/tidy-up/").status_code == 302
    assert "Quin" not in read(as_bob.get("/caseload/tidy-up/")).source


# Deciding.


def test_several_are_decided_at_once_each_with_its_own_reason(save, alice, two):
    page = save((two[0], END), (two[1], {"action": "end", "reason": "completed"}))

    assert [row_of(one)["reason"] for one in two] == ["lost_contact", "completed"]
    assert [history_of(one) for one in two] == [["started", "ended"]] * 2
    assert row_of(two[0])["ended_by"] == alice.user
    assert "2 relationships done." in page.text
    assert "Nothing needs attention" in page.text


def test_what_is_left_alone_stays_on_the_list(save, two):
    page = save((two[0], END), (two[1], {"action": ""}))

    assert row_of(two[1])["status"] == "active"
    assert "1 relationship done." in page.text
    assert "Rae Rare" in page.text


def test_nothing_chosen_changes_nothing_and_says_so(save, two):
    page = save(*((one, {"action": ""}) for one in two))

    assert [history_of(one) for one in two] == [["started"]] * 2
    assert "Nothing was changed" in page.text


def test_not_yet_asks_again_in_four_weeks(save, alice, relationship):
    save((relationship, NOT_YET))

    relationship.refresh_from_db()
    assert relationship.ask_again_on == date(2025, 12, 18)
    assert attention(alice) == []
    assert attention(alice, today=date(2025, 12, 17)) == []
    assert attention(alice, today=date(2025, 12, 18)) == [relationship]
    assert history_of(relationship) == ["started"]


def test_a_break_lasts_until_its_day(save, alice, relationship):
    save((relationship, {"action": "break", "until": "2026-01-31"}))

    relationship.refresh_from_db()
    assert relationship.on_break_until == date(2026, 1, 31)
    assert attention(alice) == []
    assert attention(alice, today=date(2026, 1, 31)) == [relationship]


def test_a_break_is_shown_on_the_relationship_until_it_is_over(save, as_alice, relationship, alice):
    save((relationship, {"action": "break", "until": "2025-11-30"}))

    address = f"/relationships/{relationship.public_id}/"
    assert "On a break until Sunday 30 November 2025" in read(as_alice.get(address)).text
    relationship.refresh_from_db()
    relationship.on_break_until = TODAY - DAY
    relationship.save()
    assert "On a break" not in read(as_alice.get(address)).text


@pytest.mark.parametrize("choice", [NOT_YET, {"action": "break", "until": "2026-01-31"}])
def test_a_planned_ending_that_is_due_can_be_put_off_too(save, alice, relationship, choice):
    relationship.planned_end = TODAY
    relationship.save()

    page = save((relationship, choice))

    assert "1 relationship done." in page.text
    assert attention(alice) == [], "it was put off, and is asked again at once"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"action": "end", "reason": ""}, f"{REASON} with Quin Quiet"),
        ({"action": "end"}, f"{REASON} with Quin Quiet"),
        ({"action": "end", "reason": "nonsense"}, REASON),
        ({"action": "nonsense"}, "Choose what to do"),
        ({"action": "break"}, "Enter until when Quin Quiet is on a break"),
        ({"action": "break", "until": "yesterday"}, "Enter a date"),
        (
            {"action": "break", "until": "2025-11-19"},
            "Enter a date from today on, within two years",
        ),
        (
            {"action": "break", "until": "2999-01-01"},
            "Enter a date from today on, within two years",
        ),
    ],
)
def test_what_is_missing_is_named_and_the_others_choices_stay(as_alice, two, wrong, sentence):
    sent = answers((two[0], wrong), (two[1], {"action": "end", "reason": "died"}))

    answer = as_alice.post("/caseload/tidy-up/", sent)

    page = read(answer)
    assert answer.status_code == 422
    assert page.title.startswith("Error: ")
    assert "There is a problem" in page.heads
    named = [text for address, text in page.links if address.startswith("#")]
    assert named == [sentence]
    assert [history_of(one) for one in two] == [["started"]] * 2
    chosen = [a["value"] for tag, a in page.tags if tag == "option" and "selected" in a]
    assert "died" in chosen
    assert chosen.count("end") >= 1


def test_the_link_of_an_error_leads_to_the_field_of_its_row(as_alice, two):
    answer = as_alice.post(
        "/caseload/tidy-up/", answers((two[0], {"action": ""}), (two[1], {"action": "end"}))
    )

    page = read(answer)
    [address] = [address for address, _ in page.links if address.startswith("#")]
    assert address == f"#id_{two[1].public_id}-reason"
    assert address[1:] in [attrs.get("id") for tag, attrs in page.tags if tag == "select"]


def test_a_row_that_ended_meanwhile_is_reported_and_the_others_are_done(save, alice, two):
    two[0].end(by=alice.user, reason="completed", at=NOW - HOUR)

    page = save((two[0], END), (two[1], END))

    assert row_of(two[0])["reason"] == "completed"
    assert history_of(two[0]) == ["started", "ended"]
    assert row_of(two[1])["reason"] == "lost_contact"
    assert "1 relationship done." in page.text
    assert (
        "Individual relationship with Quin Quiet was left alone: it had already ended "
        "on Thursday 20 November 2025 at 9am (London time)."
    ) in page.text


@pytest.mark.parametrize("choice", [NOT_YET, {"action": "break", "until": "2026-01-31"}])
def test_a_row_that_ended_meanwhile_takes_no_note(save, alice, relationship, choice):
    relationship.end(by=alice.user, reason="completed")

    page = save((relationship, choice))

    relationship.refresh_from_db()
    assert (relationship.ask_again_on, relationship.on_break_until) == (None, None)
    assert "was left alone" in page.text


def test_a_row_that_was_answered_elsewhere_is_still_answered(save, as_alice, relationship):
    relationship.ask_again_on = TODAY + DAY  # gone from the list in another tab
    relationship.save()

    assert "1 relationship done." in save((relationship, END)).text
    assert row_of(relationship)["reason"] == "lost_contact"


def test_the_same_form_twice_ends_it_once(save, relationship):
    save((relationship, END))
    page = save((relationship, END))

    assert history_of(relationship) == ["started", "ended"]
    assert "was left alone" in page.text


def test_rows_of_others_are_not_mine_to_decide(save, bob, carl, relationship):
    theirs = start(carl, at=LONG_AGO)

    page = save((theirs, END), (relationship, END))

    assert history_of(theirs) == ["started"]
    assert row_of(theirs)["status"] == "active"
    assert row_of(relationship)["status"] == "ended"
    assert "Carl" not in page.source


@pytest.mark.parametrize("rows", [["nonsense"], ["", "x" * 500], ["\x00"], ["1"] * 300])
def test_rows_that_do_not_exist_change_nothing(as_alice, relationship, rows):
    answer = as_alice.post(
        "/caseload/tidy-up/", {"row": rows, **{f"{row[:9]}-action": "end" for row in rows}}
    )

    assert answer.status_code in (200, 303, 422)
    assert history_of(relationship) == ["started"]


def test_a_row_that_is_not_named_is_not_decided(as_alice, two):
    sent = answers((two[0], END), (two[1], END)) | {"row": [two[0].public_id]}

    as_alice.post("/caseload/tidy-up/", sent)

    assert [row_of(one)["status"] for one in two] == ["ended", "active"]


def test_however_long_the_list_is_no_choice_is_lost(as_alice, alice):
    long_list = [start(ClientFactory(therapist=alice), at=LONG_AGO) for _ in range(210)]
    page = read(as_alice.get("/caseload/tidy-up/"))
    rows = [attrs["value"] for _, attrs in page.tags if attrs.get("name") == "row"]
    shown = [row.partition(" ")[0] for row in rows]
    last = next(relationship for relationship in long_list if relationship.public_id == shown[-1])

    sent = answers(
        *(
            (relationship, {"action": ""})
            for relationship in long_list
            if relationship.public_id in shown
        )
    )
    answer = as_alice.post("/caseload/tidy-up/", sent | {f"{last.public_id}-action": "not_yet"})

    assert answer.status_code == 303
    last.refresh_from_db()
    assert last.ask_again_on is not None


def test_deciding_sends_nothing_and_cancels_nothing(save, two, mailoutbox):
    held = session(two[0], NOW - 100 * DAY)

    save((two[0], END), (two[1], NOT_YET))

    held.refresh_from_db()
    assert held.state == "attended"
    assert mailoutbox == []


# The number of weeks.


def weeks(browser, number: object):
    return browser.post("/caseload/tidy-up/", {"weeks": number})


@pytest.mark.parametrize("number", [4, 104])
def test_the_weeks_are_the_therapists_choice(as_alice, alice, relationship, number):
    session(relationship, NOW - number * WEEK - HOUR)

    assert weeks(as_alice, number).status_code == 303

    alice.refresh_from_db()
    assert alice.tidy_up_weeks == number
    assert attention(alice) == [relationship] if number == 4 else attention(alice) == []
    assert f"no session for {number} weeks" in read(as_alice.get("/caseload/tidy-up/")).text


def test_fewer_weeks_ask_earlier(as_alice, alice, relationship):
    session(relationship, NOW - 5 * WEEK)
    assert attention(alice) == []

    weeks(as_alice, 5)

    alice.refresh_from_db()
    assert attention(alice, NOW + HOUR) == [relationship]


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("3", "Enter 4 weeks or more"),
        ("105", "Enter 104 weeks or fewer"),
        ("", "Enter a number of weeks"),
        ("soon", "Enter a number of weeks"),
        ("-12", "Enter 4 weeks or more"),
        ("9" * 30, "Enter 104 weeks or fewer"),
    ],
)
def test_a_number_of_weeks_that_makes_no_sense_is_refused(as_alice, alice, number, sentence):
    answer = weeks(as_alice, number)

    page = read(answer)
    assert answer.status_code == 422
    assert ("#id_weeks", sentence) in page.links
    assert page.value_of("weeks") == (number or None)
    alice.refresh_from_db()
    assert alice.tidy_up_weeks == 12


def test_a_refused_number_of_weeks_does_not_hide_the_list(as_alice, relationship):
    page = read(weeks(as_alice, "soon"))

    assert "Nothing needs attention" not in page.text
    assert "Quin Quiet" in page.text


def test_a_refused_number_is_not_said_to_be_the_rule(as_alice, relationship):
    assert "no session for soon weeks" not in read(weeks(as_alice, "soon")).text
    assert "no session for 12 weeks" in read(weeks(as_alice, "soon")).text


def test_my_weeks_are_mine(as_alice, alice, bob):
    weeks(as_alice, 30)

    bob.refresh_from_db()
    assert bob.tidy_up_weeks == 12
