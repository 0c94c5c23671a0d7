"""One person leaves a couple, a family or a group, or joins it, with a date."""

import pytest
import time_machine
from django.db import IntegrityError, transaction

from clients.models import Client
from practice.diary.models import Session
from practice.profiles.figures import figures, visits_of
from practice.profiles.settling import settle
from practice.profiles.stats import tallies
from practice.records.erasure import erase
from practice.records.export_client import export_client
from practice.records.merging import merge
from relationships.caseload.figures import Caseload
from relationships.models import Kind, Participation, Relationship, read_people
from relationships.models.sealed_history import faults
from tests.diary import DAY, HOUR, NOW, WEDNESDAY, book, browser_for
from tests.factories import ClientFactory, counters_of, history_of, start
from tests.profiles.agreement import agree
from tests.reading import read, sent_by


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cleo(alice) -> Client:
    return ClientFactory(therapist=alice, name="Cleo Cole")


@pytest.fixture
def family(ann, ben, cleo) -> Relationship:
    return start(ann, ben, cleo, at=NOW - 100 * DAY)


def as_now(work: Relationship) -> Relationship:
    return Relationship.objects.with_last_event().with_people().get(pk=work.pk)


def leave(work: Relationship, person: Client, at=NOW, kind: str = "") -> Relationship:
    as_now(work).leave(person=person, by=work.therapist.user, at=at, kind=kind or work.kind)
    return as_now(work)


def join(work: Relationship, person: Client, at=NOW, kind: str = "") -> Relationship:
    as_now(work).join(person=person, by=work.therapist.user, at=at, kind=kind or work.kind)
    return as_now(work)


def send(browser, work: Relationship, what: str, **typed: str):
    place = f"/relationships/{work.public_id}/{what}/"
    return browser.post(place, sent_by(browser.get(place), "shown") | typed)


# What it means.


def test_past_sessions_stay_theirs_and_those_to_come_do_not(family, ann, ben, cleo, alice):
    past, coming = book(family, NOW - 2 * DAY), book(family, WEDNESDAY)

    leave(family, cleo)

    assert [*Session.objects.of_clients([cleo])] == [past]
    assert [*Session.objects.of_clients([ann]).order_by("starts_at")] == [past, coming]
    assert Session.objects.get(pk=past.pk).people == [ann, ben, cleo]
    assert Session.objects.get(pk=coming.pk).people == [ann, ben]
    assert as_now(family).people == [ann, ben]
    assert as_now(family).left == [(cleo, NOW)]
    assert Session.objects.get(pk=coming.pk).state == "booked"


@pytest.mark.database
def test_the_history_says_who_and_when_and_is_sealed(family, cleo, alice, as_alice):
    leave(family, cleo, NOW - DAY)
    join(family, cleo, NOW - HOUR)

    assert history_of(family) == ["started", "left", "joined"]
    assert list(faults(alice.pk)) == []
    page = read(as_alice.get(f"/relationships/{family.public_id}/"))
    assert "Cleo Cole left, noted by you Wednesday 19 November 2025 at 10am" in page.text
    assert "Cleo Cole joined, noted by you" in page.text
    with pytest.raises(IntegrityError), transaction.atomic():
        family.events.filter(kind="left").update(client=family.people[0])


def test_whoever_has_left_is_active_only_by_other_work(family, ann, cleo, alice):
    start(ann)
    leave(family, cleo)

    assert counters_of(ann, cleo) == [2, 0]
    assert not Client.objects.active().filter(pk=cleo.pk).exists()
    join(family, cleo)
    assert counters_of(cleo) == [1]


def test_ending_and_restarting_move_the_counters_of_those_who_stay(family, ann, cleo, alice):
    work = leave(family, cleo)

    work.end(by=alice.user, reason="completed")
    assert counters_of(ann, cleo) == [0, 0]
    work.restart(by=alice.user)
    assert counters_of(ann, cleo) == [1, 0]


def test_merged_records_are_one_person_who_leaves(family, cleo, alice):
    again = ClientFactory(therapist=alice)
    merge(cleo, into=again, by=alice.user)
    assert counters_of(cleo, again) == [1, 1]

    leave(family, again)

    assert counters_of(cleo, again) == [0, 0]


