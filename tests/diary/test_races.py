"""Two people want the same time: at the very same moment exactly one gets it."""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from itertools import pairwise
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from practice.accounts.models import Therapist
from practice.booking.models import free_times, is_free
from practice.diary.models import Session
from practice.profiles.models import Profile
from relationships.models import Relationship
from tests.booking import availability
from tests.conftest import browser_of
from tests.diary import DAY, FIFTY, HOUR, MINUTE, book, browser_for, row_of, works
from tests.factories import ClientFactory, start
from tests.pressing import hidden
from tests.racing import at_once, in_own_connection
from tests.reading import read

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 8
ROUNDS = 3


@pytest.fixture
def relationships(alice) -> list[Relationship]:
    """Eight clients of Alice's who all want the same time."""
    return [start(ClientFactory(therapist=alice)) for _ in range(THREADS)]


def moments_from_now():
    """A free hour for each round."""
    tomorrow = timezone.now().replace(minute=0, second=0, microsecond=0) + DAY
    return [tomorrow + round_ * 2 * HOUR for round_ in range(ROUNDS)]


def trying(act: Callable[..., object], *args: object, **kwargs: object) -> Callable[[], object]:
    """Return an act whose answer says how it went."""

    def attempt() -> object:
        try:
            return act(*args, **kwargs) or "won"
        except Session.Taken:
            return "taken"
        except Session.AlreadyDone:
            return "already done"

    return attempt


def put_back(session: Session) -> None:
    """Put back what is cancelled, as it is read now."""
    Session.objects.get(pk=session.pk).put_back(by=session.therapist.user)


def none_overlap(therapist: Therapist) -> bool:
    standing = therapist.sessions.standing().order_by("starts_at")
    return all(one.ends_at <= next_.starts_at for one, next_ in pairwise(standing))


def test_of_eight_who_book_the_same_time_one_gets_it(relationships, alice):
    for moment in moments_from_now():
        answers = at_once(*(trying(book, relationship, moment) for relationship in relationships))

        assert answers.count("taken") == THREADS - 1
        (session,) = alice.sessions.filter(starts_at=moment)
        assert session in answers


def test_of_eight_who_book_times_that_overlap_one_gets_it(relationships, alice):
    for moment in moments_from_now():
        starts = [moment + number * 6 * MINUTE for number in range(THREADS)]

        answers = at_once(*(trying(book, t, s) for t, s in zip(relationships, starts, strict=True)))

        assert answers.count("taken") == THREADS - 1
        assert alice.taken_times.overlapping(moment, moment + 2 * HOUR).count() == 1


def test_eight_who_book_one_after_the_other_all_get_their_time(relationships, alice):
    first = moments_from_now()[0]
    starts = [first + number * FIFTY for number in range(THREADS)]

    answers = at_once(*(trying(book, t, s) for t, s in zip(relationships, starts, strict=True)))

    assert [session.starts_at for session in answers] == starts
    assert none_overlap(alice)


def test_of_eight_sessions_moved_onto_one_time_one_gets_there(relationships, alice):
    first = moments_from_now()[0]
    sessions = [
        book(relationship, first + (i + 1) * DAY) for i, relationship in enumerate(relationships)
    ]

    answers = Counter(at_once(*(trying(s.move, starts_at=first, by=alice.user) for s in sessions)))

    assert answers == {"won": 1, "taken": THREADS - 1}
    assert alice.sessions.filter(starts_at=first).count() == 1
    assert sum(row_of(session)["revision"] for session in sessions) == 1
    assert none_overlap(alice)


def test_of_booking_a_time_and_moving_onto_it_one_wins(relationships, alice):
    for moment in moments_from_now():
        sessions = [
            book(relationship, moment + (i + 7) * DAY)
            for i, relationship in enumerate(relationships[:4])
        ]
        moves = [trying(session.move, starts_at=moment, by=alice.user) for session in sessions]

        answers = at_once(
            *moves, *(trying(book, relationship, moment) for relationship in relationships[4:])
        )

        assert answers.count("taken") == THREADS - 1
        assert alice.sessions.filter(starts_at=moment).count() == 1


def test_a_double_click_with_one_key_is_one_booking(relationships, alice):
    for moment in moments_from_now():
        key = uuid4()

        answers = at_once(
            *(trying(book, relationships[0], moment, key=key) for _ in range(THREADS))
        )

        assert len({session.pk for session in answers}) == 1
        assert alice.sessions.filter(starts_at=moment).count() == 1


