"""What comes of the files of every vendor: who is past and since when, whose sessions are whose."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from practice.diary.models import Session
from practice.imports.asking import PAST, PRESENT
from practice.imports.preview import Preview
from tests.factories import ClientFactory, start
from tests.imports.conftest import NOW, SAMPLES
from tests.imports.workbooks import workbook

pytestmark = pytest.mark.django_db
PEOPLE = "Client ID,Name,Email,Status,Date Added,Discharged At\n"


def samples(*names: str) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in sorted(SAMPLES.iterdir())
        if not names or path.stem in names
    }


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


EXPECTED = {
    ("jane_patient_list", "jane_appointments"): {
        "people": 3,
        "past": 1,
        "estimated": 1,
        "sessions": 4,
    },
    ("simplepractice_client_details",): {"people": 5, "couples": 1, "past": 1, "estimated": 1},
    ("cliniko_patients",): {"people": 2, "past": 1, "estimated": 0},
    ("therapynotes_active", "therapynotes_inactive"): {"people": 2, "past": 1, "estimated": 1},
    ("acuity_appointments",): {"people": 2, "past": 0, "sessions": 2},
    ("contacts",): {"people": 4, "couples": 2},
    ("google_contacts",): {"people": 3, "couples": 1, "past": 1},
}


@pytest.mark.parametrize("names", EXPECTED, ids=lambda names: names[0])
def test_the_samples_of_every_vendor_are_right_at_once(planned, names):
    plan = planned(**samples(*names)).plan

    counts = {"couples": 0, "sessions": 0, "unmatched": 0} | EXPECTED[names]
    assert {name: plan.counts[name] for name in counts} == counts
    assert (plan.refused, plan.unreadable, plan.open) == ([], [], [])


def test_all_samples_together_leave_two_things_to_decide(planned):
    plan = planned(**samples()).plan

    assert [question.what for question in plan.open] == [
        "Is Ben Castle (line 1) the same person as Ben Castle (cliniko_patients.csv, line 3)?",
        "Is Ada Brook (line 3) the same person as Ada Brook (contacts.vcf, line 1)?",
    ]
    assert plan.counts["sessions"] == 6


def test_a_file_that_does_not_say_is_asked_for_once(planned):
    header = "Patient Name,DOB,ICD-10\n"
    files = {"export__csv": f"{header}Ann Brook,1980-01-02,F41\nBen Moss,1981-01-02,F41"}
    what = "Are the people in this file present or past clients?"

    assert [(q.what, q.choices) for q in planned(**files).plan.stops] == [(what, (PRESENT, PAST))]
    assert planned({("export.csv", what): PAST}, **files).plan.counts["past"] == 2
    assert planned({("export.csv", what): PRESENT}, **files).plan.counts["past"] == 0


@pytest.mark.parametrize(
    ("line", "ended", "reason", "is_estimated"),
    [
        ("1,Ann,,Archived,,2024-06-30T23:30:00Z", at("2024-06-30 23:30"), "other", False),
        ("1,Ann,,Archived,,", at("2024-05-02 10:50"), "other", True),
        ("1,Ann,,Deceased,,2024-06-30", at("2024-06-30 11:00"), "died", False),
        ("2,Ben,,inactive,,", at("2026-11-27 12:00"), "other", True),
        ("2,Ben,,Inactive,,2027-01-01", at("2026-11-27 12:00"), "other", True),
        ("2,Ben,,Inactive,2020-01-01,31/02/2024", at("2026-11-27 12:00"), "other", True),
    ],
)
def test_past_clients_stay_past_and_say_when(planned, line, ended, reason, is_estimated):
    sessions = "Client ID,Start Time,End Time\n1,2024-05-02 11:00,2024-05-02 11:50\n"

    plan = planned(people__csv=PEOPLE + line, sessions__csv=sessions).plan

    (work,) = plan.new_works
    assert [line.kind for line in work.history] == ["started", "ended"]
    assert (work.history[-1].at, work.history[-1].reason) == (ended, reason)
    assert work.is_end_estimated == is_estimated
    assert work.history[0].at <= work.history[1].at <= NOW


def test_the_reason_is_chosen_for_all_or_one_by_one(planned):
    files = {"a__csv": f"{PEOPLE}1,Ann Brook,,Closed,,\n2,Ben Moss,,Closed,,"}
    answers = {
        ("", "Why did the work with past clients end?"): "Work completed",
        ("a.csv", "Why did the work with Ben Moss (line 3) end?"): "Lost contact",
        ("a.csv", "When did the work with Ben Moss (line 3) end?"): "2024-02-03 10:00",
    }

    works = planned(answers, **files).plan.new_works

    assert [work.history[-1].reason for work in works] == ["completed", "lost_contact"]
    assert [work.is_end_estimated for work in works] == [True, False]
    assert works[1].history[-1].at == at("2024-02-03 10:00")


def test_days_and_months_are_asked_for_once_a_column_with_three_examples(planned):
    lines = "Ann,03/04/1980\nBen,05/06/1981\nCarl,01/02/1982\nDora,02/03/1983\n"
    files = {"a__csv": f"Name,Date of Birth\n{lines}"}
    (question,) = planned(**files).plan.stops
    assert question.what == (
        "Which comes first in “Date of Birth”: 03/04/1980, 05/06/1981, 01/02/1982?"
    )

    born = [
        planned({("a.csv", question.what): answer}, **files).plan.people[0].born.month
        for answer in question.choices
    ]

    assert born == [4, 3]


def test_what_one_column_tells_holds_for_the_others_of_the_file(planned):
    plan = planned(a__csv="Name,Date of Birth,Date Added\nAnn,03/04/1980,02/29/2024\n").plan

    assert plan.stops == []
    assert plan.people[0].born.isoformat() == "1980-03-04"


SESSIONS = "Start Time,End Time,Client ID,Name,Email,Status\n"
MATCHES = {
    "by number": ("1,,,", "Ann Brook"),
    "by address": (",,BEN@x.org,", "Ben Moss"),
    "by name": (',"Moss, Ben",,', "Ben Moss"),
    "by number, with another name": ("1,Ben Moss,,", "Its client number is that of Ann Brook."),
    "by nothing": (",Benjamin Moss,,", "Nobody is known by the name Benjamin Moss."),
    "of two of one name": (",Eve Hill,,", "2 people are called Eve Hill."),
}


@pytest.mark.parametrize("match", MATCHES)
def test_sessions_are_matched_and_never_guessed(planned, match):
    cells, expected = MATCHES[match]
    people = f"{PEOPLE}1,Ann Brook,,,,\n2,Ben Moss,ben@x.org,,,\n3,Eve Hill,,,,\n4,Eve Hill,,,,\n"
    session = f"{SESSIONS}2024-05-02 11:00,2024-05-02 11:50,{cells}\n"

    plan = planned(a__csv=people, b__csv=session).plan

    found = [plan.people[plan.works[s.work].people[0]].name for s in plan.sessions]
    assert found + [one.why for one in plan.unmatched] == [expected]


def test_a_session_of_a_couple_is_the_couples_and_one_by_its_kind(planned):
    people = f"{PEOPLE}1,Ada Brook & Ben Castle,ada@x.org,,,\n2,Ada Brook,ada@x.org,,,\n"
    sessions = (
        "Start Time,Client,Email,Type\n2024-05-02 11:00,Ada Brook & Ben Castle,,\n"
        "2024-05-03 11:00,,ada@x.org,Couples therapy (80 min)\n"
        "2024-05-04 11:00,,ada@x.org,Individual\n"
    )

    plan = planned(a__csv=people, b__csv=sessions).plan

    kinds = [plan.works[session.work].kind for session in plan.sessions]
    assert kinds == ["couples", "couples", "individual"]


def test_what_overlaps_is_shown_and_not_forced(planned, alice):
    ann = ClientFactory(therapist=alice, name="Ann Brook")
    work = start(ann, at=NOW - timedelta(days=900))
    Session.objects.create(
        therapist=alice,
        relationship=work,
        starts_at=at("2024-05-02 10:00"),
        ends_at=at("2024-05-02 10:50"),
        booked_at=at("2024-05-01 10:00"),
        booked_by=alice.user,
    )
    lines = [
        "2024-05-02 11:30,2024-05-02 12:20,,Ann Brook,,",  # what is here lasts to 11:50 in London
        "2024-05-02 12:00,2024-05-02 12:50,,Ann Brook,,",
        "2024-05-02 12:30,2024-05-02 13:20,,Ann Brook,,",
        "2024-05-02 12:30,2024-05-02 13:20,,Ann Brook,,cancelled",
    ]

    plan = planned(b__csv=SESSIONS + "\n".join(lines)).plan

    assert [(one.line, one.why) for one in plan.unreadable] == [
        (2, "It overlaps another session."),
        (4, "It overlaps another session."),
    ]
    assert [session.source.line for session in plan.sessions] == [3, 5]


@pytest.mark.parametrize(
    ("line", "column", "why"),
    [
        ("31/02/2024 10:00,,,Ann", "Start Time", "There is no 31 February 2024."),
        ("13/02/2024 29:00,,,Ann", "Start Time", "There is no 29:00 on a clock."),
        ("29/03/2026 01:30,,,Ann", "Start Time", "01:30 on 29 March 2026 does not exist"),
        ("13/02/2024 10:00,13/02/2024 09:00,,Ann", "End Time", "It ends before it starts."),
        ("13/02/2024 10:00,13/02/2024 19:00,,Ann", "End Time", "It lasts more than four hours."),
        ("13/02/2024,,,Ann", "Start Time", "There is a day and no time."),
    ],
)
def test_what_cannot_be_is_named_by_line_and_column(planned, line, column, why):
    plan = planned(b__csv=f"{SESSIONS}{line},,\n13/02/2025 10:00,,,Ann,,\n").plan

    assert [(one.file, one.line, one.column) for one in plan.unreadable] == [("b.csv", 2, column)]
    assert plan.unreadable[0].why.startswith(why)
    assert len(plan.sessions) == 1


def test_sessions_say_what_became_of_them(planned):
    states = ["arrived", "no_show", "Cancelled", "Late Cancellation", "", "booked", "archived"]
    past = [f"2024-05-{n:02} 11:00,,,Ann,,{state}" for n, state in enumerate(states, 1)]
    coming = ["2026-12-01 11:00,,,Ann,,", "2026-12-02 11:00,,,Ann,,Completed"]

    plan = planned(b__csv=SESSIONS + "\n".join([*past, *coming])).plan

    assert [session.state for session in plan.sessions] == [
        *("attended", "missed", "cancelled", "cancelled", "attended", "booked"),
        *("booked", "booked"),
    ]
    assert [session.in_figures for session in plan.sessions] == [False] * 6 + [True] * 2
    assert len(plan.left_out) == 1


def test_a_zone_column_says_on_whose_clock(planned):
    lines = '"December 2, 2020 9:00 am",Central Time - US & Canada,Ann\n'
    plan = planned(b__csv=f"Start Time,Timezone,Name\n{lines}").plan

    assert plan.sessions[0].starts_at == at("2020-12-02 15:00")


def test_do_not_contact_is_never_lost_and_phones_lose_their_apostrophe(planned):
    plan = planned(
        a__csv="Name,Phone,Do Not Contact,Email\n"
        "Ann Brook,'+44 7700,,a@x.org\nann brook,,Yes,a@x.org\n"
    ).plan

    (ann,) = plan.people
    assert (ann.do_not_contact, ann.phone) == (True, "+44 7700")


def test_columns_are_kept_in_words_or_left_out_as_chosen(planned):
    reading = planned(
        {("a.csv", "Column “Referral”"): "Keep as a note"},
        a__csv="Name,Notes,Referral,City\nAnn,shy,Dr Moss,Leeds\n",
    )

    assert reading.plan.people[0].note == "Notes: shy\nReferral: Dr Moss"


def test_a_merged_record_and_a_prospect_are_no_clients(planned):
    plan = planned(
        a__csv="Name,Merged At,Status\nAnn,2024-01-01,\nBen,,Prospect\nCarl,,Active\n"
    ).plan

    assert [person.name for person in plan.people] == ["Ben", "Carl"]
    assert [work.people for work in plan.works] == [(1,)]
    assert [one.line for one in plan.left_out] == [2]


def test_of_a_file_of_several_therapists_it_is_asked_whose_clients_are_ones_own(planned, alice):
    lines = "Name,Primary Clinician\nAnn Brook,{}\nBen Moss,Bob Baker\nCarl Hill,\n"
    what = "Whose clients in this file are yours?"

    asked = planned(a__csv=lines.format("Cora Cole")).plan
    assert [(q.what, q.choices) for q in asked.stops] == [
        (what, ("Everybody", "Cora Cole", "Bob Baker"))
    ]
    plan = planned({("a.csv", what): "Bob Baker"}, a__csv=lines.format("Cora Cole")).plan
    assert [person.name for person in plan.people] == ["Ben Moss", "Carl Hill"]
    assert [(one.line, one.why) for one in plan.left_out] == [(2, "It is of Cora Cole.")]

    plan = planned(a__csv=lines.format(alice.name)).plan
    assert [person.name for person in plan.people] == ["Ann Brook", "Carl Hill"]


def test_a_formula_is_text(planned):
    plan = planned(a__csv="Name,Email\n=cmd|'/c calc'!A1,x\n+Ann,a@x.org\n").plan

    assert plan.people[0].name == "=cmd|'/c calc'!A1"


ODD = [
    *("", "31/02/2024", "29:00", "9999-12-31 23:59", "0001-01-01", "=cmd|x", "Ada & Ben & Cleo"),
    *("&", "Mr", "\u202eabc", "1/2/\u00b2", "13 pm", "2024-01-01T00:00:00+99:99", "Nowhere/Zone"),
    *("x" * 300, "Deceased", "Couple", "a@b", "'", "\u0661/\u0662/2020 10:00"),
]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 400), st.sampled_from(ODD)), max_size=9)
)
def test_whatever_stands_in_a_cell_there_is_a_plan_or_a_sentence(planned, changes):
    files = {path.name: path.read_bytes().decode() for path in sorted(SAMPLES.glob("*.csv"))}
    for file, at, odd in changes:
        name = list(files)[file % len(files)]
        cells = re.split("([,\r\n])", files[name])
        cells[at % len(cells)] = odd
        files[name] = "".join(cells)

    plan = planned(**files).plan

    assert all(work.history[0].at <= work.history[-1].at for work in plan.new_works)
    assert all(one.why for one in [*plan.refused, *plan.unreadable, *plan.unmatched])


def test_the_couples_of_two_worksheets_are_not_taken_for_one(planned):
    lines = [["Client", "Email"], ["Ada Brook & Ben Castle", "a@x.org"]]
    others = [["Client", "Email"], ["Cleo Dale & Dan Elm", "c@x.org"]]

    plan = planned(a__xlsx=workbook({"A": lines, "B": others})).plan

    assert [(work.kind, work.people) for work in plan.works] == [
        ("couples", (0, 1)),
        ("couples", (2, 3)),
    ]


def test_whoever_is_left_of_a_couple_has_work_of_their_own(planned, alice):
    ClientFactory(therapist=alice, name="Ben Castle")
    files = {"a__csv": f"{PEOPLE}1,Ada Brook & Ben Castle,,,,\n"}
    what = "Is Ben Castle (line 2) your client Ben Castle, who is inactive?"

    plan = planned({("a.csv", what): "Leave out"}, **files).plan

    assert [person.name for person in plan.new_people] == ["Ada Brook"]
    assert [(work.kind, work.people) for work in plan.works] == [("individual", (0,))]


def test_a_file_that_says_nothing_makes_no_past_client_present(planned):
    plan = planned(
        a__csv=f"{PEOPLE}1,Ann Brook,ann@x.org,Archived,,2024-06-30\n",
        b__csv="Name,Email\nAnn Brook,ann@x.org\n",
    ).plan

    assert (plan.counts["people"], plan.counts["past"]) == (1, 1)


def test_two_past_clients_of_one_name_are_dated_apart(planned):
    files = {"a__csv": f"{PEOPLE}1,Ann Brook,a@x.org,Closed,,\n2,Ann Brook,b@x.org,Closed,,\n"}
    shown = [preview.when_key for preview in Preview(planned(**files), {}).past]
    assert len(set(shown)) == 2

    works = planned({shown[0]: "2024-02-03 10:00"}, **files).plan.works

    assert [work.is_end_estimated for work in works] == [False, True]


def test_two_clients_of_one_name_are_asked_about_apart(planned, alice):
    ClientFactory(therapist=alice, name="Ann Brook", email="a@x.org")
    ClientFactory(therapist=alice, name="Ann Brook", email="b@x.org")

    asked = planned(a__csv=f"{PEOPLE}1,Ann Brook,,,,\n").plan.open

    assert len({question.key for question in asked}) == 2


DIED = {
    "after the work had ended": ("2020-05-01,2024-06-30", at("2020-05-01 11:00"), "other"),
    "and was archived later": ("2024-09-01,2024-06-30", at("2024-06-30 11:00"), "died"),
    "nobody knows when": ("2020-05-01,yes", at("2020-05-01 11:00"), "died"),
}


@pytest.mark.parametrize("when", DIED)
def test_work_ended_when_it_did_whenever_the_client_died(planned, when):
    cells, ended, reason = DIED[when]
    plan = planned(a__csv=f"Name,Discharged At,Deceased At\nAnn Brook,{cells}\n").plan

    last = plan.works[0].history[-1]
    assert (last.at, last.reason) == (ended, reason)


@pytest.mark.parametrize("said", ["Yes", "Do not contact", "2024-05-01", "since May", "TRUE"])
def test_whatever_says_not_to_contact_is_taken_at_its_word(planned, said):
    plan = planned(a__csv=f"Name,Do Not Contact\nAnn Brook,{said}\nBen Moss,No\nCarl Hill,\n").plan

    assert [person.do_not_contact for person in plan.people] == [True, False, False]


def test_nothing_of_a_cell_is_dropped_unseen(planned):
    google = planned(
        a__csv="Name,E-mail 1 - Value,Phone 1 - Value\n"
        "Ann Brook,a@x.org ::: b@x.org,020 1 ::: 020 2\n"
    ).plan
    assert google.people[0].note == (
        "E-mail 1 - Value: a@x.org ::: b@x.org\nPhone 1 - Value: 020 1 ::: 020 2"
    )

    yearless = planned(a__csv="Name,Birthday\nAnn Brook,--07-20\n").plan
    assert (yearless.people[0].born, yearless.people[0].note) == (None, "Birthday: --07-20")

    long = f"Ann Brook,{'1' * 41},{'x' * 250}@x.org,{'p' * 61},{'n' * 4001}\n"
    plan = planned(a__csv=f"Name,Phone,Email,Preferred name,Notes\n{long}").plan
    assert {one.column for one in plan.unreadable} == {
        *("Phone", "Email", "Preferred name", "Notes"),
    }


def test_a_client_number_of_another_system_is_nobodys(planned):
    people = "Patient ID,First Name,Last Name\n101,Ann,Brook\n"
    sessions = "id,patient_guid,start_at\n9001,101,2024-05-02 11:00\n"

    plan = planned(a__csv=people, b__csv=sessions).plan

    assert (plan.sessions, len(plan.unmatched)) == ([], 1)
