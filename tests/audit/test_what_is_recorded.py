"""Everything that changes or shows something has exactly one entry, and none has a word in it."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.utils import timezone

from clients.models import Client, Invitation
from practice.audit.models import Entry, Verb
from practice.diary.models import Session
from practice.web.responses import see_other
from relationships.caseload import tidy_up
from relationships.models import Relationship
from relationships.models.choices import EndReason
from tests.accounts.second_factor import SECURITY, add_app
from tests.conftest import browser_of
from tests.factories import PASSWORD, ClientFactory, UserFactory, start
from tests.pressing import Browser

FIFTY = timedelta(minutes=50)
CANARY = "Quetzalcoatl"  # stands for whatever is nobody's business


@pytest.fixture
def lines(db):
    """What has been recorded since it was last asked for, as (verb, about, part)."""

    class Lines:
        seen = 0

        def new(self) -> list[tuple[str, str, str]]:
            found = list(Entry.objects.order_by("pk"))
            found, self.seen = found[self.seen :], len(found)
            return [(e.verb, e.about, e.role) for e in found]

    return Lines()


@pytest.fixture
def soon(individual):
    """A session of Ann's with Alice, next week."""
    at = timezone.now() + timedelta(days=7)
    return Session.book(individual, starts_at=at, length=FIFTY, by=individual.therapist.user)


def held(relationship) -> Session:
    at = timezone.now() - timedelta(days=7)
    return Session.book(relationship, starts_at=at, length=FIFTY, by=relationship.therapist.user)


def named(kind: str, row) -> str:
    return f"{kind}:{row.public_id}"


# Transitions.


def test_every_step_of_a_relationship_has_one_entry(ann, alice, lines):
    by = alice.user
    relationship = start(ann)
    relationship.end(by=by, reason=EndReason.COMPLETED, note=CANARY)
    relationship.undo_end(by=by)
    relationship.end(by=by, reason=EndReason.COMPLETED)
    relationship.correct_reason(
        by=by, reason=EndReason.LOST_CONTACT, note=CANARY, ended_at=relationship.ended_at
    )
    relationship.restart(by=by)

    about = named("relationship", relationship)
    assert lines.new() == [
        (verb, about, "therapist")
        for verb in (
            "relationship_started",
            "relationship_ended",
            "ending_undone",
            "relationship_ended",
            "reason_corrected",
            "relationship_restarted",
        )
    ]


def test_every_event_has_an_entry_with_its_seal(individual, alice):
    individual.end(by=alice.user, reason=EndReason.COMPLETED, note=CANARY)

    events = list(individual.events.order_by("pk").values_list("pk", flat=True))
    entries = Entry.objects.filter(chain=alice.pk).exclude(event=None).order_by("pk")
    assert [entry.event for entry in entries] == events
    assert all(re.fullmatch("[0-9a-f]{64}", entry.digest) for entry in entries)


def test_a_step_that_was_not_taken_has_none(individual, alice, lines):
    lines.new()

    with pytest.raises(individual.AlreadyDone):
        individual.restart(by=alice.user)

    assert lines.new() == []


@pytest.mark.parametrize("note", [tidy_up.not_yet, tidy_up.take_a_break, tidy_up.plan_end])
def test_plans_have_one_entry(individual, alice, lines, note):
    lines.new()

    relationship = Relationship.objects.with_last_event().get(pk=individual.pk)
    assert note(relationship, timezone.localdate() + timedelta(days=3), alice.user)

    assert lines.new() == [("plans_noted", named("relationship", individual), "therapist")]


def test_plans_for_ended_work_have_none(individual, alice, lines):
    individual.end(by=alice.user, reason=EndReason.COMPLETED)
    lines.new()

    assert not tidy_up.plan_end(individual, timezone.localdate(), alice.user)

    assert lines.new() == []


def test_every_step_of_a_session_has_one_entry(individual, alice, ann, lines):
    lines.new()
    at = timezone.now() + timedelta(days=7)
    session = Session.book(individual, starts_at=at, length=FIFTY, by=ann.account)
    session.move(starts_at=at + timedelta(days=1), by=alice.user)
    session.cancel(by=ann.account)
    past = held(individual)
    past.set_attendance(attended=True)

    one, other = named("session", session), named("session", past)
    assert lines.new() == [
        ("session_booked", one, "client"),
        ("session_moved", one, "therapist"),
        ("session_cancelled", one, "client"),
        ("session_booked", other, "therapist"),
        ("attendance_noted", other, "therapist"),
    ]


def test_the_same_form_again_books_and_records_nothing(individual, alice, lines):
    values = {"starts_at": timezone.now() + timedelta(days=7), "length": FIFTY, "by": alice.user}
    key = "5e9a5cd7-7ac7-4a59-a8c1-b5f3a4c6f0d1"
    Session.book(individual, key=key, **values)
    lines.new()

    Session.book(individual, key=key, **values)

    assert lines.new() == []