def test_a_couple_goes_on_as_individual_work_and_can_be_joined_again(couples, ann, ben):
    work = leave(couples, ben, kind=Kind.INDIVIDUAL)
    assert (work.kind, work.people, work.events.latest("pk").goes_on_as) == (
        *("individual", [ann]),
        "individual",
    )

    work = join(work, ben, kind=Kind.COUPLES)
    assert (work.kind, work.people) == ("couples", [ann, ben])


@pytest.mark.parametrize("at", [NOW - 101 * DAY, NOW + HOUR])
def test_nobody_leaves_before_the_work_began_or_in_the_future(family, cleo, at):
    with pytest.raises(Relationship.Impossible):
        leave(family, cleo, at)
    with pytest.raises(Relationship.Impossible):
        join(family, ClientFactory(therapist=family.therapist), at)


def test_what_remains_fits_a_kind(couples, ben):
    with pytest.raises(Relationship.Impossible):
        leave(couples, ben)
    with pytest.raises(Relationship.Impossible):
        join(couples, ClientFactory(therapist=couples.therapist))
    assert history_of(couples) == ["started"]


@pytest.mark.database
def test_somebody_joins_again_only_after_they_left(family, cleo):
    with pytest.raises(Relationship.AlreadyDone):
        join(family, cleo)
    leave(family, cleo, NOW - DAY)
    with pytest.raises(Relationship.Impossible):
        join(family, cleo, NOW - 2 * DAY)
    with pytest.raises(Relationship.AlreadyDone):
        leave(family, cleo)


@pytest.mark.database
def test_nobody_takes_part_twice_whatever_code_writes(family, ann, alice):
    with pytest.raises(IntegrityError), transaction.atomic():
        Participation.objects.create(therapist=alice, relationship=family, client=ann)


@pytest.mark.database
def test_of_two_who_leave_at_once_by_pages_of_before_one_wins(family, ann, ben, cleo):
    one, other = as_now(family), as_now(family)
    by = family.therapist.user
    one.leave(person=cleo, by=by, at=NOW, kind=one.kind, if_unchanged=True)

    with pytest.raises(Relationship.Changed):
        other.leave(person=ben, by=by, at=NOW, kind=other.kind, if_unchanged=True)
    assert as_now(family).people == [ann, ben]


@pytest.mark.database
def test_an_ending_at_the_same_time_wins_or_is_shown_what_happened(family, cleo, alice):
    leaving, ending = as_now(family), as_now(family)
    leaving.leave(person=cleo, by=alice.user, at=NOW, kind=leaving.kind, if_unchanged=True)
    with pytest.raises(Relationship.Changed):
        ending.end(by=alice.user, reason="completed", if_unchanged=True)

    ending = as_now(family)
    ending.end(by=alice.user, reason="completed", if_unchanged=True)
    with pytest.raises(Relationship.AlreadyDone):
        leave(family, family.people[0])


# Figures.


def test_leaving_moves_no_figure(family, couples, ann, cleo, alice):
    for days in (60, 50, 40):
        book(family, NOW - days * DAY).set_attendance(attended=True)
    Session.objects.update(booked_at=NOW - 61 * DAY)
    book(family, WEDNESDAY)
    settle(alice)
    before = (figures(alice, NOW), tallies(visits_of(alice), NOW))

    leave(family, cleo)

    assert (figures(alice, NOW), tallies(visits_of(alice), NOW)) == before
    agree(NOW)
    agree(WEDNESDAY + DAY)


def test_what_others_attend_afterwards_or_did_before_is_not_theirs(family, ann, cleo, alice):
    leave(family, cleo, NOW - 30 * DAY)
    late = ClientFactory(therapist=alice)
    join(family, late, NOW - 20 * DAY)
    for days in (40, 25, 10):
        book(family, NOW - days * DAY).set_attendance(attended=True)

    of = {tally.client: tally.attended for tally in tallies(visits_of(alice), NOW)}

    assert (of[ann.pk], of[cleo.pk], of[late.pk]) == (3, 1, 1)
    settle(alice)
    agree(NOW)


def test_a_session_that_is_corrected_to_after_they_left_is_asked_about_anew(family, cleo, alice):
    session = book(family, NOW - 5 * DAY)
    session.set_attendance_of([cleo], attended=True)
    session.set_attendance_of(family.people[:2], attended=False)
    leave(family, cleo, NOW - 3 * DAY)
    session = Session.objects.get(pk=session.pk)

    session.correct_time(starts_at=NOW - 2 * DAY, length=HOUR, by=alice.user)

    assert (session.state, session.number_missed, session.attendances.count()) == ("booked", 0, 0)
    agree(NOW)


