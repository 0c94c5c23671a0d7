"""The page on which a therapist ends a relationship, and what stands on the page after it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from relationships.models import Kind
from tests.conftest import browser_of
from tests.factories import ClientFactory, history_of, reads_in, row_of, start
from tests.reading import Page, read

AT_4_12 = datetime(2025, 11, 20, 16, 12, tzinfo=UTC)
MOMENT = "Thursday 20 November 2025 at 4:12pm"


def address(relationship: object) -> str:
    return f"/relationships/{relationship.public_id}/end/"


@pytest.fixture
def look(as_alice):
    """Open the End page of a relationship."""
    return lambda relationship: read(as_alice.get(address(relationship)))


@pytest.fixture
def confirm(as_alice):
    """Confirm an ending, and read the page that follows."""

    def confirm(relationship: object, reason: str = "completed", note: str = "") -> Page:
        return read(
            as_alice.post(address(relationship), {"reason": reason, "note": note}, follow=True)
        )

    return confirm


# Before the click.


def test_the_page_says_what_it_is_about(look, ann):
    page = look(start(ann, at=datetime(2025, 3, 4, 9, tzinfo=UTC)))

    assert page.title == "End this Relationship – AA – Stillwater"
    assert page.heads[0] == "End this Relationship"
    assert "Individual relationship with Ann Ashby, started 4 March 2025" in page.text
    assert "Confirm End of Relationship Go back without ending" in page.text


def test_opening_the_page_ends_nothing(look, individual):
    look(individual)

    assert history_of(individual) == ["started"]


def test_the_reasons_stand_in_three_groups_and_none_is_chosen(look, individual):
    page = look(individual)

    groups = [a["label"] for tag, a in page.tags if tag == "optgroup"]
    options = [a for tag, a in page.tags if tag == "option"]
    assert groups == ["Planned", "Unplanned", "Administrative"]
    assert [option["value"] for option in options] == [
        "",
        "completed",
        "agreed_limit",
        "referred_on",
        "client_stopped",
        "lost_contact",
        "circumstances",
        "not_a_fit",
        "therapist_ended",
        "died",
        "no_sessions",
        "other",
    ]
    assert [o["value"] for o in options if "selected" in o] in ([""], [])


def test_a_client_without_other_work_will_leave_the_list(look, individual):
    page = look(individual)

    assert "Ann leaves your Clients list, unless you tick ‘Include inactive clients’." in page.text
    assert "stays in your Clients list" not in page.text


def test_a_couple_will_leave_the_list(look, couples):
    assert "Ann and Ben leave your Clients list, unless" in look(couples).text


def test_a_client_with_other_work_will_stay(look, individual, couples):
    page = look(individual)

    assert (
        "Ann stays in your Clients list, because your Couples relationship is active." in page.text
    )
    assert "leaves your Clients list" not in page.text


def test_several_others_are_all_named(look, alice, ann, ben, individual):
    start(ann, ben, at=datetime(2024, 1, 1, tzinfo=UTC))
    start(ann, ben, kind="family", at=datetime(2024, 1, 2, tzinfo=UTC))

    page = look(individual)

    assert "because your Couples and Family relationships are active." in page.text


def test_those_of_a_group_who_stay_are_one_line(look, alice):
    names = ("Ada Hart", "Bo Ito", "Cleo Jones", "Dan Klein")
    people = [ClientFactory(therapist=alice, name=name) for name in names]
    for person in people:
        start(person)

    page = look(start(*people, kind=Kind.GROUP))

    who = "Ada, Bo, Cleo and Dan"
    assert f"{who} stay in your Clients list, because other relationships with them" in page.text
    assert "stays in your Clients list" not in page.text


def test_of_a_couple_one_may_leave_and_one_stay(look, individual, couples):
    page = look(couples)

    assert "Ben leaves your Clients list, unless" in page.text
    assert (
        "Ann stays in your Clients list, because your Individual relationship is active."
        in page.text
    )


def test_ended_other_work_keeps_nobody(look, alice, individual, couples):
    couples.end(by=alice.user, reason="completed")

    assert "Ann leaves your Clients list, unless" in look(individual).text


def test_a_colleagues_work_keeps_nobody(look, individual, carl):
    start(carl)

    assert "Ann leaves your Clients list, unless" in look(individual).text


def test_the_page_promises_that_nothing_else_happens(look, individual):
    page = look(individual)

    for promise in (
        "Ann is not notified, and can still book with you.",
        "Your profile stats, retention rate and badges stay the same.",
        "You can restart the relationship at any time.",
    ):
        assert promise in page.text


def test_the_figures_are_not_in_the_sentence_about_them(look, individual):
    assert "badges stay the same. You can restart" in look(individual).text


def test_the_page_shows_the_very_note_folded(individual, alice):
    with time_machine.travel(AT_4_12, tick=False):
        page = read(browser_of(alice.user).get(address(individual)))

    assert "The note Ann will see If they log in, their Client Dashboard shows:" in page.text
    assert "Your relationship with Alice Archer has been ended." in page.text
    assert MOMENT in page.text
    folds = [a for tag, a in page.tags if tag == "details"]
    assert len(folds) == 2
    assert not any("open" in fold for fold in folds)


def test_the_note_names_the_kind_where_the_dashboard_would(look, as_alice, as_ann, ann, ben):
    individual, couples = start(ann), start(ann, ben)
    note = "Your Couples relationship with Alice Archer has been ended."

    assert note in look(couples).text
    assert "Your Individual relationship with" in look(individual).text
    as_alice.post(address(couples), {"reason": "completed"})
    assert note in read(as_ann.get("/dashboard/")).text


def test_the_note_names_no_kind_where_whoever_has_several_sees_none(look, alice, ann, ben):
    start(ben)

    assert "Your relationship with Alice Archer" in look(start(ann, ben)).text


def test_of_a_client_without_access_nothing_is_said_of_booking_or_a_note(look, ben):
    page = look(start(ben))

    assert "Ben is not notified. Your profile stats" in page.text
    assert "book" not in page.text[page.text.index("What happens next") :]
    assert "will see" not in page.text


def test_of_a_couple_each_line_is_about_those_it_applies_to(look, ann, ben):
    page = look(start(ann, ben))

    assert "Ann is not notified, and can still book with you. Ben is not notified." in page.text
    assert "The note Ann will see" in page.text


def test_a_preferred_name_is_used(look, alice):
    person = ClientFactory(therapist=alice, name="Elizabeth Ek", preferred_name="Betty")

    assert "Betty leaves your Clients list, unless" in look(start(person)).text


# Refused.


@pytest.mark.parametrize("reason", ["", "nonsense", "Work completed", "COMPLETED", "\x00"])
def test_without_a_reason_nothing_ends_and_what_was_typed_stays(as_alice, individual, reason):
    answer = as_alice.post(address(individual), {"reason": reason, "note": "Well <b>done</b>."})

    page = read(answer)
    assert answer.status_code == 422
    assert page.title == "Error: End this Relationship – AA – Stillwater"
    assert page.heads[0] == "There is a problem"
    assert page.text.count("Select a reason for ending the relationship") == 2
    assert ("#id_reason", "Select a reason for ending the relationship") in page.links
    assert "Well &lt;b&gt;done&lt;/b&gt;.</textarea>" in page.source
    assert row_of(individual)["status"] == "active"


def test_no_reason_at_all_is_refused_too(as_alice, individual):
    answer = as_alice.post(address(individual), {})

    assert answer.status_code == 422
    assert history_of(individual) == ["started"]


def test_a_note_that_is_too_long_is_refused_and_kept(as_alice, individual):
    note = "x" * 2001

    answer = as_alice.post(address(individual), {"reason": "completed", "note": note})

    page = read(answer)
    assert answer.status_code == 422
    assert page.text.count("The note must be 2000 characters or fewer. It has 2001") == 2
    assert note in page.source
    assert '<option value="completed" selected>' in page.source
    assert '<details class="fold" open>' in page.source
    assert history_of(individual) == ["started"]


def test_a_note_may_have_2000_characters(as_alice, individual):
    as_alice.post(address(individual), {"reason": "completed", "note": "é" * 2000})

    assert row_of(individual)["note"] == "é" * 2000


def test_a_line_break_is_one_character_as_in_the_browser(as_alice, individual):
    note = "x" * 999 + "\r\n" + "x" * 1000

    answer = as_alice.post(address(individual), {"reason": "completed", "note": note})

    assert answer.status_code == 303


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\x7f"], ids=ascii)
def test_a_note_without_control_characters(as_alice, individual, character):
    answer = as_alice.post(address(individual), {"reason": "other", "note": f"a{character}b"})

    assert answer.status_code == 422
    assert '<option value="other" selected>' in answer.content.decode()
    assert history_of(individual) == ["started"]


def test_a_note_loses_what_pasting_brings(as_alice, individual):
    sent = {"reason": "other", "note": "\u200bone \u202etwo\u202c\u2028three"}

    as_alice.post(address(individual), sent)

    assert row_of(individual)["note"] == "one two\nthree"


def test_a_note_may_have_lines_tabs_and_every_script(as_alice, individual):
    note = "First\n\tSecond. Олена, 李美玲 🙂"

    as_alice.post(address(individual), {"reason": "other", "note": note})

    assert row_of(individual)["note"] == note


def test_the_press_asks_for_nothing_that_only_its_page_shows(as_alice, individual):
    with CaptureQueriesContext(connection) as asked:
        as_alice.post(address(individual), {"reason": "completed"})

    read_from = re.findall(r'SELECT (?:(?!FROM).)* FROM "(\w+)"', " ".join(q["sql"] for q in asked))
    assert {"profiles_clientvisit", "relationships_participation"}.isdisjoint(read_from)
    assert history_of(individual) == ["started", "ended"]


def test_a_refused_form_costs_what_its_page_costs(as_alice, alice, django_assert_num_queries):
    group = start(*ClientFactory.create_batch(5, therapist=alice), kind="group")
    as_alice.get(address(group))
    with CaptureQueriesContext(connection) as shown:
        as_alice.get(address(group))

    with django_assert_num_queries(len(shown)):
        as_alice.post(address(group), {"shown": ""})


# After the click.


def test_a_client_who_left_the_list(confirm, individual):
    page = confirm(individual)

    assert page.heads[:2] == ["Relationship ended", "Individual relationship"]
    assert page.title == "Individual relationship (ended) – AA – Stillwater"
    assert (
        "Ann Ashby no longer appears in your Clients list, unless you tick "
        "‘Include inactive clients’. Ann has not been notified. Ended by mistake? Undo" in page.text
    )
    assert f"/relationships/{individual.public_id}/restart/" in page.addresses
    assert address(individual) not in page.addresses


def test_a_couple_who_left_the_list(confirm, couples):
    page = confirm(couples)

    assert "Ann Ashby and Ben Bright no longer appear in your Clients list" in page.text
    assert "Ann and Ben have not been notified." in page.text


def test_a_client_who_stayed(confirm, individual, couples):
    page = confirm(individual)

    assert (
        "Ann Ashby stays in your Clients list, because your Couples relationship is active."
        in page.text
    )
    assert "no longer" not in page.text


def test_a_couple_of_whom_one_stayed(confirm, individual, couples):
    page = confirm(couples)

    assert "Ben Bright no longer appears in your Clients list" in page.text
    assert "Ann Ashby stays in your Clients list, because your Individual" in page.text


def test_the_facts_say_when_and_why(confirm, individual):
    page = confirm(individual, "lost_contact", "Called\ntwice.")

    assert "Reason Lost contact (only you can see this)" in page.text
    assert "Private note Called twice." in page.text
    assert "Ann Ashby Inactive" in page.text
    assert "Relationship ended by you" in page.text
    assert "Reason: Lost contact" in page.text


def test_the_moment_is_the_servers_in_the_readers_zone(as_alice, alice, ann):
    with time_machine.travel(AT_4_12 - timedelta(days=9), tick=False):
        relationship = start(ann)
    with time_machine.travel(AT_4_12, tick=False):
        as_alice.force_login(alice.user)
        as_alice.post(address(relationship), {"reason": "completed"})
        here = read(as_alice.get(f"/relationships/{relationship.public_id}/"))
        reads_in(alice.user, "Asia/Tokyo")
        there = read(as_alice.get(f"/relationships/{relationship.public_id}/"))

    assert row_of(relationship)["ended_at"] == AT_4_12
    assert f"Ended {MOMENT}" in here.text
    assert "Ended Friday 21 November 2025 at 1:12am" in there.text
    assert '<time datetime="2025-11-20T16:12:00+00:00">' in here.source
    assert '<time datetime="2025-11-21T01:12:00+09:00">' in there.source


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_had_already_ended_says_when(as_alice, alice, ann, method):
    with time_machine.travel(AT_4_12 - timedelta(days=9), tick=False):
        relationship = start(ann)
    with time_machine.travel(AT_4_12, tick=False):
        relationship.end(by=alice.user, reason="completed")

    answer = getattr(as_alice, method)(address(relationship))

    assert (answer.status_code, answer.url) == (303, f"/relationships/{relationship.public_id}/")
    page = read(as_alice.get(answer.url))
    assert f"This relationship had already ended It ended on {MOMENT} (London time)." in page.text
    assert "banner-note" in page.source
    assert history_of(relationship) == ["started", "ended"]


def test_a_second_click_with_another_reason_changes_nothing(as_alice, individual):
    as_alice.post(address(individual), {"reason": "completed"})
    before = row_of(individual)

    answer = as_alice.post(address(individual), {"reason": "other", "note": "Second."})

    assert answer.status_code == 303
    assert row_of(individual) == before


def test_the_list_right_after_it_says_that_one_is_hidden(confirm, as_alice, individual, ben):
    start(ben)
    confirm(individual)

    page = read(as_alice.get("/clients/"))

    assert "Showing 1 client. 1 inactive client is hidden." in page.text
    assert "Ann Ashby" not in page.text


# The relationship page.


def test_other_relationships_of_its_people_are_listed(as_alice, alice, individual, couples, carl):
    start(carl)
    couples.end(by=alice.user, reason="completed")

    page = read(as_alice.get(f"/relationships/{individual.public_id}/"))

    assert "Other relationships with Ann" in page.heads
    assert (f"/relationships/{couples.public_id}/", "Couples") in page.links
    assert "Couples Ended Ann Ashby and Ben Bright" in page.text
    assert "Carl" not in page.text


def test_there_is_no_list_of_others_where_there_are_none(as_alice, individual):
    page = read(as_alice.get(f"/relationships/{individual.public_id}/"))

    assert not any(head.startswith("Other relationships") for head in page.heads)


def test_the_history_runs_from_the_newest_to_the_oldest(as_alice, alice, ann):
    relationship = start(ann, at=datetime(2025, 3, 4, 9, tzinfo=UTC))
    with time_machine.travel(AT_4_12, tick=False):
        relationship.end(by=alice.user, reason="other", note="First.")
        relationship.undo_end(by=alice.user)
    with time_machine.travel(AT_4_12 + timedelta(days=1), tick=False):
        relationship.end(by=alice.user, reason="completed")
        relationship.restart(by=alice.user)

    page = read(as_alice.get(f"/relationships/{relationship.public_id}/"))

    kinds = ["restarted by you", "ended by you", "Ending undone by you", "ended by you", "started"]
    history = page.text[page.text.index("History") :]
    places = []
    for kind in kinds:
        places.append(history.index(kind, places[-1] + 1 if places else 0))
    assert places == sorted(places)
    assert f"Relationship ended by you {MOMENT}. Reason: Another reason First." in history
    assert "Relationship started Tuesday 4 March 2025 at 9am" in history


def test_the_breadcrumb_leads_to_where_the_client_can_be_seen(as_alice, alice, individual):
    place = f"/relationships/{individual.public_id}/"
    assert read(as_alice.get(place)).links[0] == ("/clients/", "Clients")

    individual.end(by=alice.user, reason="completed")

    assert read(as_alice.get(place)).links[0] == ("/clients/?include=inactive", "Clients")


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
def test_what_is_typed_is_never_markup(as_alice, alice, text):
    person = ClientFactory(therapist=alice, name=text, preferred_name=text[:60], phone=text[:40])
    relationship = start(person)
    as_alice.post(address(relationship), {"reason": "other", "note": text})

    for place in (
        f"/relationships/{relationship.public_id}/",
        f"/relationships/{relationship.public_id}/restart/",
        f"/relationships/{relationship.public_id}/reason/",
        f"/clients/{person.public_id}/",
        f"/clients/{person.public_id}/edit/",
        f"/clients/{person.public_id}/relationships/",
        f"/clients/{person.public_id}/relationships/add/",
        "/clients/?include=inactive",
    ):
        source = as_alice.get(place).content.decode()
        assert text not in source
        assert "alert(1)" in source or "reason" in place or "/add/" in place or "restart" in place
