"""Who counts, who returns, and what is shown: the golden cases of the retention rate."""

import pytest

from practice.diary.models import Session
from practice.profiles.figures import figures, visits_of
from practice.profiles.stats import out_of_ten, stats, tallies
from tests.factories import ClientFactory, TherapistFactory, start
from tests.profiles import DAY, HOUR, LONG_AGO, MINUTE, NOW, came, practice_of, session, visit

JUST = MINUTE / 60_000_000  # a microsecond


def why(visits: list, now=NOW) -> dict[int, str]:
    return {tally.client: tally.why for tally in tallies(visits, now)}


def rate(visits: list, now=NOW) -> tuple[int, int]:
    """Return (returned, counted)."""
    figures = stats(visits, now)
    return figures.returned, figures.counted


@pytest.mark.parametrize(
    ("returned", "counted", "shown"),
    [
        (9, 11, 8),  # 81.82 %
        (17, 20, 9),  # 8.5, half up
        (1, 20, 1),  # 0.5, where round() says 0
        (5, 20, 3),  # 2.5, where round() says 2
        (13, 20, 7),  # 6.5, where round() says 6
        (19, 20, 10),
        (0, 5, 0),
        (5, 5, 10),
        (4, 5, 8),
        (4, 4, None),
        (0, 0, None),
        (1, 1, None),
    ],
)
def test_a_rate_is_a_number_out_of_ten_half_rounded_up(returned, counted, shown):
    assert out_of_ten(returned, counted) == shown


def test_no_number_is_ever_above_ten_or_out_of_order():
    for counted in range(5, 120):
        shown = [out_of_ten(returned, counted) for returned in range(counted + 1)]
        assert shown == sorted(shown)
        assert (shown[0], shown[-1]) == (0, 10)


def test_twelve_clients_of_whom_eleven_count_and_nine_returned_are_8_out_of_10():
    visits = [v for client in range(9) for v in came(client, 2)]
    visits += [visit(9), visit(10), visit(11, days=5, booked=13)]

    figures = stats(visits, NOW)

    assert rate(visits) == (9, 11)
    assert figures.out_of_ten == 8
    assert figures.clients == 12
    assert figures.sessions_held == 21


@pytest.mark.parametrize(("people", "shown"), [(0, None), (1, None), (4, None), (5, 10)])
def test_the_rate_is_hidden_below_five_counted_clients(people, shown):
    visits = [v for client in range(people) for v in came(client, 2)]

    assert rate(visits) == (people, people)
    assert stats(visits, NOW).out_of_ten == shown


def test_five_clients_of_whom_four_count_are_hidden_still():
    visits = [v for client in range(4) for v in came(client, 2)] + [visit(5, state="missed")]

    assert stats(visits, NOW).out_of_ten is None


def test_figures_over_nothing_are_nothing():
    figures = stats([], NOW)

    assert (figures.sessions_held, figures.clients, figures.since) == (0, 0, None)
    assert figures.out_of_ten is None
    assert tallies([], NOW) == []


def test_a_client_counts_from_exactly_fourteen_days_after_booking():
    visits = [visit(1, days=10, booked=14)]

    assert rate(visits) == (0, 1)
    assert rate(visits, NOW - JUST) == (0, 0)
    assert why(visits, NOW - JUST) == {1: "First booked less than 14 days ago"}
    assert why(visits) == {1: "Attended one session"}


def test_two_weeks_are_counted_from_the_first_booking_not_from_the_first_session():
    assert rate([visit(1, days=1, booked=20), visit(1, days=0, booked=2)]) == (1, 1)
    assert rate([visit(1, days=9, booked=13)]) == (0, 0)


@pytest.mark.parametrize("state", ["cancelled", "missed", "booked", "not_held"])
def test_a_first_session_that_did_not_take_place_does_not_count_until_one_is_attended(state):
    first = visit(1, days=50, state=state)

    assert rate([first]) == (0, 0)
    assert why([first]) == {1: "No session attended yet"}
    assert rate([first, visit(1, days=5)]) == (0, 1)
    assert rate([first, visit(1, days=5), visit(1, days=4)]) == (1, 1)


def test_a_cancelled_first_booking_starts_the_fourteen_days():
    assert rate([visit(1, days=15, booked=15, state="cancelled"), visit(1, days=3)]) == (0, 1)


def test_a_client_whose_only_session_was_complimentary_does_not_count():
    free = visit(1, complimentary=True)

    assert rate([free]) == (0, 0)
    assert why([free]) == {1: "The only session attended was complimentary"}
    assert stats([free], NOW).sessions_held == 1
    assert rate([free, visit(1, days=60, state="missed")]) == (0, 0)
    assert rate([free, visit(1, days=60)]) == (1, 1)


def test_a_session_to_come_is_not_attended_whatever_it_says():
    visits = [visit(1, days=-1, booked=30)]

    assert rate(visits) == (0, 0)
    assert rate(visits, NOW + 2 * DAY) == (0, 1)


def test_an_earlier_instant_knows_nothing_of_what_was_booked_later():
    visits = [*came(1, 2), visit(2, days=30, booked=31)]

    assert [tally.client for tally in tallies(visits, NOW - 60 * DAY)] == [1]
    assert stats(visits, NOW - 60 * DAY).clients == 1


def test_a_session_recorded_afterwards_is_unknown_to_the_instants_before():
    noted_later = visit(1, days=20, booked=2)

    assert tallies([noted_later], NOW - 10 * DAY) == []
    assert stats([noted_later], NOW - 10 * DAY).sessions_held == 0


def test_a_clock_that_is_years_ahead_counts_everybody_who_came():
    visits = [*came(1, 2), visit(2, days=1, booked=2), visit(3, state="missed")]

    assert rate(visits, NOW + 4000 * DAY) == (1, 2)