def test_an_invitation_is_recorded_when_made_and_when_accepted(alice, ben, as_alice, client, lines):
    lines.new()
    as_alice.post(f"/clients/{ben.public_id}/invite/")
    assert lines.new() == [("client_invited", named("client", ben), "therapist")]

    token = Invitation.create_for(ben)
    typed = dict.fromkeys(("new_password1", "new_password2"), PASSWORD)
    link = f"/invitation/{token}/{Invitation.proof_of(token)}/"
    assert client.post(link, typed).status_code == 303

    account = Client.objects.get(pk=ben.pk).account_id
    assert sorted(lines.new()) == [
        ("invitation_accepted", named("client", ben), "client"),
        ("signed_in", f"account:{account}", "client"),
    ]


# Changes by forms.

DETAILS = {
    "name": f"{CANARY} Zed",
    "time_zone": "Europe/London",
    "email": "quetzalcoatl@mail.example",
}


def test_a_changed_client_has_one_entry(as_alice, ann, lines):
    lines.new()

    as_alice.post(f"/clients/{ann.public_id}/edit/", DETAILS)

    assert lines.new() == [("client_changed", named("client", ann), "therapist")]


def test_new_clients_and_their_work_have_an_entry_each(as_alice, alice, lines):
    lines.new()
    others = {"others-TOTAL_FORMS": "1", "others-INITIAL_FORMS": "0", "others-0-name": "Zoe Zed"}

    as_alice.post("/clients/add/", DETAILS | others | {"kind": "couples"})

    relationship = alice.relationships.get()
    assert lines.new() == [
        *(("client_added", named("client", person), "therapist") for person in relationship.people),
        ("relationship_started", named("relationship", relationship), "therapist"),
    ]


@pytest.mark.parametrize(
    ("address", "typed", "verb"),
    [
        ("/caseload/tidy-up/", {"weeks": "8"}, "settings_changed"),
        ("/profile/", {"headline": CANARY}, "profile_changed"),
        ("/account/", {"time_zone": "Europe/Berlin"}, "settings_changed"),
    ],
)
def test_what_a_therapist_sets_has_one_entry(as_alice, lines, address, typed, verb):
    lines.new()

    assert as_alice.post(address, typed).status_code == 303

    assert [line[0] for line in lines.new()] == [verb]


def test_availability_has_one_entry(as_alice, lines):
    from tests.booking import availability

    lines.new()

    assert as_alice.post("/diary/availability/", availability()).status_code == 303

    assert [line[0] for line in lines.new()] == ["availability_changed"]


def test_several_decisions_at_once_have_an_entry_each(as_alice, alice, ann, ben, lines):
    long_ago = timezone.now() - timedelta(weeks=40)
    relationships = [start(person, at=long_ago) for person in (ann, ben)]
    lines.new()
    typed = {"row": [relationship.public_id for relationship in relationships]}
    for relationship in relationships:
        typed |= {
            f"{relationship.public_id}-action": "end",
            f"{relationship.public_id}-reason": "no_sessions",
        }

    as_alice.post("/caseload/tidy-up/", typed)

    ended = [
        ("relationship_ended", named("relationship", relationship), "therapist")
        for relationship in relationships
    ]
    assert sorted(lines.new()) == sorted(ended)


# Looks.

LOOKS = {
    "/clients/{client}/": ("client_opened", "client"),
    "/clients/{client}/edit/": ("client_opened", "client"),
    "/clients/{client}/keep/": ("client_opened", "client"),
    "/clients/{client}/access/": ("client_opened", "client"),
    "/clients/{client}/erase/": ("client_opened", "client"),
    "/clients/{client}/export/": ("client_opened", "client"),
    "/clients/{client}/relationships/": ("client_opened", "client"),
    "/clients/{client}/relationships/add/": ("client_opened", "client"),
    "/clients/{client}/sessions/": ("client_opened", "client"),
    "/relationships/{relationship}/": ("relationship_opened", "relationship"),
    "/relationships/{relationship}/end/": ("relationship_opened", "relationship"),
    "/relationships/{relationship}/place/": ("relationship_opened", "relationship"),
    "/relationships/{relationship}/plan/": ("relationship_opened", "relationship"),
    "/relationships/{relationship}/sessions/add/": ("relationship_opened", "relationship"),
    "/sessions/{session}/": ("session_opened", "session"),
    "/sessions/{session}/calendar.ics": ("session_opened", "session"),
    "/sessions/{session}/cancel/": ("session_opened", "session"),
    "/sessions/{session}/place/": ("session_opened", "session"),
    "/sessions/{session}/move/": ("session_opened", "session"),
}


