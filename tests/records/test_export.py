"""What a therapist takes out of one client's record: everything, and of nobody else."""

import json
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.apps import apps
from django.db import models

from clients.models import Client, Invitation
from practice.diary.models import Session
from practice.imports.models import Import
from practice.notifications.models import Message, Told
from relationships.models import Relationship
from relationships.models.choices import CODES, EndReason
from tests.factories import ClientFactory, start
from tests.records.archives import opened


def export(browser, client: Client) -> tuple[dict, str]:
    """Return the data and the page of a client's archive."""
    files = opened(browser.post(f"/clients/{client.public_id}/export/"))
    assert sorted(files) == ["client.json", "index.html"]
    return json.loads(files["client.json"]), files["index.html"]


# Of each column: the word that stands for it in the archive, or why it is not part of it.
AT = datetime(2025, 3, 4, 15, 6, 7, 891234, tzinfo=UTC)


def moment(number: int) -> datetime:
    return AT + timedelta(days=number)


COLUMNS: dict[str, dict[str, object]] = {
    "clients.Client": {
        "name": "Ann Ashby-Canary",
        "preferred_name": "Annie-Canary",
        "email": "ann@canary.example",
        "phone": "020 7946 0000",
        "date_of_birth": date(1999, 8, 7),
        "do_not_contact": True,
        "reminders": "48,24",
        "calendar_names_therapist": True,
        "time_zone": "America/Lima",
        "added_at": moment(1),
        "keep_rule": "10_years",
    },
    "clients.Invitation": {
        "email": "invited@canary.example",
        "created_at": moment(2),
        "accepted_at": moment(3),
    },
    "relationships.Participation": {"joined_at": moment(4), "left_at": moment(13)},
    "relationships.Relationship": {
        "kind": "couples",
        "status": "ended",
        "started_at": moment(4),
        "end_reason": "not_a_fit",
        "end_note": "end-note-canary",
        "ended_at": moment(5),
        "planned_end": date(2031, 1, 2),
        "on_break_until": date(2031, 3, 4),
        "ask_again_on": date(2031, 5, 6),
        "is_end_estimated": True,
        "is_closed": True,
        "place": "relationship-place-canary",
    },
    "relationships.Event": {
        "kind": "corrected",
        "at": moment(6),
        "reason": "lost_contact",
        "note": "event-note-canary",
    },
    "diary.Session": {
        "starts_at": moment(7),
        "ends_at": moment(7) + timedelta(minutes=50),
        "state": "cancelled",
        "complimentary": True,
        "in_figures": False,
        "place": "session-place-canary",
        "series": UUID("9a4e0aa2-3d0a-4f6a-a4f0-3b8f3c0c1d5e"),
        "booked_at": moment(8),
        "moved_at": moment(9),
        "moved_from": moment(12),
        "moved_for_client": True,
        "last_own_move": moment(10),
        "cancelled_at": moment(11),
        "cancelled_for_client": True,
    },
    "notifications.Message": {
        "kind": "moved",
        "address": "written-to@canary.example",
        "created_at": moment(12),
        "state": "sent",
        "sent_at": moment(13),
        "error": "error-canary",
    },
    "notifications.Told": {
        "kind": "moved",
        "starts_at": moment(14),
        "ends_at": moment(14) + timedelta(minutes=40),
        "place": "told-place-canary",
        "is_cancelled": True,
        "hours_before": 48,
    },
    "imports.ImportedNote": {"text": "imported-note-canary"},
}
PEOPLE = {"ended_by", "by", "booked_by", "moved_by", "cancelled_by"}  # told by their part
PUBLIC_IDS = {"clients.Client", "relationships.Relationship", "diary.Session"}
LEFT_OUT = {
    "id": "a number of the database",
    "therapist": "named once, at the top",
    "client": "whom all of it is about",
    "relationship": "told by where it stands",
    "account": "whether they can sign in is told; the account is the client's own",
    "sort_name": "made from the name",
    "search_text": "made from the names",
    "active_relationships": "counted from the relationships; told as is_active",
    "fingerprint": "a secret of the invitation's link",
    "key": "of a form, not of a person",
    "earlier_own_move": "what last_own_move was, should that be corrected",
    "revision": "for calendars only",
    "sequence": "for calendars only",
    "passed_on": "whose time it takes in a diary, not what was held",
    "stamp": "for calendars only",
    "message": "told by where it stands",
    "session": "told by its public id",
    "message_id": "by which mail programs know it",
    "in_doubt": "what a sender has to know",
    "attempts": "what a sender has to know",
    "next_attempt_at": "what is to be done, not what is held",
    "tell_at": "what is to be done, not what is held",
    "number_missed": "whether others came is told to nobody but them",
    "erased_at": "whoever is erased has no archive",
    "merged_into": "told by where the merged record stands",
    "merged_at": "of merged records only (test_merged.py)",
    "merged_by": "the therapist",
    "person_id": "made from merged_into",
    "came_with": "the import, which may have brought others",
}
# What says nothing of its own: it leads a therapist to what is told elsewhere, until dismissed.
# And whether somebody came, which is what the archive says became of the session.
# Of events of other kinds (tests/relationships/test_leaving_and_joining.py).
TOLD_THERE = {"goes_on_as"}
REPEATED = {"diary.News", "diary.Attendance"}


