"""When sessions are: no two of a therapist at once, those of one relationship week by week."""

import random
from datetime import datetime, timedelta

from benchmarks.fill.plan import SESSIONS, columns_of, weeks_of_active_work

A_WEEK = timedelta(weeks=1)
LENGTH = timedelta(minutes=50)
LATEST_TO_COME = 20  # an hour of the morning, so that afternoons stay free to be booked
NUMBERS, HOW_OFTEN = list(SESSIONS), list(SESSIONS.values())


class Diary:
    """The hours of a therapist's week, each filled backwards from now, and forwards.

    Active work is the latest; what has ended lies before it.
    """

    __slots__ = ("active", "ended", "monday", "reach", "upcoming")

    def __init__(self, monday: datetime, clients: int) -> None:
        hours = columns_of(clients)
        self.monday, self.reach = monday, -weeks_of_active_work(clients)
        self.active, self.ended, self.upcoming = [-1] * hours, [self.reach] * hours, [0] * hours

    def at(self, hour: int, week: int) -> datetime:
        """Return the beginning of an hour, so many weeks from the present one."""
        part, weekday = divmod(hour, 5)
        return self.monday + timedelta(days=weekday, hours=9 + part, weeks=week)

    def past(self, dice: random.Random, *, is_active: bool) -> list[datetime]:
        """Return the past sessions of the next relationship, in order; then when it began."""
        hour = dice.randrange(len(self.active))
        number = dice.choices(NUMBERS, HOW_OFTEN)[0]
        weeks = self.active if is_active and self.active[hour] - number > self.reach else self.ended
        last = weeks[hour]
        weeks[hour] -= number
        begun = self.at(hour, last - number) - timedelta(days=1)
        return [*(self.at(hour, week) for week in range(last - number + 1, last + 1)), begun]

    def to_come(self, dice: random.Random) -> datetime:
        """Return the next session of a relationship."""
        hour = dice.randrange(min(len(self.upcoming), LATEST_TO_COME))
        self.upcoming[hour] += 1
        return self.at(hour, self.upcoming[hour])