def test_who_counts_does_not_depend_on_the_order_of_the_visits():
    visits = [*came(1, 3), visit(2, complimentary=True), visit(3, days=9, booked=13)]

    assert stats(visits, NOW) == stats(visits[::-1], NOW)


# From the database.


def test_an_individual_and_a_couples_session_are_two_for_that_person(alice, ann, ben, individual):
    session(individual, NOW - 90 * DAY)
    session(start(ann, ben), NOW - 80 * DAY)

    of = {tally.client: tally for tally in tallies(visits_of(alice), NOW)}

    assert (of[ann.pk].attended, of[ann.pk].has_returned) == (2, True)
    assert (of[ben.pk].attended, of[ben.pk].has_returned) == (1, False)
    assert stats(visits_of(alice), NOW).sessions_held == 2
    assert stats(visits_of(alice), NOW).clients == 2


def test_each_of_a_couple_counts_by_their_own_attendance(alice, ann, ben, couples):
    first = session(couples, NOW - 90 * DAY)
    second = session(couples, NOW - 80 * DAY)
    second.set_attendance_of([ann], attended=False)

    of = {tally.client: tally for tally in tallies(visits_of(alice), NOW)}
    shown = figures(alice, NOW).stats

    assert (of[ann.pk].attended, of[ann.pk].has_returned) == (1, False)
    assert (of[ben.pk].attended, of[ben.pk].has_returned) == (2, True)
    # A session is held once, whoever of them came to it; the first of them did not.
    assert (shown.sessions_held, shown.clients, shown.returned, shown.counted) == (2, 2, 1, 2)

    first.set_attendance_of([ann], attended=False)
    of = {tally.client: tally for tally in tallies(visits_of(alice), NOW)}
    assert (of[ann.pk].is_counted, of[ann.pk].why) == (False, "No session attended yet")
    assert figures(alice, NOW).stats.clients == 1


def test_a_session_counts_once_it_has_been_said_of_everybody_who_came(alice, ann, ben, couples):
    past = session(couples, NOW - 90 * DAY, "booked")
    past.set_attendance_of([ann], attended=True)
    assert figures(alice, NOW).stats.sessions_held == 0

    past.set_attendance_of([ben], attended=False)

    shown = figures(alice, NOW).stats
    assert (shown.sessions_held, shown.clients, shown.since) == (1, 1, past.starts_at)


def test_five_of_a_group_who_missed_the_second_session_have_not_returned(alice):
    people = ClientFactory.create_batch(6, therapist=alice)
    group = start(*people, at=LONG_AGO)
    session(group, NOW - 90 * DAY)
    second = session(group, NOW - 80 * DAY)
    second.set_attendance_of(people[:5], attended=False)

    shown = figures(alice, NOW).stats

    assert (shown.returned, shown.counted, shown.out_of_ten) == (1, 6, 2)
    second.set_attendance(attended=True)
    assert figures(alice, NOW).stats.out_of_ten == 10


def test_what_was_recorded_by_mistake_is_in_no_figure(alice, individual):
    mistaken = session(individual, NOW - 90 * DAY, last_own_move=NOW - DAY)
    session(individual, NOW - 5 * DAY, booked_at=NOW - 13 * DAY)
    assert figures(alice, NOW).stats.counted == 1

    Session.objects.filter(pk=mistaken.pk).update(state="mistaken")

    shown = figures(alice, NOW).stats
    assert (shown.sessions_held, shown.counted, shown.bookings_lately) == (1, 0, 1)
    assert (shown.since, shown.is_smooth) == (NOW - 5 * DAY, True)  # nor was it ever moved
    assert len(visits_of(alice)) == 1


def test_the_golden_case_from_the_database(alice):
    practice_of(alice, *[2] * 9, 1, 1)
    session(start(ClientFactory(therapist=alice)), NOW - 5 * DAY, booked_at=NOW - 13 * DAY)

    shown = figures(alice, NOW).stats

    assert (shown.returned, shown.counted, shown.out_of_ten) == (9, 11, 8)
    assert (shown.sessions_held, shown.clients) == (21, 12)
    assert shown.since == NOW - 100 * DAY


def test_seventeen_of_twenty_from_the_database_are_nine(alice):
    practice_of(alice, *[2] * 17, 1, 1, 1)

    assert figures(alice, NOW).stats.out_of_ten == 9


def test_a_client_without_a_session_is_in_no_figure(alice, individual):
    assert visits_of(alice) == []
    assert figures(alice, NOW).stats.clients == 0


def test_another_therapists_sessions_are_in_no_figure_of_mine(alice, bob, carl, individual):
    session(start(carl), NOW - 30 * DAY)
    session(individual, NOW - 40 * DAY)

    assert figures(alice, NOW).stats.sessions_held == 1
    assert figures(bob, NOW).stats.since == NOW - 30 * DAY


def test_the_figures_of_a_therapist_are_read_by_two_queries(alice, django_assert_num_queries):
    practice_of(alice, 3, 2, 1)
    figures(alice, NOW)

    with django_assert_num_queries(2):
        figures(alice, NOW + HOUR)


def test_a_therapist_who_never_held_a_session_has_no_beginning(alice, individual):
    session(individual, NOW - 3 * DAY, "missed")

    shown = figures(alice, NOW).stats

    assert (shown.since, shown.sessions_held, shown.clients) == (None, 0, 0)


def test_a_new_therapist_of_an_empty_installation_has_figures(db):
    shown = figures(TherapistFactory(), NOW)

    assert (shown.stats.sessions_held, shown.badges) == (0, [])
