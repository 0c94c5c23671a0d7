"""What a client takes with them: what their own pages show, and nothing else."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client as Browser

from clients.models import Client
from practice.diary.models import Session
from tests.conftest import browser_of
from tests.factories import PASSWORD, ClientFactory, UserFactory, start
from tests.records.archives import opened

AT = datetime(2025, 3, 4, 15, tzinfo=UTC)
SESSION = {"length": timedelta(minutes=50)}


def own(browser) -> tuple[dict, str]:
    answer = browser.post("/dashboard/data/")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data.zip"'
    assert "no-store" in answer.headers["Cache-Control"]
    files = opened(answer)
    assert sorted(files) == ["index.html", "my-data.json"]
    return json.loads(files["my-data.json"]), files["index.html"]


def test_it_holds_account_details_relationships_and_sessions(as_ann, ann, couples):
    Session.book(couples, starts_at=AT, by=ann.account, **SESSION)

    data, page = own(as_ann)

    assert data["account"]["email"] == "ann@mail.example"
    assert data["records"][0]["name"] == "Ann Ashby"
    assert data["relationships"] == [
        {
            "id": couples.public_id,
            "therapist": "Alice Archer",
            "kind": {"key": "couples", "label": "Couples"},
            "for": "",
            "with": "Ben",
            "ended_at": None,
            "left_at": None,
        }
    ]
    assert data["sessions"][0]["starts_at"] == "2025-03-04T15:00:00+00:00"
    assert data["sessions"][0]["booked_by"] == "you"
    assert data["sessions"][0]["kind"] == {"key": "couples", "label": "Couples"}
    for words in ("Ann Ashby", "Couples with Alice Archer", "together with Ben", "4 March 2025"):
        assert words in page


def test_it_holds_every_sign_in_to_the_account_and_to_no_other(ann, alice, bob):
    for email, password in (
        ("ann@mail.example", "wrong"),
        ("ann@mail.example", PASSWORD),
        ("nobody@mail.example", "wrong"),
        ("bob@practice.example", "wrong"),
        ("bob@practice.example", PASSWORD),
    ):
        Browser().post("/sign-in/", {"login": email, "password": password})
    as_ann = browser_of(ann.account)
    own(as_ann)
    as_ann.post("/sign-out/")
    as_ann.force_login(ann.account)

    data, page = own(as_ann)

    assert [entry["what"]["key"] for entry in data["sign_ins"]] == [
        "sign_in_failed",
        "signed_in",
        "signed_in",
        "signed_out",
        "signed_in",
    ]
    assert data["sign_ins"][0]["what"]["label"] == "Failed to sign in"
    assert all(set(entry) == {"at", "what"} for entry in data["sign_ins"])
    assert page.count("<li>Signed in") == 3
    assert "<li>Failed to sign in" in page


def test_it_holds_no_reason_no_note_and_no_surname_of_another(as_ann, ann, ben, couples, alice):
    solo = start(ann)
    Session.book(couples, starts_at=AT, by=alice.user, **SESSION)
    for relationship in (couples, solo):
        relationship.end(by=alice.user, reason="not_a_fit", note="note-canary")
        relationship.correct_reason(
            by=alice.user,
            reason="lost_contact",
            note="later-canary",
            ended_at=relationship.ended_at,
        )
    other = ClientFactory(therapist=alice, name="Olga Other", email="olga@canary.example")
    start(other)
    Client.objects.filter(pk=ben.pk).update(phone="020 canary", email="ben@canary.example")

    data, page = own(as_ann)

    for text in (json.dumps(data).lower(), page.lower()):
        for canary in ("canary", "bright", "reason", "not_a_fit", "right fit", "lost", "olga"):
            assert canary not in text


def test_it_spans_all_therapists_of_the_account(as_ann, ann, bob, individual):
    record = ClientFactory(
        therapist=bob, name="Ann A.", account=ann.account, email="ann@mail.example"
    )
    start(record)

    data, page = own(as_ann)

    assert [r["therapist"] for r in data["records"]] == ["Alice Archer", "Bob Baker"]
    assert len(data["relationships"]) == 2
    assert "Bob Baker" in page


def test_others_get_their_own_only(as_ann, individual, alice):
    dora = UserFactory(email="dora@mail.example")

    data, page = own(browser_of(dora))

    assert data["records"] == data["relationships"] == data["sessions"] == []
    assert "Ann" not in page
    assert browser_of(alice.user).post("/dashboard/data/").status_code == 403


def test_nothing_is_said_of_an_ending_by_death(as_ann, ann, alice):
    relationship = start(ann)
    relationship.end(by=alice.user, reason="died")

    data, page = own(as_ann)

    assert data["relationships"][0]["ended_at"] is None
    assert "Ended" not in page


def test_a_booked_session_says_nothing_of_its_relationship(as_ann, couples, alice):
    Session.book(couples, starts_at=AT, by=alice.user, **SESSION)
    couples.end(by=alice.user, reason="died")

    data, _ = own(as_ann)

    assert not [key for key in data["sessions"][0] if "relationship" in key]


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "\u202egnirts\u0007", "../../x"])
def test_hostile_names_do_no_harm(as_ann, ann, ben, couples, name):
    Client.objects.filter(pk__in=[ann.pk, ben.pk]).update(name=name, preferred_name=name)

    data, page = own(as_ann)

    assert data["records"][0]["name"] == data["relationships"][0]["with"] == name
    assert "<script" not in page


def test_the_account_page_leads_there(as_ann, individual):
    assert b'href="/dashboard/data/"' in as_ann.get("/account/").content
    assert b"What your therapists write for themselves" in as_ann.get("/dashboard/data/").content


def test_a_mere_therapist_is_not_led_there(as_alice):
    assert b"/dashboard/data/" not in as_alice.get("/account/").content