def said(session: Session) -> tuple[str, int, list[bool]]:
    """Return what is said of a session, in all and of each of those who take part."""
    now = Session.objects.get(pk=session.pk)
    own = now.attendances.order_by("participation").values_list("came", flat=True)
    return now.state, now.number_missed, [*own]


def test_who_left_is_not_among_those_who_missed_it(as_alice, family, ann, ben, cleo):
    missed, of_others = book(family, NOW - DAY), book(family, NOW - DAY + 2 * HOUR)
    missed.set_attendance_of([ann, ben], attended=True)
    missed.set_attendance_of([cleo], attended=False)
    of_others.set_attendance_of([ann, ben], attended=True)

    send(as_alice, family, "leave", who=cleo.public_id, day="2025-11-18")

    assert said(missed) == said(of_others) == ("attended", 0, [])
    assert "1 missed" not in read(as_alice.get(f"/sessions/{missed.public_id}/")).text
    agree(NOW)


def test_nobody_leaves_before_a_session_of_which_only_they_are_said_to_have_come(
    as_alice, family, cleo
):
    session = book(family, NOW - DAY)
    session.set_attendance_of([cleo], attended=True)

    answer = send(as_alice, family, "leave", who=cleo.public_id, day="2025-11-18")

    assert answer.status_code == 422
    assert "Cleo came on Wednesday 19 November, 10am" in read(answer).text
    assert said(session) == ("booked", 0, [True])


def test_whoever_joins_earlier_has_come_to_nothing_until_somebody_says_so(
    as_alice, family, ann, ben, cleo, alice
):
    all_came, nobody, some, before = (book(family, NOW - days * DAY) for days in (2, 3, 4, 9))
    for session, came in ((all_came, True), (nobody, False), (some, True), (before, True)):
        session.set_attendance(attended=came)
    some.set_attendance_of([cleo], attended=False)

    send(as_alice, family, "join", name="Nadia Noor", day="2025-11-13", time="10:00")

    assert said(all_came) == ("booked", 0, [True, True, True])
    assert said(nobody) == ("booked", 3, [False, False, False])
    assert said(some) == ("booked", 1, [True, True, False])
    assert said(before) == ("attended", 0, [])
    late = Client.objects.get(name="Nadia Noor")
    assert not [
        one for one in tallies(visits_of(alice), NOW) if one.client == late.pk and one.attended
    ]
    agree(NOW)
    for session, came in ((all_came, False), (nobody, False), (some, True)):
        Session.objects.get(pk=session.pk).set_attendance_of([late], attended=came)
    assert said(all_came) == ("attended", 1, [True, True, True, False])
    assert said(nobody) == ("missed", 0, [])
    assert said(some) == ("attended", 1, [True, True, False, True])


def test_all_came_is_not_said_of_whoever_has_joined_since_the_page(as_alice, family):
    session = book(family, NOW - 2 * DAY)
    page = f"/sessions/{session.public_id}/"
    pressed = {"shown": Session.objects.get(pk=session.pk).shown, "attended": "yes"}
    send(as_alice, family, "join", name="Nadia Noor", day="2025-11-13", time="10:00")

    answer = as_alice.post(f"{page}attendance/", pressed)

    assert answer.status_code == 409
    assert said(session) == ("booked", 0, [])


def test_a_session_corrected_to_when_somebody_else_took_part_asks_who_came(family, cleo, alice):
    late = ClientFactory(therapist=alice)
    leave(family, cleo, NOW - 5 * DAY)
    join(family, late, NOW - 3 * DAY)
    all_came, one_said = book(family, NOW - 4 * DAY), book(family, NOW - 6 * DAY)
    all_came.set_attendance(attended=True)
    one_said.set_attendance_of([cleo], attended=True)

    for session, starts_at in ((all_came, NOW - 2 * DAY), (one_said, NOW - DAY)):
        now = Session.objects.get(pk=session.pk)
        now.correct_time(starts_at=starts_at, length=HOUR, by=alice.user)

    assert said(all_came) == said(one_said) == ("booked", 0, [])


