"""The therapists: accounts, hours, profiles; the probes can sign in as in production."""

from collections.abc import Iterator
from datetime import datetime, time

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator

from benchmarks.fill.ids import public_id
from benchmarks.fill.names import name
from benchmarks.fill.plan import TOTP_SECRET, Plan, probe_email
from practice.accounts.models import Therapist, User
from practice.booking.models import BookingRules, WeeklyHours
from practice.profiles.models import Profile

WEEKDAYS = range(5)
AT_ONCE = 1_000


def add_therapists(plan: Plan, now: datetime, password: str) -> None:
    """Add every therapist of a plan, with the same id as their account."""
    emails = [probe_email(size) for size in plan.probes]
    numbers = range(len(emails) + 1, len(plan.sizes) + 1)
    emails += [f"therapist-{number}@fill.example" for number in numbers]
    therapists = [
        Therapist(
            id=number,
            user_id=number,
            public_id=public_id(number),
            name=name(number * 101)[0],
            slug=email.partition("@")[0],
        )
        for number, email in enumerate(emails, start=1)
    ]
    accounts = (
        User(id=number, email=email, password=password, time_zone="Europe/London")
        for number, email in enumerate(emails, start=1)
    )
    User.objects.bulk_create(verified(accounts, now), batch_size=AT_ONCE)
    Therapist.objects.bulk_create(therapists, batch_size=AT_ONCE)
    _open_practices(therapists)
    add_second_factors(therapists[: len(plan.probes)])


def _open_practices(therapists: list[Therapist]) -> None:
    """Give therapists hours, rules and a profile."""
    BookingRules.objects.bulk_create(
        (BookingRules(therapist=therapist) for therapist in therapists), batch_size=AT_ONCE
    )
    WeeklyHours.objects.bulk_create(
        (
            WeeklyHours(therapist=therapist, weekday=day, starts=time(9), ends=time(17))
            for therapist in therapists
            for day in WEEKDAYS
        ),
        batch_size=AT_ONCE,
    )
    profiles = (Profile(therapist=therapist, is_published=True) for therapist in therapists)
    Profile.objects.bulk_create(described(profiles), batch_size=AT_ONCE)


def add_second_factors(therapists: list[Therapist]) -> None:
    """Add an authenticator app for each, as if long ago: nothing is recorded or told by mail."""
    secret = get_adapter().encrypt(TOTP_SECRET)
    Authenticator.objects.bulk_create(
        Authenticator(user=t.user, type=Authenticator.Type.TOTP, data={"secret": secret})
        for t in therapists
    )


def verified(accounts: Iterator[User], now: datetime) -> Iterator[User]:
    for account in accounts:
        account.email_verified_at = now
        yield account


def described(profiles: Iterator[Profile]) -> Iterator[Profile]:
    for profile in profiles:
        profile.headline = "Counsellor, online"
        profile.about = f"{profile.therapist.name} is made up, like everybody here."
        profile.specialities = "Anxiety, Bereavement, Life changes"
        yield profile