@pytest.fixture
def ids(ann, individual, soon) -> dict[str, str]:
    rows = {"client": ann, "relationship": individual, "session": soon}
    return {kind: row.public_id for kind, row in rows.items()}


@pytest.mark.parametrize("address", LOOKS)
def test_every_page_a_therapist_opens_has_one_entry(as_alice, ids, lines, address):
    lines.new()

    assert as_alice.get(address.format(**ids)).status_code == 200

    verb, kind = LOOKS[address]
    assert lines.new() == [(verb, f"{kind}:{ids[kind]}", "therapist")]


@pytest.mark.parametrize("page", ["restart", "reason"])
def test_pages_of_ended_work_have_one_entry(as_alice, alice, individual, lines, page):
    individual.end(by=alice.user, reason=EndReason.COMPLETED)
    lines.new()

    assert as_alice.get(f"/relationships/{individual.public_id}/{page}/").status_code == 200

    about = named("relationship", individual)
    assert lines.new() == [("relationship_opened", about, "therapist")]


@pytest.mark.parametrize("page", ["", "calendar.ics", "cancel/"])
def test_a_session_a_client_opens_has_one_entry(as_ann, soon, lines, page):
    lines.new()

    assert as_ann.get(f"/sessions/{soon.public_id}/{page}").status_code == 200

    assert lines.new() == [("session_opened", named("session", soon), "client")]


@pytest.mark.parametrize("page", ["/dashboard/", "/dashboard/sessions/"])
def test_a_dashboard_has_an_entry_with_each_therapist(as_ann, ann, bob, individual, lines, page):
    other = ClientFactory(therapist=bob, name="Ann A.", account=ann.account)
    lines.new()

    assert as_ann.get(page).status_code == 200

    abouts = sorted(named("client", record) for record in (ann, other))
    assert sorted(lines.new()) == [("dashboard_opened", about, "client") for about in abouts]


def test_a_page_that_leads_elsewhere_shows_nothing(as_alice, individual, lines):
    lines.new()

    answer = as_alice.get(f"/relationships/{individual.public_id}/restart/")

    assert answer.status_code == see_other("home").status_code
    assert lines.new() == []


def test_a_refused_form_shows_the_page_again(as_alice, individual, lines):
    lines.new()

    assert as_alice.post(f"/relationships/{individual.public_id}/end/").status_code == 422

    assert [verb for verb, *_ in lines.new()] == ["relationship_opened"]


def test_a_list_alone_has_no_entry(as_alice, individual, lines):
    lines.new()

    for page in ("/clients/", "/caseload/", "/caseload/tidy-up/", "/clients/due/"):
        as_alice.get(page)

    assert lines.new() == []


def test_a_search_is_counted_and_not_quoted(as_alice, alice, individual, lines):
    as_alice.get("/clients/", {"q": "Ashby"})
    as_alice.get("/clients/", {"q": CANARY})
    as_alice.post("/help/cant-spot-a-client/", {"name": "Ashby"})

    found = Entry.objects.filter(verb=Verb.LIST_SEARCHED).order_by("pk")
    assert [entry.outcome for entry in found] == ["1 found", "0 found", "1 found"]
    assert {entry.about for entry in found} == {""}


def typed(browser: Browser, text: str, trigger: str = "id_q") -> None:
    """Pause while typing a search, which htmx sends."""
    headers = {"HX-Request": "true", "HX-Trigger": trigger}
    assert browser.get("/clients/", {"q": text}, headers=headers).status_code == 200


def test_what_is_typed_with_pauses_is_one_search(as_alice, as_bob, bob, individual, hours_pass):
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        for pause in ("A", "As", "Ash"):
            typed(as_alice, pause)
            clock.shift(5)
        typed(as_alice, "Ash", trigger="clients-form")  # Enter
        typed(as_bob, "Carl")

        found = Entry.objects.filter(verb=Verb.LIST_SEARCHED)
        assert sorted(found.values_list("therapist", "outcome")) == [
            (individual.therapist_id, "1 found"),
            (bob.pk, "0 found"),
        ]

        clock.shift(31)
        typed(as_alice, "B")
        assert found.count() == 3


def test_a_search_that_is_sent_as_a_form_is_always_one(as_alice, individual):
    typed(as_alice, "Ash")
    as_alice.get("/clients/", {"q": "Ash"})

    assert Entry.objects.filter(verb=Verb.LIST_SEARCHED).count() == 2


def test_a_look_costs_one_query(as_alice, ann, individual, django_assert_num_queries):
    as_alice.get(f"/clients/{ann.public_id}/")

    with django_assert_num_queries(1):
        Entry.record(Verb.CLIENT_OPENED, by=ann.therapist.user, therapist=ann.therapist)


# Who signs in.