def test_of_eight_who_cancel_one_is_the_one_who_did(relationships, alice):
    for moment in moments_from_now():
        session = book(relationships[0], moment)
        copies = [Session.objects.get(pk=session.pk) for _ in range(THREADS)]

        answers = Counter(at_once(*(trying(copy.cancel, by=alice.user) for copy in copies)))

        assert answers == {"won": 1, "already done": THREADS - 1}
        assert row_of(session)["revision"] == 1


def test_cancelling_and_moving_at_once_leave_one_truth(relationships, alice):
    for moment in moments_from_now():
        session = book(relationships[0], moment)
        copies = [Session.objects.get(pk=session.pk) for _ in range(THREADS)]
        acts = [trying(copy.cancel, by=alice.user) for copy in copies[:4]]
        later = moment + HOUR
        acts += [trying(copy.move, starts_at=later, by=alice.user) for copy in copies[4:]]

        answers = at_once(*acts)

        row = row_of(session)
        assert row["state"] == "cancelled"
        assert answers[:4].count("won") == 1
        assert row["revision"] == answers.count("won")


def test_booking_while_the_relationship_ends_does_both(relationships, alice):
    for moment in moments_from_now():
        relationship = start(ClientFactory(therapist=alice))
        copies = [Relationship.objects.get(pk=relationship.pk) for _ in range(4)]
        ending = partial(copies[0].end, by=alice.user, reason="completed")
        bookings = (trying(book, c, moment + i * HOUR / 4) for i, c in enumerate(copies[1:]))

        answers = at_once(lambda ending=ending: ending() or "ended", *bookings)

        relationship.refresh_from_db()
        assert relationship.is_ended
        assert answers.count("taken") == 2
        assert relationship.sessions.count() == 1


# Through the pages.


def test_of_eight_clients_who_press_at_once_one_has_the_session(relationships, alice):
    works(alice, "00:00-00:00", days=range(7))
    start_at = free_times(alice, timezone.now())[5]
    browsers = [browser_for(relationship.people[0], "UTC") for relationship in relationships]
    addresses = [
        f"/book/{relationship.public_id}/{start_at:%Y-%m-%d/%H%M}/"
        for relationship in relationships
    ]

    answers = at_once(
        *(
            lambda b=b, a=a: b.post(a, {"key": uuid4()})
            for b, a in zip(browsers, addresses, strict=True)
        )
    )

    assert Counter(a.status_code for a in answers) == {303: 1, 409: THREADS - 1}
    session = Session.objects.get()
    winner = [answer.status_code for answer in answers].index(303)
    assert session.relationship == relationships[winner]
    assert session.booked_by == relationships[winner].people[0].account


def test_of_clients_who_book_too_close_to_each_other_one_has_the_session(relationships, alice):
    """Five minutes apart no constraint says anything, and ten are to be kept free.

    One books at 9; before that is committed the hours begin at 9:55, when another books.
    """
    works(alice, "09:00-12:00", days=range(7), zone="UTC", gap_minutes=10)
    day = (timezone.now() + 3 * DAY).replace(hour=9, minute=0, second=0, microsecond=0)

    def client_books(relationship: Relationship, start_at: datetime) -> object:
        return book(
            relationship, start_at, allowed=lambda: is_free(alice, start_at, timezone.now())
        )

    def the_other_books() -> object:
        return trying(client_books, relationships[1], day + 55 * MINUTE)()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            client_books(relationships[0], day)
            alice.weekly_hours.update(starts="09:55")
            waiting = pool.submit(in_own_connection, the_other_books)
            time.sleep(0.3)
            assert not waiting.done()

        assert waiting.result() == "taken"


def test_of_clients_who_move_to_and_book_the_same_time_one_has_it(relationships, alice):
    works(alice, "00:00-00:00", days=range(7))
    free = free_times(alice, timezone.now())
    sessions = [book(work, free[20 + n]) for n, work in enumerate(relationships[:4])]
    wanted = free[5]
    browsers = [browser_for(work.people[0], "UTC") for work in relationships]
    when = f"{wanted:%Y-%m-%d/%H%M}/"
    moves = [f"/sessions/{session.public_id}/move/{when}" for session in sessions]
    bookings = [f"/book/{work.public_id}/{when}" for work in relationships[4:]]
    pages = [hidden(read(b.get(a))) for b, a in zip(browsers, moves + bookings, strict=True)]

    answers = at_once(
        *(
            lambda b=b, a=a, page=page: b.post(a, page)
            for b, a, page in zip(browsers, moves + bookings, pages, strict=True)
        )
    )

    assert Counter(a.status_code for a in answers) == {303: 1, 409: THREADS - 1}
    won = [answer.status_code for answer in answers].index(303)
    [session] = alice.sessions.filter(starts_at=wanted)
    assert session.relationship == relationships[won]
    assert alice.sessions.count() == 4 + (won >= 4)
    assert none_overlap(alice)