def belongs_to_a_client() -> set[type[models.Model]]:
    """Return every model that leads to a client: by a key of its own, or by its relationship's."""
    found: set[type[models.Model]] = {Client, Relationship}
    while True:
        more = {
            model
            for model in apps.get_models()
            for field in model._meta.concrete_fields
            if field.related_model in found and model._meta.label not in REPEATED
        }
        if more <= found:
            return found
        found |= more


def test_every_column_of_a_client_is_in_the_archive_or_left_out_for_a_reason():
    for model in belongs_to_a_client():
        told = set(COLUMNS[model._meta.label]) | PEOPLE | set(LEFT_OUT)
        told |= TOLD_THERE | ({"public_id"} if model._meta.label in PUBLIC_IDS else set())
        fields = {field.name for field in model._meta.concrete_fields}

        assert fields - told == set(), model._meta.label
    assert {model._meta.label for model in belongs_to_a_client()} == set(COLUMNS)


@pytest.fixture
def everything(ann: Client, ben: Client) -> dict[str, models.Model]:
    """A row of each kind with a word of its own in each column."""
    therapist = ann.therapist
    Client.objects.filter(pk=ann.pk).update(**COLUMNS["clients.Client"])
    Invitation.create_for(ann)
    Invitation.objects.update(**COLUMNS["clients.Invitation"])
    relationship = start(ann, ben, at=moment(4))
    relationship.end(by=therapist.user, reason="completed", at=moment(5))
    relationship.events.create(
        therapist=therapist, by=therapist.user, **COLUMNS["relationships.Event"]
    )
    Relationship.objects.update(**COLUMNS["relationships.Relationship"])
    relationship.participations.update(**COLUMNS["relationships.Participation"])
    people = {"booked_by": ann.account, "moved_by": therapist.user, "cancelled_by": ann.account}
    session = Session.objects.create(
        therapist=therapist, relationship=relationship, **COLUMNS["diary.Session"] | people
    )
    came = Import.objects.create(therapist=therapist, begun_by=therapist.user)
    ann.imported_notes.create(therapist=therapist, came_with=came, text="imported-note-canary")
    message = Message.objects.create(
        therapist=therapist,
        client=ann,
        message_id="<1@canary.example>",
        stamp=moment(12),
        **COLUMNS["notifications.Message"],
    )
    Told.objects.create(
        therapist=therapist, message=message, session=session, **COLUMNS["notifications.Told"]
    )
    return {"client": ann, "relationship": relationship, "session": session}


def leaves(data: object) -> list[object]:
    """Return every value of nested data."""
    if isinstance(data, dict):
        return [leaf for value in data.values() for leaf in leaves(value)]
    return [leaf for value in data for leaf in leaves(value)] if isinstance(data, list) else [data]


def test_everything_is_in_the_data(everything, as_alice, ann):
    data, _ = export(as_alice, ann)

    told = leaves(data)
    moments = set()
    for leaf in told:
        try:
            moments.add(datetime.fromisoformat(leaf))
        except (TypeError, ValueError):
            continue
    for label, columns in COLUMNS.items():
        for name, value in columns.items():
            if isinstance(value, datetime):
                assert value in moments, (label, name)
            else:
                value = value.isoformat() if isinstance(value, date) else value
                value = str(value) if isinstance(value, UUID) else value
                assert value in told, (label, name)
    for row in everything.values():
        row.refresh_from_db()
        assert row.public_id in told


def test_everything_is_on_the_page(everything, as_alice, ann):
    _, page = export(as_alice, ann)

    for label, columns in COLUMNS.items():
        for name, value in columns.items():
            if isinstance(value, datetime):
                assert f"{value:%Y-%m-%d}T" in page, (label, name)
            elif isinstance(value, date):
                assert f"{value.day} {value:%B %Y}" in page, (label, name)
            elif isinstance(value, str):
                words = {"couples": "Couples", "corrected": "Reason corrected"}
                words |= {"cancelled": "Cancelled", "10_years": "10 years after"}
                words |= {
                    "48,24": "48 hours and 24 hours before",
                    "moved": "Moved",
                    "sent": "Handed",
                }
                assert words.get(value, value) in page, (label, name)
    assert "complimentary" in page
    assert "cannot be restarted" in page
    assert page.count("as the client asked") == 2


def test_keys_and_moments_are_as_described(everything, as_alice, ann):
    data, _ = export(as_alice, ann)
    (relationship,), (session,) = data["relationships"], data["relationships"][0]["sessions"]

    assert (data["format"], data["version"]) == ("stillwater-client", 1)
    assert relationship["started_at"] == "2025-03-08T15:06:07.891234+00:00"
    assert session["booked_by"] == session["cancelled_by"] == "client"
    assert (
        session["moved_by"]
        == relationship["ended_by"]
        == relationship["history"][0]["by"]
        == "therapist"
    )
    assert relationship["end_reason"] == {
        "key": "not_a_fit",
        "label": "Not the right fit",
        "nhs_talking_therapies": ["10", "11", "14"],
        "teds_d": "7",
        "fhir_episode_of_care": "cancelled",
    }
    assert [event["kind"]["key"] for event in relationship["history"]] == [
        "started",
        "ended",
        "corrected",
    ]
    assert [e["reason"]["key"] for e in relationship["episodes"]] == ["lost_contact"]