def test_the_caseload_counts_them_while_they_take_part(family, ann, cleo, alice):
    leave(family, cleo, NOW - 40 * DAY)

    assert [point.clients for point in Caseload(alice, NOW).months] == [3, 3, 2, 2]


# What others know.


def test_the_dashboard_of_who_left_says_so_with_date_and_time(family, ann, cleo, alice):
    coming = book(family, WEDNESDAY)
    for person in (cleo, ann):
        person.refresh_from_db()
    browser, other = browser_for(cleo), browser_for(ann)
    leave(family, cleo, NOW - HOUR)
    late = ClientFactory(therapist=alice, name="Late Comer")
    join(family, late)

    page = read(browser.get("/dashboard/"))
    assert "You left the relationship with Alice Archer." in page.text
    assert "Thursday 20 November 2025 at 9am" in page.text
    assert "Book a New Session.." not in page.text
    assert "with Ann and Ben" in page.text
    assert "Late" not in page.text
    assert "Next session" not in page.text
    assert browser.get(f"/sessions/{coming.public_id}/").status_code == 404
    assert browser.get(f"/book/{family.public_id}/").status_code == 404
    page = read(other.get("/dashboard/"))
    assert "left" not in page.text
    assert "with Ben and Late" in page.text


def test_who_joined_sees_nothing_of_before(family, alice):
    past, coming = book(family, NOW - 2 * DAY), book(family, WEDNESDAY)
    late = ClientFactory(therapist=alice, name="Late Comer")
    join(family, late)

    late.refresh_from_db()
    browser = browser_for(late)
    assert browser.get(f"/sessions/{past.public_id}/").status_code == 404
    assert browser.get(f"/sessions/{coming.public_id}/").status_code == 200


def test_the_archive_has_their_own_sessions_and_who_joined_or_left(family, cleo, ann, alice):
    past = book(family, NOW - 2 * DAY)
    leave(family, cleo, NOW - HOUR)
    book(family, WEDNESDAY)

    (work,) = export_client(cleo, NOW)["relationships"]
    assert [one["id"] for one in work["sessions"]] == [past.public_id]
    assert work["stays"] == [{"joined_at": None, "left_at": NOW - HOUR}]
    assert (work["history"][-1]["who"], work["history"][-1]["goes_on_as"]) == ("client", "")
    (work,) = export_client(ann, NOW)["relationships"]
    assert (len(work["sessions"]), work["history"][-1]["who"]) == (2, "Cleo")


def test_the_archive_says_as_what_the_work_goes_on(couples, ann, ben):
    leave(couples, ben, kind=Kind.INDIVIDUAL)

    (work,) = export_client(ann, NOW)["relationships"]
    assert (work["history"][-1]["who"], work["history"][-1]["goes_on_as"]) == ("Ben", "individual")
    assert work["kind"]["key"] == "individual"


def test_the_clients_list_says_that_they_left(family, cleo, as_alice):
    leave(family, cleo)

    listed = read(as_alice.get("/clients/?include=inactive"))
    assert "left 20 November 2025" in listed.text
    listed = read(as_alice.get("/clients/"))
    assert "Cleo" not in listed.text


@pytest.mark.parametrize("tab", ["", "relationships/", "sessions/"])
def test_the_page_of_whoever_left_says_so_and_not_that_the_work_has_ended(
    family, cleo, as_alice, tab
):
    leave(family, cleo)

    page = read(as_alice.get(f"/clients/{cleo.public_id}/{tab}"))

    said = "Cleo left the Family relationship on Thursday 20 November 2025 at 10am (London time)."
    assert f"{said} Cleo is hidden from your Clients list" in page.text
    assert "have ended" not in page.text


def test_the_article_says_of_whoever_left_that_they_can_join_again(family, cleo, as_alice):
    leave(family, cleo)

    page = read(as_alice.post("/help/cant-spot-a-client/", {"name": "Cleo"}))

    assert "Cleo Cole is hidden, because Cleo left the Family relationship on Thursday" in page.text
    assert "and they can join again from their Relationships." in page.text


def test_of_whoever_left_one_work_while_another_ended_both_are_said(family, cleo, alice, as_alice):
    start(cleo, at=NOW - 50 * DAY).end(by=alice.user, reason="completed")
    leave(family, cleo)

    page = read(as_alice.get(f"/clients/{cleo.public_id}/"))

    assert "(London time), and everything else with Cleo has ended. Cleo is hidden" in page.text