def test_a_double_click_of_one_client_is_one_session_and_no_error(relationships, alice):
    works(alice, "00:00-00:00", days=range(7))
    start_at = free_times(alice, timezone.now())[5]
    browsers = [browser_for(relationships[0].people[0], "UTC") for _ in range(4)]
    address = f"/book/{relationships[0].public_id}/{start_at:%Y-%m-%d/%H%M}/"
    key = uuid4()

    answers = at_once(*(lambda b=b: b.post(address, {"key": key}) for b in browsers))

    session = Session.objects.get()
    assert {(a.status_code, a.get("Location")) for a in answers} == {
        (303, f"/sessions/{session.public_id}/")
    }


def test_a_double_click_of_the_therapist_adds_one_session(relationships, alice):
    address = f"/relationships/{relationships[0].public_id}/sessions/add/"
    day = f"{timezone.now() + DAY:%Y-%m-%d}"
    typed = {"day": day, "time": "16:00", "minutes": "50", "key": str(uuid4())}
    browsers = [browser_of(alice.user) for _ in range(4)]

    answers = at_once(*(lambda b=b: b.post(address, typed) for b in browsers))

    session = Session.objects.get()
    assert {(a.status_code, a.get("Location")) for a in answers} == {
        (303, f"/sessions/{session.public_id}/")
    }


def test_a_double_click_on_save_saves_the_first_availability_once(alice):
    typed = availability(mon=["09:00-12:00"])
    browsers = [browser_of(alice.user) for _ in range(4)]

    answers = at_once(*(lambda b=b: b.post("/diary/availability/", typed) for b in browsers))

    assert [answer.status_code for answer in answers] == [303] * 4
    assert alice.weekly_hours.count() == 1


def test_a_double_click_on_save_makes_the_first_profile_once(alice):
    browsers = [browser_of(alice.user) for _ in range(4)]
    typed = {"headline": "Counsellor in London"}

    answers = at_once(*(lambda b=b: b.post("/profile/", typed) for b in browsers))

    assert [answer.status_code for answer in answers] == [303] * 4
    assert Profile.objects.get().headline == "Counsellor in London"


def test_of_eight_who_put_a_session_back_one_does(individual, alice):
    session = book(individual, moments_from_now()[0])
    session.cancel(by=alice.user)

    answers = Counter(at_once(*[trying(put_back, session) for _ in range(THREADS)]))

    assert answers == {"won": 1, "already done": THREADS - 1}
    assert row_of(session)["revision"] == 2


def test_of_putting_back_and_booking_the_same_time_one_wins(relationships, alice):
    for moment in moments_from_now():
        session = book(relationships[0], moment)
        session.cancel(by=alice.user)
        bookings = [trying(book, r, moment + MINUTE) for r in relationships[1:]]

        answers = at_once(trying(put_back, session), *bookings)

        assert answers.count("taken") == THREADS - 1
        assert alice.taken_times.overlapping(moment, moment + HOUR).count() == 1


def book_weekly(relationship: Relationship, moment: datetime, number: int = 3) -> list[Session]:
    return Session.book_series(
        relationship,
        starts=[moment + n * 7 * DAY for n in range(number)],
        length=FIFTY,
        by=relationship.therapist.user,
        series=uuid4(),
    )


def test_of_eight_series_that_share_a_time_one_is_booked_and_whole(relationships, alice):
    for moment in moments_from_now():
        starts = [moment - number * 7 * DAY for number in range(3)] * 3
        acts = [
            trying(book_weekly, relationship, starts[n])
            for n, relationship in enumerate(relationships)
        ]
        answers = at_once(*acts)

        won = [answer for answer in answers if answer != "taken"]
        assert len(won) == 1
        assert alice.sessions.filter(series=won[0][0].series).count() == 3
        assert none_overlap(alice)
        alice.sessions.all().delete()


def test_a_series_and_a_session_at_one_of_its_times_are_not_both_booked(relationships, alice):
    for moment in moments_from_now():
        answers = at_once(
            trying(book_weekly, relationships[0], moment),
            trying(book, relationships[1], moment + 7 * DAY),
        )

        assert answers.count("taken") == 1
        assert alice.sessions.count() in (1, 3)
        alice.sessions.all().delete()


