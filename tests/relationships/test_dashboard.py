"""The Client Dashboard: what a client may know of their relationships, and nothing else."""

from datetime import UTC, datetime

import pytest
from django.test import Client as Browser

from clients.models import Client
from relationships.models.choices import EndReason
from tests.conftest import browser_of
from tests.factories import ClientFactory, UserFactory, reads_in, start
from tests.reading import Page, read

ENDED_AT = datetime(2025, 11, 20, 16, 12, tzinfo=UTC)
IN_MARCH = datetime(2025, 3, 4, 9, tzinfo=UTC)
NOTE = "Your relationship with Alice Archer has been ended."
BOOK = "Book a New Session.."


def dashboard(browser: Browser) -> Page:
    answer = browser.get("/dashboard/")
    assert answer.status_code == 200
    return read(answer)


def end(relationship: object, reason: str = "completed", note: str = "") -> None:
    relationship.end(by=relationship.therapist.user, reason=reason, note=note, at=ENDED_AT)


@pytest.fixture
def as_ben(ben: Client) -> Browser:
    ben.account = UserFactory(email=ben.email)
    ben.save(update_fields=["account"])
    return browser_of(ben.account)


@pytest.fixture
def relationship(ann: Client):
    """Alice's individual work with Ann, since March 2025."""
    return start(ann, at=IN_MARCH)


def test_an_active_relationship_has_a_card_without_a_note(as_ann, relationship):
    page = dashboard(as_ann)

    assert page.title == "Client Dashboard – Stillwater"
    assert page.heads[0] == "Hello, Ann"
    assert "Alice Archer Individual sessions Active" in page.text
    assert "ended" not in page.text.lower()


def test_an_ended_relationship_has_a_note_with_date_and_time(as_ann, relationship):
    end(relationship)

    page = dashboard(as_ann)

    assert "Alice Archer Individual sessions Ended" in page.text
    assert f"{NOTE} Thursday 20 November 2025 at 4:12pm, London time (GMT)" in page.text
    assert page.text.count("has been ended") == 1


def test_the_moment_is_in_the_clients_own_zone(as_ann, ann, relationship):
    reads_in(ann.account, "Asia/Kathmandu")
    end(relationship)

    page = dashboard(as_ann)

    assert "Thursday 20 November 2025 at 9:57pm, Kathmandu time (UTC+0545)" in page.text
    assert '<time datetime="2025-11-20T21:57:00+05:45">' in page.source


def test_a_summer_ending_stays_in_summer_time(as_ann, relationship):
    relationship.end(
        by=relationship.therapist.user, reason="completed", at=datetime(2025, 7, 2, 11, tzinfo=UTC)
    )

    assert "Wednesday 2 July 2025 at midday, London time (BST)" in dashboard(as_ann).text


def test_both_of_a_couple_see_the_note(as_ann, as_ben, ann, ben):
    end(start(ann, ben, at=IN_MARCH))

    assert "Couples sessions with Ben Ended" in dashboard(as_ann).text
    assert "Couples sessions with Ann Ended" in dashboard(as_ben).text
    assert NOTE in dashboard(as_ann).text
    assert NOTE in dashboard(as_ben).text


def test_nobody_outside_the_relationship_sees_the_note(as_ben, ben, relationship):
    start(ben)
    end(relationship)

    page = dashboard(as_ben)

    assert "Individual sessions Active" in page.text
    assert "ended" not in page.text.lower()


def test_restarting_takes_the_note_away(as_ann, alice, relationship):
    end(relationship)
    relationship.restart(by=alice.user)

    page = dashboard(as_ann)

    assert "has been ended" not in page.text
    assert "Individual sessions Active" in page.text


def test_undoing_takes_the_note_away(as_ann, alice, relationship):
    relationship.end(by=alice.user, reason="completed")
    relationship.undo_end(by=alice.user)

    assert "has been ended" not in dashboard(as_ann).text


def test_a_second_ending_shows_its_own_moment_only(as_ann, alice, relationship):
    end(relationship)
    relationship.restart(by=alice.user)
    relationship.end(by=alice.user, reason="other", at=datetime(2025, 12, 1, 12, tzinfo=UTC))

    page = dashboard(as_ann)

    assert "Monday 1 December 2025 at midday" in page.text
    assert "20 November" not in page.text


def test_correcting_the_reason_changes_nothing_here(as_ann, alice, relationship):
    end(relationship, "other")
    before = dashboard(as_ann).text

    relationship.correct_reason(by=alice.user, reason="lost_contact", ended_at=ENDED_AT)

    assert dashboard(as_ann).text == before


@pytest.mark.parametrize("reason", [r for r in EndReason if r != EndReason.DIED])
def test_why_it_ended_and_the_note_are_nowhere(as_ann, ann, ben, reason):
    for one in (start(ann, at=IN_MARCH), start(ann, ben, at=IN_MARCH)):
        end(one, "died", "canary-note")
        one.correct_reason(
            by=one.therapist.user, reason=reason, note="canary-two", ended_at=ENDED_AT
        )

    answer = as_ann.get("/dashboard/")

    everything = answer.content.decode() + str(answer.headers)
    assert "Ended" in everything
    assert "canary" not in everything
    assert reason.label not in everything
    assert "died" not in everything
    assert f'"{reason.value}"' not in everything