def test_of_whoever_left_what_has_ended_since_it_is_said_that_all_has_ended(
    family, cleo, alice, as_alice
):
    leave(family, cleo)
    as_now(family).end(by=alice.user, reason="completed")

    page = read(as_alice.get(f"/clients/{cleo.public_id}/"))

    assert "All relationships with Cleo have ended. Cleo is hidden" in page.text


def test_whoever_left_can_be_erased_while_the_others_go_on(family, ann, cleo, alice, as_alice):
    book(family, NOW - 2 * DAY)
    leave(family, cleo)

    erase(cleo, by=alice.user)

    work = as_now(family)
    assert (work.status, work.is_closed, work.people[0]) == ("active", False, ann)
    assert as_alice.get(f"/relationships/{family.public_id}/").status_code == 200


# The pages.


def test_as_many_join_as_can_begin_together(as_alice, alice, cleo):
    group = start(*ClientFactory.create_batch(20, therapist=alice), kind=Kind.GROUP)

    answer = send(as_alice, group, "join", name="Cleo Cole", day="2025-11-20", time="09:00")

    assert answer.status_code == 422
    assert "20 people take part, and more cannot" in read(answer).text
    page = read(as_alice.get(f"/relationships/{group.public_id}/"))
    assert "and 17 others" in page.text


def test_the_page_notes_who_leaves(as_alice, family, cleo):
    answer = send(as_alice, family, "leave", who=cleo.public_id)

    assert answer.status_code == 303
    page = read(as_alice.get(answer.url))
    assert "Cleo Cole, left 20 November 2025" in page.text
    assert as_now(family).left == [(cleo, NOW)]


def test_a_couple_asks_what_becomes_of_it(as_alice, couples, ben):
    answer = send(as_alice, couples, "leave", who=ben.public_id)
    assert answer.status_code == 422
    assert "Choose what becomes of the relationship" in read(answer).text

    answer = send(as_alice, couples, "leave", who=ben.public_id, then="end")
    assert answer.url == f"/relationships/{couples.public_id}/end/"
    assert history_of(couples) == ["started"]

    send(as_alice, couples, "leave", who=ben.public_id, then="individual")
    assert as_now(couples).kind == "individual"


def test_leaving_before_a_session_that_they_came_to_is_refused(as_alice, family, cleo):
    session = book(family, NOW - DAY)
    session.set_attendance(attended=True)

    answer = send(as_alice, family, "leave", who=cleo.public_id, day="2025-11-18")
    assert answer.status_code == 422
    assert "Cleo came on Wednesday 19 November, 10am" in read(answer).text

    session.set_attendance_of([cleo], attended=False)
    assert send(as_alice, family, "leave", who=cleo.public_id, day="2025-11-18").status_code == 303