def test_signing_in_and_out_is_recorded(alice, client, lines):
    client.post("/sign-in/", {"login": alice.user.email, "password": PASSWORD})
    client.post("/sign-out/")

    account = f"account:{alice.user_id}"
    assert lines.new() == [
        ("signed_in", account, "therapist"),
        ("signed_out", account, "therapist"),
    ]


def test_a_failed_sign_in_says_whose_account_and_not_what_was_typed(alice, client, lines):
    client.post("/sign-in/", {"login": alice.user.email, "password": CANARY})
    client.post("/sign-in/", {"login": f"{CANARY}@mail.example", "password": CANARY})

    known, unknown = lines.new()
    assert known == ("sign_in_failed", f"account:{alice.user_id}", "visitor")
    assert unknown == ("sign_in_failed", "", "visitor")


def test_a_changed_password_is_recorded(as_alice, alice, lines):
    lines.new()
    typed = dict.fromkeys(("password1", "password2"), "another quiet harbour")

    as_alice.post("/password/change/", typed | {"oldpassword": PASSWORD})

    assert ("password_changed", f"account:{alice.user_id}", "therapist") in lines.new()


def test_a_second_factor_is_recorded_when_it_comes_and_when_it_goes(as_alice, alice, lines):
    add_app(as_alice)
    as_alice.post(f"{SECURITY}app/remove/")

    added, removed = (f"second_factor_{how}" for how in ("added", "removed"))
    recorded = [verb for verb, about, _ in lines.new() if about == f"account:{alice.user_id}"]
    # The app, and the recovery codes that come and go with it.
    assert recorded[-4:] == [added, added, removed, removed]


def test_a_command_is_an_operator(db, monkeypatch, lines):
    module = "practice.management.operator"
    monkeypatch.setattr(f"{module}.getpass", lambda _: "a quiet harbour at dusk")

    call_command("add_therapist", "Zoe Zed", "zoe@practice.example")

    ((verb, about, role),) = lines.new()
    assert (verb, role) == ("therapist_added", "operator")
    assert about.startswith("therapist:")


def test_one_request_has_one_id(as_ann, ann, bob, individual):
    ClientFactory(therapist=bob, name="Ann A.", account=ann.account)
    for _ in range(2):
        as_ann.get("/dashboard/")

    ids = Entry.objects.filter(verb=Verb.DASHBOARD_OPENED).values_list("request_id", flat=True)
    assert len(ids) == 4
    assert len(set(ids)) == 2
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in ids)


# Who is refused.


def test_a_stranger_is_recorded_with_what_they_asked_for(as_bob, as_alice, bob, ann, lines):
    lines.new()

    as_bob.get(f"/clients/{ann.public_id}/")
    as_bob.get("/clients/bcdfghjkmn/edit/")

    assert lines.new() == [
        ("refused", named("client", ann), "therapist"),
        ("refused", "client:bcdfghjkmn", "therapist"),
    ]
    outcomes = Entry.objects.filter(verb="refused").order_by("pk")
    assert [e.outcome for e in outcomes] == ["404 client", "404 edit_client"]


def test_what_somebody_typed_for_an_id_is_not_kept(as_bob, lines):
    lines.new()

    as_bob.get("/clients/annashby12/")

    assert lines.new() == [("refused", "client:", "therapist")]


def test_the_wrong_kind_of_person_is_recorded(as_ann, individual, lines):
    lines.new()

    assert as_ann.get(f"/relationships/{individual.public_id}/").status_code == 403

    assert lines.new() == [("refused", named("relationship", individual), "client")]


def test_visitors_and_addresses_of_nothing_are_not(client, as_bob, ann, lines):
    lines.new()

    client.get(f"/clients/{ann.public_id}/")
    as_bob.get("/nowhere/")

    assert lines.new() == []


def test_whoever_tries_too_often_is_recorded(db, settings, lines):
    browser = Browser()
    for _ in range(40):
        if browser.post("/password/reset/", {"email": "x@mail.example"}).status_code == 429:
            break
    else:
        pytest.fail("nobody was stopped")

    assert lines.new()[-1] == ("refused", "", "visitor")


# No word of anybody's.


def test_no_entry_holds_a_word_of_anybodys(as_alice, alice, ann, ben, soon, individual):
    as_alice.post(f"/clients/{ann.public_id}/edit/", DETAILS)
    as_alice.get("/clients/", {"q": CANARY})
    as_alice.get(f"/clients/{ann.public_id}/")
    individual.end(by=alice.user, reason=EndReason.LOST_CONTACT, note=CANARY)
    authenticate(email=ann.email, password=CANARY)
    browser_of(UserFactory(email="quetzalcoatl2@mail.example")).get(f"/clients/{ann.public_id}/")

    words = repr(list(Entry.objects.values_list())).lower()
    for word in (CANARY.lower(), "ashby", "archer", "mail.example", "lost_contact"):
        assert word not in words
