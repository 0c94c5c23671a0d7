"""Which column is what, in the header rows that exports really have."""

import pytest

from practice.imports.aliases import KEPT, LEFT_OUT
from practice.imports.readers.delimited import read_text
from practice.imports.recognising import recognise
from practice.imports.sheets import CannotRead

pytestmark = pytest.mark.pure

# What each export has, by the name of the export: whether it is one of sessions, and what its
# columns become.
EXPORTS = {
    "simplepractice details": (
        "Client,Date Added,Status,Date of Birth,Email,Phone,Address,City,State,Zip,"
        "Primary Clinician,Primary Insurance",
        False,
        {"name": "Client", "added": "Date Added", "status": "Status", "born": "Date of Birth"},
    ),
    "simplepractice appointment status": (
        "Date of Service,Client,Clinician,Billing Code,Primary Insurance,Secondary Insurance,"
        "Rate per Unit,Units,Total Fee,Client Payment Status,Charge,Uninvoiced,Paid,Unpaid,"
        "Insurance Payment Status,Charge,Paid,Unpaid",
        True,
        {"start": "Date of Service", "name": "Client", "clinician": "Clinician"},
    ),
    "simplepractice attendance": (
        "Client,Client type,Date added,Primary clinician,Start time,End time,Minutes,"
        "Primary insurance,Status",
        True,
        {"name": "Client", "client_type": "Client type", "start": "Start time", "end": "End time"},
    ),
    "jane patients": (
        "patient_guid,First Name,Last Name,Preferred Name,Email,Mobile Phone,Birth Date,"
        "Street Address,City,Province/State,Postal,First Visit,Last Visit,Active",
        False,
        {"id": "patient_guid", "preferred": "Preferred Name", "last_visit": "Last Visit"},
    ),
    "jane import": (
        "Patient Number,Member Since,First Name*,Middle Name,Last Name*,Email,Home Phone,"
        "Mobile Phone,Work Phone,Birth Date,Deceased At,Discharged At,Active/Inactive,Pronouns",
        False,
        {"phone": "Mobile Phone", "died": "Deceased At", "discharged": "Discharged At"},
    ),
    "jane appointments": (
        "id,patient_guid,treatment_name,state,start_at,end_at",
        True,
        {"session_id": "id", "id": "patient_guid", "kind": "treatment_name", "state": "state"},
    ),
    "jane appointments to import": (
        "Location Name,Appointment Start Date & Time*,Appointment End Date & Time,Patient Number,"
        "Patient First Name*,Patient Last Name*,Treatment Name,Treatment Duration,Status,Notes",
        True,
        {"start": "Appointment Start Date & Time*", "first": "Patient First Name*"},
    ),
    "therapynotes": (
        "Patient Name,DOB,Email Address,Cell Phone,Primary Insurance,Subscriber ID,Group #,ICD-10",
        False,
        {"name": "Patient Name", "born": "DOB", "email": "Email Address", "phone": "Cell Phone"},
    ),
    "theranest": (
        "First Name,Last Name,Birthdate,Email,Phone Number,Insurance Company,Do Not Contact",
        False,
        {"born": "Birthdate", "do_not_contact": "Do Not Contact"},
    ),
    "cliniko": (
        "Patient ID,First Name,Last Name,Preferred First Name,Title,Date of Birth,Email,Post Code,"
        "Time Zone,Archived At,Merged At,Created At,Notes",
        False,
        {"archived": "Archived At", "merged_away": "Merged At", "zone": "Time Zone", KEPT: "Notes"},
    ),
    "cliniko api": (
        "id,title,first_name,last_name,preferred_name,date_of_birth,email,archived_at,created_at",
        False,
        {"first": "first_name", "born": "date_of_birth", "archived": "archived_at"},
    ),
    "acuity": (
        '"Start Time","End Time","Timezone","First Name","Last Name","Phone","Email","Type",'
        '"Calendar","Appointment Price","Paid?","Date Scheduled","Label","Appointment ID"',
        True,
        {"start": "Start Time", "zone": "Timezone", "booked": "Date Scheduled"},
    ),
    "calendly": (
        "User Name,Team,Invitee Name,Invitee First Name,Invitee Last Name,Invitee Email,"
        "Invitee Time Zone,Event Type Name,Start Date & Time,End Date & Time,Location,"
        "Event Created Date & Time,Canceled,Canceled By,Question 1,Response 1,Marked as No-Show,"
        "User Email,Event UUID,Invitee UUID",
        True,
        {"email": "Invitee Email", "cancelled": "Canceled", "no_show": "Marked as No-Show"},
    ),
    "fresha": (
        "Appointment reference,Client,Scheduled date,Scheduled time,Duration,Services,Status",
        True,
        {"day": "Scheduled date", "time": "Scheduled time", "minutes": "Duration"},
    ),
    "google": (
        "First Name,Middle Name,Last Name,Name Prefix,Nickname,Birthday,Notes,Labels,"
        "E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value,"
        "Phone 11 - Value",
        False,
        {"email": "E-mail 1 - Value", "phone": "Phone 1 - Value", "labels": "Labels"},
    ),
    "google before": (
        "Name,Given Name,Additional Name,Family Name,Yomi Name,Birthday,Group Membership,"
        "E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value",
        False,
        {"first": "Given Name", "last": "Family Name", "middle": "Additional Name"},
    ),
    "outlook": (
        "First Name,Middle Name,Last Name,Title,Suffix,Gender,Birthday,Notes,E-mail Address,"
        "E-mail 2 Address,Primary Phone,Home Phone,Mobile Phone,Spouse,Children",
        False,
        {"title": "Title", "spouse": "Spouse", "email": "E-mail Address", "phone": "Mobile Phone"},
    ),
    "outlook.com": (
        "First Name,Middle Name,Last Name,Title,Suffix,Nickname,E-mail Address,Home Phone,"
        "Mobile Phone,Spouse,Birthday,Anniversary,Notes",
        False,
        {"preferred": "Nickname", "spouse": "Spouse", "born": "Birthday"},
    ),
    "synthea patients": (
        "Id,BIRTHDATE,DEATHDATE,SSN,PREFIX,FIRST,LAST,SUFFIX,MAIDEN,GENDER,CITY,STATE,ZIP",
        False,
        {"id": "Id", "died": "DEATHDATE", "first": "FIRST", "last": "LAST"},
    ),
    "synthea encounters": (
        "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,ENCOUNTERCLASS,DESCRIPTION",
        True,
        {"session_id": "Id", "id": "PATIENT", "start": "START", "end": "STOP"},
    ),
    "plain": ("Surname;Forename;Mobile", False, {"last": "Surname", "phone": "Mobile"}),
    "other languages": (
        "Prénom;NOM;Téléphone;Date de naissance",
        False,
        {"first": "Prénom", "last": "NOM", "born": "Date de naissance"},
    ),
}