@pytest.mark.parametrize("then", ["", "individual"])
def test_a_second_click_notes_once_who_leaves_and_says_the_same(
    as_alice, couples, family, cleo, ben, then
):
    work, who = (couples, ben) if then else (family, cleo)
    place = f"/relationships/{work.public_id}/leave/"
    sent = sent_by(as_alice.get(place), "shown") | {"who": who.public_id, "then": then}

    answers = [as_alice.post(place, sent) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    page = read(as_alice.get(answers[1].url))
    assert "Who left keeps the sessions until then." in page.text
    assert history_of(work) == ["started", "left"]


@pytest.mark.parametrize("typed", ["Nadia Noor", "Cleo Cole"])
def test_a_second_click_notes_once_who_joins(as_alice, couples, cleo, typed):
    place = f"/relationships/{couples.public_id}/join/"
    sent = sent_by(as_alice.get(place), "shown") | {"name": typed, "kind": "family"}
    sent |= {"who": cleo.public_id} if typed == cleo.name else {}

    answers = [as_alice.post(place, sent) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert "Sessions from then on are theirs, too." in read(as_alice.get(answers[1].url)).text
    assert history_of(couples) == ["started", "joined"]
    assert Client.objects.filter(name=typed).count() == 1


def test_another_who_leaves_by_the_same_old_page_is_no_second_click(as_alice, family, ann, cleo):
    place = f"/relationships/{family.public_id}/leave/"
    sent = sent_by(as_alice.get(place), "shown") | {"who": cleo.public_id}
    as_alice.post(place, sent)

    assert as_alice.post(place, sent | {"who": ann.public_id}).status_code == 409
    assert history_of(family) == ["started", "left"]


def test_no_session_is_left_with_nobody(as_alice, family, ann, ben, cleo):
    book(family, NOW - DAY)
    leave(family, ann, NOW - 3 * DAY)
    join(family, ann, NOW - HOUR)
    leave(family, ben, NOW - 2 * DAY)

    answer = send(
        as_alice, family, "leave", who=cleo.public_id, day="2025-11-18", then="individual"
    )

    assert answer.status_code == 422
    words = "Only Cleo took part on Wednesday 19 November, 10am"
    assert words in read(answer).text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"who": ""}, "Choose who leaves"),
        ({"who": "zzzzzzzzzz"}, "Choose who leaves"),
        ({"day": "2025-11-21"}, "Enter a day and a time that have come"),
        ({"day": "2020-01-01"}, "enter a later time"),
    ],
)
def test_what_cannot_be_is_refused_in_words(as_alice, family, cleo, typed, said):
    answer = send(as_alice, family, "leave", **({"who": cleo.public_id} | typed))

    assert answer.status_code == 422
    assert said in read(answer).text
    assert history_of(family) == ["started"]


def test_an_old_page_is_shown_what_is_so_now(as_alice, family, ben, cleo):
    place = f"/relationships/{family.public_id}/leave/"
    old = sent_by(as_alice.get(place), "shown")
    leave(family, cleo)

    answer = as_alice.post(place, old | {"who": ben.public_id})

    assert answer.status_code == 409
    assert "Nothing was noted." in read(answer).text


def test_the_page_notes_who_joins_found_by_a_part_of_the_name(as_alice, couples, cleo):
    answer = send(as_alice, couples, "join", name="Col", kind="family")
    assert answer.status_code == 422
    assert "Cleo Cole" in read(answer).text
    assert "what you call them" not in read(answer).text  # not asked until it is somebody new
    answer = send(as_alice, couples, "join", name="Col", who="new", kind="family", found="on")
    assert "what you call them" in read(answer).text

    answer = send(
        as_alice, couples, "join", name="Col", who=cleo.public_id, kind="family", found="on"
    )
    assert answer.status_code == 303
    work = as_now(couples)
    assert (work.kind, len(work.people), history_of(work)) == ("family", 3, ["started", "joined"])


def test_somebody_new_can_join(as_alice, family):
    answer = send(as_alice, family, "join", name="Nadia Noor")

    assert answer.status_code == 303
    assert [p.name for p in as_now(family).people][-1] == "Nadia Noor"
    assert counters_of(*Client.objects.filter(name="Nadia Noor")) == [1]


def test_whoever_takes_part_cannot_join(as_alice, family, ann):
    answer = send(as_alice, family, "join", name=ann.name, who=ann.public_id)

    assert answer.status_code == 422
    assert f"{ann.name} takes part already" in read(answer).text


@pytest.mark.parametrize("what", ["leave", "join"])
def test_nobody_leaves_or_joins_individual_or_ended_work(as_alice, individual, family, what, alice):
    family.end(by=alice.user, reason="completed")
    for work in (individual, family):
        answer = as_alice.get(f"/relationships/{work.public_id}/{what}/")
        assert "at present" in read(as_alice.get(answer.url)).heads[0]


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_people_are_read_by_one_compiled_query_as_by_a_prefetch(
    family, ann, ben, cleo, individual, alice, django_assert_num_queries, number
):
    leave(family, cleo)
    merge(ann, into=ClientFactory(therapist=alice, name="Ann Ashby"), by=alice.user)
    start(ben, at=NOW)
    work = alice.relationships.order_by("pk")[:number]
    expected = [(w.people, w.everybody) for w in work.with_people()]
    work = list(work)

    with django_assert_num_queries(min(number, 1)):
        found = read_people(work)
    with django_assert_num_queries(0):
        assert [(w.people, w.everybody) for w in found] == expected
        assert all(p.relationship is w for w in found for p in w.participations.all())
    for w in found:
        assert w.participations.filter(left_at=None).count() == len(w.people)