def test_of_two_who_cancel_the_rest_of_a_series_at_once_one_wins(relationships, alice):
    for moment in moments_from_now():
        series = book_weekly(relationships[0], moment)

        def cancel_rest(pk: int) -> object:
            session = Session.objects.get(pk=pk)
            number = len(session.later_in_series)
            time.sleep(0.05)
            try:
                return session.cancel_with_later(
                    by=session.therapist.user,
                    for_client=True,
                    if_still=lambda later: len(later) == number,
                )
            except Session.Changed:
                return "changed"
            except Session.AlreadyDone:
                return "already done"

        answers = at_once(*(partial(cancel_rest, session.pk) for session in series[:2]))

        states = list(alice.sessions.order_by("starts_at").values_list("state", flat=True))
        assert (sorted(map(str, answers)), states) in [
            (["3", "already done"], ["cancelled"] * 3),
            (["3", "changed"], ["cancelled"] * 3),
            (["2", "changed"], ["booked", "cancelled", "cancelled"]),
        ]
        alice.sessions.all().delete()


def trying_to_move(
    first: Session, starts: dict[int, datetime], as_read: list[tuple[int, str]]
) -> object:
    """Move a series that was read before; say how that went."""
    try:
        return first.move_with_later(
            starts,
            by=first.therapist.user,
            for_client=True,
            if_still=lambda later: [(one.pk, one.shown) for one in later] == as_read,
        )
    except (Session.Changed, Session.AlreadyDone, Session.Taken) as error:
        return type(error)


def test_of_four_who_move_the_same_series_one_does_and_the_others_are_told(relationships, alice):
    series = book_weekly(relationships[0], moments_from_now()[0])
    copies = [Session.objects.get(pk=series[0].pk) for _ in range(4)]
    before = [one.starts_at for one in series]
    # What each has read is what there was before anybody moved it.
    later = [(one.pk, one.shown) for one in series[1:]]
    acts = [
        partial(
            trying_to_move,
            copy,
            {one.pk: one.starts_at + (n + 1) * DAY for one in series},
            later,
        )
        for n, copy in enumerate(copies)
    ]

    answers = at_once(*acts)

    assert Counter(answers) == {3: 1, Session.Changed: 3}
    moved = (answers.index(3) + 1) * DAY
    assert [row_of(one)["starts_at"] for one in series] == [at + moved for at in before]
    assert [row_of(one)["revision"] for one in series] == [1] * 3
    assert none_overlap(alice)


def test_a_series_moves_whole_or_not_at_all_while_its_new_times_are_booked(relationships, alice):
    for moment in moments_from_now():
        series = book_weekly(relationships[0], moment)
        before = [(one.pk, one.starts_at) for one in series]
        goal = {pk: starts_at + DAY for pk, starts_at in before}
        later = [(one.pk, one.shown) for one in series[1:]]
        bookings = [
            trying(book, relationship, goal[series[n].pk])
            for n, relationship in enumerate(relationships[1:4])
        ]

        answers = at_once(partial(trying_to_move, series[0], goal, later), *bookings)

        if answers[0] == 3:
            assert answers[1:] == ["taken"] * 3
        else:
            assert answers[0] is Session.Taken
        expected = goal if answers[0] == 3 else dict(before)
        assert {one.pk: row_of(one)["starts_at"] for one in series} == expected
        assert {row_of(one)["state"] for one in series} == {"booked"}
        assert none_overlap(alice)
        alice.sessions.all().delete()


def test_while_its_client_cancels_one_a_series_moves_whole_or_not_at_all(relationships, alice):
    for moment in moments_from_now():
        series = book_weekly(relationships[0], moment)
        goal = {one.pk: one.starts_at + DAY for one in series}
        later = [(one.pk, one.shown) for one in series[1:]]
        one_of_them = Session.objects.get(pk=series[2].pk)

        answers = at_once(
            partial(trying_to_move, series[0], goal, later),
            trying(one_of_them.cancel, by=alice.user),
        )

        rows = [row_of(one) for one in series]
        assert answers[1] == "won"
        assert rows[2]["state"] == "cancelled"
        moved = [row["starts_at"] == goal[row["id"]] for row in rows]
        assert moved == [answers[0] == 3] * 3
        assert {row["state"] for row in rows[:2]} == {"booked"}
        alice.sessions.all().delete()