def test_every_reason_has_codes():
    assert set(CODES) == set(EndReason)


def test_summer_has_its_own_offset(ann, as_alice, individual):
    starts_at = datetime(2025, 7, 1, 9, tzinfo=UTC)
    Session.book(
        individual, starts_at=starts_at, length=timedelta(minutes=50), by=individual.therapist.user
    )

    data, page = export(as_alice, ann)

    assert data["relationships"][0]["sessions"][0]["starts_at"] == "2025-07-01T10:00:00+01:00"
    assert "10am" in page


def test_others_in_it_are_first_names_only(everything, as_alice, ann, ben, alice):
    friend = ClientFactory(therapist=alice, name="Cleo Canary", phone="canary-phone")
    start(ann, ben, friend)
    start(friend)
    Client.objects.filter(pk=ben.pk).update(phone="canary-phone")

    data, page = export(as_alice, ann)

    assert [relationship["with"] for relationship in data["relationships"]] == [
        "Ben",
        "Ben and Cleo",
    ]
    for text in (json.dumps(data), page):
        assert "Bright" not in text
        assert "Cleo Canary" not in text
        assert "ben@mail.example" not in text
        assert "canary-phone" not in text


def test_secrets_are_not_in_it(ann, as_alice):
    token = Invitation.create_for(ann)

    data, page = export(as_alice, ann)

    for secret in (token, Invitation.fingerprint_of(token), ann.account.password):
        assert secret not in json.dumps(data) + page


def test_the_file_has_a_number_and_no_name_and_is_kept_nowhere(as_alice, ann):
    answer = as_alice.post(f"/clients/{ann.public_id}/export/")

    name = f'attachment; filename="client-{ann.public_id}.zip"'
    assert answer.headers["Content-Disposition"] == name
    assert answer.headers["Content-Type"] == "application/zip"
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_audit_says_who_took_whose_record_out(as_alice, ann, alice):
    as_alice.get(f"/clients/{ann.public_id}/export/")
    as_alice.post(f"/clients/{ann.public_id}/export/")

    entry = alice.entries.get(verb="exported")
    assert (entry.by, entry.about) == (alice.user_id, f"client:{ann.public_id}")


def test_the_page_says_what_it_is_and_gives_nothing_yet(as_alice, ann):
    answer = as_alice.get(f"/clients/{ann.public_id}/export/")

    assert answer.headers["Content-Type"].startswith("text/html")
    assert b"Sensitive data" in answer.content
    assert b"first name only" in answer.content


@pytest.mark.parametrize("method", ["get", "post", "head"])
def test_a_colleagues_client_does_not_exist(as_alice, carl, method):
    theirs = getattr(as_alice, method)(f"/clients/{carl.public_id}/export/")

    assert theirs.status_code == 404


HOSTILE = [
    "<script>alert(1)</script>",
    "</title></style><img src=x onerror=alert(1)>",
    "\"quoted\" 'and' `so` & &amp; {{ data }} {% now %}",
    "../../etc/passwd\\..\\x",
    "\u202egnirts\u2066\u200f\u0007\u001b[31m\u2028",
    "=HYPERLINK(1)",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_do_no_harm(as_alice, ann, individual, name):
    Client.objects.filter(pk=ann.pk).update(name=name, preferred_name=name[:60], phone=name[:40])
    individual.end(by=individual.therapist.user, reason="other", note=name)

    answer = as_alice.post(f"/clients/{ann.public_id}/export/")
    files = opened(answer)

    assert json.loads(files["client.json"])["client"]["name"] == name
    assert files["client.json"].isascii()
    assert files["client.json"].replace("\n", "").isprintable()
    page = files["index.html"]
    for tag in ("<script", "<img", "onerror=alert(1)>"):
        assert tag not in page
    assert page.count("</style>") == 1
    assert ann.public_id in answer.headers["Content-Disposition"]
    assert sorted(files) == ["client.json", "index.html"]


def test_the_page_needs_nothing_from_elsewhere(everything, as_alice, ann):
    _, page = export(as_alice, ann)

    for outside in ("http://", "https://", "src=", "href=", "url(", "@import"):
        assert outside not in page


def test_an_archive_costs_the_same_however_long_the_work_was(
    as_alice, ann, individual, django_assert_max_num_queries
):
    asked = []
    for number in (1, 20):
        for n in range(number):
            Session.book(
                individual,
                starts_at=AT + timedelta(days=number + n),
                length=timedelta(minutes=50),
                by=individual.therapist.user,
            )
        with django_assert_max_num_queries(18) as queries:
            export(as_alice, ann)
        asked.append(len(queries))

    assert asked[0] == asked[1]
