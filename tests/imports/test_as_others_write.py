"""Files as other programs really write them: what stands in them arrives as what it is."""

import pytest

from practice.imports.asking import PAST, PRESENT
from practice.imports.reading import column_key
from tests.imports.workbooks import workbook


def people_of(plan) -> dict[str, bool]:
    """Return who would come, and whether their work has ended."""
    ended = {place: work in plan.past for work in plan.new_works for place in work.people}
    return {person.name: ended[place] for place, person in enumerate(plan.people)}


@pytest.mark.parametrize(
    ("column", "present", "past"),
    [
        ("Status", "Active", "Inactive"),
        ("Status", "Current client", "Former client"),
        ("Status", "Open", "Not active"),
        ("Status", "Aktiv", "Inaktiv"),
        ("Statut", "Actif", "Archivé"),
        ("Statut", "Active", "Inactive"),
        ("Estado", "Activa", "Inactiva"),
        ("Archived", "No", "Yes"),
        ("Discharged", "", "30 June 2024"),
    ],
)
def test_a_past_client_is_past_in_whatever_words(planned, column, present, past):
    plan = planned(clients__csv=f"Name,{column}\nAnn Brook,{present}\nBen Moss,{past}\n").plan

    assert people_of(plan) == {"Ann Brook": False, "Ben Moss": True}
    assert not plan.stops


def test_a_status_that_nobody_knows_is_asked_for_once_and_makes_nobody_present(planned):
    text = "Name,Status\nAnn Brook,On hold\nBen Moss,on hold\nCarl Hill,Active\n"
    what = "Are people whose “Status” is “On hold” present or past clients?"

    (question,) = planned(clients__csv=text).plan.stops
    assert (question.what, question.choices) == (what, (PRESENT, PAST))

    plan = planned({("clients.csv", what): PAST}, clients__csv=text).plan
    assert people_of(plan) == {"Ann Brook": True, "Ben Moss": True, "Carl Hill": False}


def test_a_column_that_says_no_ends_nothing(planned):
    text = "Name,Archived,Closed\nAnn Brook,false,No\nBen Moss,No,Yes\n"

    plan = planned(clients__csv=text).plan

    assert people_of(plan) == {"Ann Brook": False, "Ben Moss": True}
    assert not plan.unreadable


def test_a_middle_name_parts_no_session_from_whom_its_number_names(planned):
    people = (
        "Patient Number,First Name,Middle Name,Last Name,Preferred Name\n"
        "503,Ivy,Rose,Moss,\n504,José,,Núñez,Pepe\n505,Ann,,Brook,\n"
    )
    sessions = (
        "Appointment Start Date & Time,Appointment End Date & Time,Patient Number,"
        "Patient First Name,Patient Last Name,Status\n"
        "2026-11-03 10:00,2026-11-03 10:50,503,Ivy,Moss,Arrived\n"
        "2026-11-04 10:00,2026-11-04 10:50,504,Pepe,Núñez,Arrived\n"
        "2026-11-05 10:00,2026-11-05 10:50,505,Ann,Moss,Arrived\n"
    )

    plan = planned(people__csv=people, sessions__csv=sessions).plan

    assert len(plan.sessions) == 2
    assert [one.why for one in plan.unmatched] == ["Its client number is that of Ann Brook."]


@pytest.mark.parametrize("line", ["Total clients: 3,,", "Number of clients,3,", "Totals,,2"])
def test_a_sum_is_nobody(planned, line):
    plan = planned(clients__csv=f"Client,Email,Phone\nAnn Brook,ann@x.org,\n{line}\n").plan

    assert [person.name for person in plan.people] == ["Ann Brook"]
    assert [one.line for one in plan.left_out] == [3]


def test_a_worksheet_of_something_else_stands_in_nobodys_way_and_is_listed(planned):
    content = workbook(
        {"Clients": [["Name", "Email"], ["Ann Brook", "ann@x.org"]], "About": [["made", "today"]]}
    )

    plan = planned(clients__xlsx=content).plan

    assert [person.name for person in plan.people] == ["Ann Brook"]
    assert not plan.refused
    assert [(one.file, one.why) for one in plan.left_out] == [
        ("clients.xlsx, About", "No line has names of columns that are known here.")
    ]


def test_a_workbook_without_a_list_of_people_is_refused(planned):
    content = workbook({"One": [["some", "words"]], "Two": [["made", "today"]]})

    assert planned(clients__xlsx=content).plan.refused


def test_a_hidden_worksheet_is_not_passed_over_unseen(planned):
    sheets = {"Clients": [["Name"], ["Ann Brook"]], "Old": [["Name"], ["Ben Moss"]]}

    plan = planned(clients__xlsx=workbook(sheets, hidden={"Old"})).plan

    assert [person.name for person in plan.people] == ["Ann Brook"]
    assert [(one.file, one.why) for one in plan.left_out] == [
        ("clients.xlsx, Old", "It is a hidden worksheet.")
    ]


def test_a_card_of_apples_address_book_has_its_spouse(planned):
    card = (
        "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Brook;Ada;;;\r\nFN:Ada Brook\r\n"
        "item1.X-ABRELATEDNAMES:Ben Castle\r\nitem1.X-ABLabel:_$!<Spouse>!$_\r\n"
        "item2.X-ABRELATEDNAMES:Dora Brook\r\nitem2.X-ABLabel:_$!<Mother>!$_\r\nEND:VCARD\r\n"
    )

    plan = planned(contacts__vcf=card).plan

    assert [person.name for person in plan.people] == ["Ada Brook", "Ben Castle"]
    assert plan.counts["couples"] == 1


@pytest.mark.parametrize("nothing", ["0/0/00", "00/00/0000", "0000-00-00"])
def test_a_birthday_of_noughts_is_none(planned, nothing):
    plan = planned(contacts__csv=f"First Name,Last Name,Birthday\nAnn,Brook,{nothing}\n").plan

    assert [person.born for person in plan.people] == [None]
    assert not plan.unreadable


def test_where_no_column_is_taken_for_a_name_it_is_said_once_and_can_be_chosen(planned):
    text = "Kundin,Email\nAnn Brook,ann@brook.example\nBen Moss,ben@moss.example\n"
    (said,) = planned(list__csv=text).plan.unreadable
    assert (said.file, said.line) == ("list.csv", 1)
    assert "No column is taken for a name" in said.why

    plan = planned({column_key("list.csv", "Kundin"): "name"}, list__csv=text).plan

    assert [person.name for person in plan.people] == ["Ann Brook", "Ben Moss"]
    assert not plan.unreadable


@pytest.mark.parametrize("header", ["Imię;Nazwisko", "Förnamn;Efternamn", "Nome;Sobrenome"])
def test_names_are_known_in_other_languages(planned, header):
    plan = planned(list__csv=f"{header}\nŁucja;Żak\n").plan

    assert [person.name for person in plan.people] == ["Łucja Żak"]
