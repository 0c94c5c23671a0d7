"""The database and the pure functions agree: for tests of figures, and for random operations."""

from datetime import datetime

from practice.accounts.models import Therapist
from practice.profiles.figures import everybody, visits_of
from practice.profiles.stats import installation, stats, tallies
from practice.profiles.sums import installation_of, stats_and_number_who_booked


def agree(now: datetime) -> None:
    """Compare every therapist's numbers, and those of all together."""
    therapists = list(Therapist.objects.order_by("pk"))
    of_each = [visits_of(one) for one in therapists]
    by_the_rules = [(stats(visits, now), len(tallies(visits, now))) for visits in of_each]

    assert [stats_and_number_who_booked(one, now) for one in therapists] == by_the_rules
    assert installation_of(everybody(), now) == installation(own for own, _ in by_the_rules)