def test_every_ending_looks_the_same_but_a_death(as_ann, alice, ann):
    pages = set()
    relationship = start(ann, at=IN_MARCH)
    for reason in ("completed", "lost_contact", "not_a_fit", "therapist_ended", "no_sessions"):
        end(relationship, reason)
        pages.add(as_ann.get("/dashboard/").content)
        relationship.restart(by=alice.user)

    assert len(pages) == 1


def test_others_are_called_by_their_first_names(as_ann, alice, ann):
    people = [
        ClientFactory(therapist=alice, name="Owen Pryce-Canary", email="canary@mail.example"),
        ClientFactory(therapist=alice, name="Sian Canary", phone="canary", preferred_name="Si"),
    ]
    start(ann, *people, kind="family")

    page = dashboard(as_ann)

    assert "Family sessions with Owen and Si" in page.text
    assert "canary" not in page.source.lower()


def test_active_relationships_come_first(as_ann, ann, ben, alice):
    end(start(ann, at=IN_MARCH))
    start(ann, ben)

    page = dashboard(as_ann)

    assert page.text.index("Couples sessions") < page.text.index("Individual sessions")


# When a client has died.


def test_work_that_ended_by_death_has_no_note_and_no_invitation(as_ann, relationship):
    end(relationship, "died")

    page = dashboard(as_ann)

    assert "Alice Archer Individual sessions" in page.text
    assert "ended" not in page.source.lower().replace("-ended", "")
    assert BOOK not in page.text
    assert "tag-ended" not in page.source


def test_nothing_on_the_dashboard_of_somebody_who_died_invites_or_notes(as_ann, ann, ben):
    end(start(ann, ben, at=IN_MARCH), "completed")
    start(ann, ben, kind="family")
    end(start(ann, at=IN_MARCH), "died")

    page = dashboard(as_ann)

    assert "has been ended" not in page.text
    assert BOOK not in page.text


def test_the_partner_of_somebody_who_died_keeps_their_own_work(as_ben, ann, ben):
    start(ben)
    end(start(ann, at=IN_MARCH), "died")
    end(start(ann, ben, at=IN_MARCH), "died")

    page = dashboard(as_ben)

    assert "Individual sessions Active" in page.text
    assert "has been ended" not in page.text


def test_a_reason_corrected_to_death_takes_the_note_away(as_ann, alice, relationship):
    end(relationship, "lost_contact")
    relationship.correct_reason(by=alice.user, reason="died", ended_at=ENDED_AT)

    assert "has been ended" not in dashboard(as_ann).text


def test_a_death_corrected_brings_the_note_back(as_ann, alice, relationship):
    end(relationship, "died")
    relationship.correct_reason(by=alice.user, reason="completed", ended_at=ENDED_AT)

    assert NOTE in dashboard(as_ann).text


# Whose dashboard it is.


def test_an_account_with_two_therapists_has_a_card_for_each(as_ann, ann, carl, relationship):
    Client.objects.filter(pk=carl.pk).update(account=ann.account)
    end(start(carl, at=IN_MARCH), "completed", "canary-note")

    page = dashboard(as_ann)

    assert [head for head in page.heads if head in {"Alice Archer", "Bob Baker"}] == [
        "Alice Archer",
        "Bob Baker",
    ]
    assert "Your relationship with Bob Baker has been ended." in page.text
    assert "canary" not in page.source


def test_a_therapist_who_is_nobodys_client_is_refused(as_alice, relationship):
    assert as_alice.get("/dashboard/").status_code == 403


def test_a_therapist_who_is_a_colleagues_client_has_both(as_alice, alice, bob):
    start(ClientFactory(therapist=bob, name="Alice Archer", account=alice.user))

    assert "Bob Baker Individual sessions Active" in dashboard(as_alice).text
    assert as_alice.get("/clients/").status_code == 200


def test_an_account_without_a_therapist_is_told_so(db):
    page = dashboard(browser_of(UserFactory()))

    assert page.heads == ["Hello", "You have no therapist here yet"]


def test_who_lost_their_access_sees_nothing_any_more(as_ann, ann, relationship):
    Client.objects.filter(pk=ann.pk).update(account=None)

    page = dashboard(as_ann)

    assert "Alice Archer" not in page.text


def test_the_number_of_queries_does_not_grow_with_the_cards(
    as_ann, ann, ben, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    numbers = []
    for _ in range(3):
        start(ann)
        end(start(ann, ben, at=IN_MARCH))
        with CaptureQueriesContext(connection) as captured:
            dashboard(as_ann)
        numbers.append(len(captured))

    assert len(set(numbers)) == 1
