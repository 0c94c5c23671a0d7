"""The database and the pure functions agree: for tests of figures, and for random operations."""

from datetime import datetime

from practice.accounts.models import Therapist
from practice.profiles.badges import installation
from practice.profiles.figures import everybody, visits_of
from practice.profiles.stats import stats
from practice.profiles.sums import installation_of, stats_of


def agree(now: datetime) -> None:
    """Compare every therapist's numbers, and those of all together."""
    therapists = list(Therapist.objects.order_by("pk"))
    by_the_rules = [stats(visits_of(one), now) for one in therapists]

    assert [stats_of(one, now) for one in therapists] == by_the_rules
    assert installation_of(everybody(), now) == installation(by_the_rules)
