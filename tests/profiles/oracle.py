"""The rules of `docs/domain.md` 5 once more: slow, plain, and written from the text alone."""

from datetime import datetime, timedelta
from fractions import Fraction
from math import floor

from practice.profiles.stats import Visit


class Practice:
    """One therapist's figures as of an instant."""

    def __init__(self, visits: list[Visit], now: datetime) -> None:
        self.known = [v for v in visits if v.booked_at <= now]
        self.now = now
        self.clients = {v.client for v in self.known}

    def attended_by(self, client: int) -> list[Visit]:
        return [
            v
            for v in self.known
            if v.client == client and v.state == "attended" and not v.starts_at > self.now
        ]

    def counts(self, client: int) -> bool:
        first_booking = sorted(v.booked_at for v in self.known if v.client == client)[0]
        attended = self.attended_by(client)
        if len(attended) == 0:
            return False
        if (self.now - first_booking) / timedelta(days=1) < 14:
            return False
        return not (len(attended) == 1 and attended[0].complimentary)

    @property
    def counted(self) -> list[int]:
        return [client for client in self.clients if self.counts(client)]

    @property
    def returned(self) -> list[int]:
        return [client for client in self.counted if len(self.attended_by(client)) >= 2]

    @property
    def out_of_ten(self) -> int | None:
        if len(self.counted) < 5:
            return None
        return floor(Fraction(10 * len(self.returned), len(self.counted)) + Fraction(1, 2))

    @property
    def held(self) -> list[Visit]:
        return [v for client in self.clients for v in self.attended_by(client)]

    def lately(self, at: datetime | None) -> bool:
        return at is not None and at <= self.now and (self.now - at) < timedelta(days=60)

    @property
    def bookings(self) -> int:
        return len({v.session for v in self.known if self.lately(v.booked_at)})

    @property
    def lengths(self) -> list[int]:
        return [len(self.attended_by(client)) for client in self.returned]

    @property
    def is_smooth(self) -> bool:
        if any(
            self.lately(v.moved_by_therapist_at) or self.lately(v.cancelled_by_therapist_at)
            for v in self.known
        ):
            return False
        return len([v for v in self.held if self.lately(v.starts_at)]) > 0


def middle(numbers: list[int]) -> Fraction:
    numbers = sorted(numbers)
    half = len(numbers) // 2
    if len(numbers) % 2:
        return Fraction(numbers[half])
    return Fraction(numbers[half - 1] + numbers[half], 2)


def badges(own: list[Visit], everybody: list[Visit], now: datetime) -> list[str]:
    """Return the keys of the badges that are earned among everybody."""
    practice = Practice(own, now)
    earned = ["smooth"] if practice.is_smooth else []
    others = [
        Practice([v for v in everybody if v.therapist == one], now)
        for one in {v.therapist for v in everybody}
    ]
    others = [one for one in others if one.held]
    if len(others) < 5:
        return earned
    lengths = [length for one in others for length in one.lengths]
    usual = Fraction(sum(lengths), len(lengths)) if lengths else Fraction(0)
    own_mean = Fraction(sum(practice.lengths), len(practice.lengths) or 1)
    if len(practice.returned) > len(practice.counted) / 2 and own_mean > usual:
        earned.append("again")
    if practice.bookings > middle([one.bookings for one in others]):
        earned.append("demand")
    return earned