def table(text: str, **chosen: str):
    return recognise(read_text(text, "a.csv"), chosen)


@pytest.mark.parametrize("export", EXPORTS)
def test_the_columns_of_every_export_are_known(export):
    header, has_sessions, expected = EXPORTS[export]

    found = table(f"{header}\n{header.replace('Name', 'x')}\n")

    assert found.has_sessions == has_sessions
    became = {column.label: column.becomes for column in found.columns}
    assert {name: became[label] for name, label in expected.items()} == {
        name: name for name in expected
    }


def test_columns_of_one_name_are_told_apart_and_never_taken_for_one():
    found = table("Client,Date of Service,Charge,Charge,Charge\nAnn,2024-01-01 10:00,1,2,3\n")

    labels = [(c.label, c.examples) for c in found.columns if c.label.startswith("Charge")]
    assert labels == [("Charge", ["1"]), ("Charge (2)", ["2"]), ("Charge (3)", ["3"])]


def test_of_two_names_the_better_one_is_taken_and_the_other_is_not_lost():
    found = table("Home Phone,Mobile Phone,Email,Work Email\n1,2,a@b.cd,x\n")

    assert {c.label: c.becomes for c in found.columns} == {
        "Home Phone": "phone_more",
        "Mobile Phone": "phone",
        "Email": "email",
        "Work Email": LEFT_OUT,
    }


def test_what_stands_above_and_below_is_no_client():
    text = (
        "Client report,,\nMade on 1 May 2024,,\n\nClient Name,Email,Charge\nAnn,a@b.cd,1\n"
        "Ben,b@b.cd,2\nTotal,,3\nGrand total:,,3\nPage 1 of 1,,\n"
    )

    found = table(text)

    assert [(row.line, row.cells[0]) for row in found.rows] == [(5, "Ann"), (6, "Ben")]
    assert [one.line for one in found.left_out] == [7, 8, 9], "and is said to be left out"


def test_a_file_of_nothing_but_names_of_columns_says_so():
    found = table("Name,Email\n")

    assert [(one.line, one.why) for one in found.left_out] == [
        (1, "There is nothing below the names of its columns.")
    ]


@pytest.mark.parametrize("line", ["Sum,Wong,", "Total,,t@b.cd", "Sum Ling,,"])
def test_a_client_who_is_called_like_a_total_is_none(line):
    assert len(table(f"First Name,Last Name,Email\n{line}\n").rows) == 1


def test_a_line_that_is_too_long_is_left_out_and_a_short_one_is_filled():
    found = table("Name,Email,Phone\nO’Brien, Sinéad,s@b.cd,1\nAnn\nBen,b@b.cd,,,\n")

    assert [row.cells for row in found.rows] == [("Ann", "", ""), ("Ben", "b@b.cd", "")]
    (fault,) = found.unreadable
    assert (fault.line, fault.why) == (
        2,
        "It has 4 columns instead of 3: a comma in a name, perhaps.",
    )


def test_a_guess_can_be_changed():
    found = table("Name,Code\nAnn,7\n", Code="Keep as a note", Name="Name")

    assert [column.becomes for column in found.columns] == ["name", KEPT]


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "City,Notes\nLeeds,x\n"])
def test_without_anybody_in_it_a_table_is_refused(text):
    with pytest.raises(CannotRead) as refused:
        table(text)

    assert refused.value.unreadable.file == "a.csv"
    assert table("Email\n").rows == []


def test_a_cell_that_is_too_long_is_named_by_its_column():
    found = table(f"Name,Note\nAnn,{'x' * 30_000}\nBen,y\n")

    assert [(one.line, one.column) for one in found.unreadable] == [(2, "Note")]
