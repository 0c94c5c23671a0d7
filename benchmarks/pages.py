"""The pages that are measured, and how fast they have to be beside a bare signed-in view."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils import timezone

from benchmarks.fill import probe_email
from practice.accounts.models import Therapist, User
from practice.booking.models import free_times
from practice.diary.models import News, Session

WORD = "brook"  # with which names of every practice begin
FLAT = 1.2  # so much more may a page cost with 5,000 clients than with 20


@dataclass
class Stage:
    """A probe, one of their clients, and what their pages are about; all by public ids."""

    therapist: Therapist
    account: User  # the client's
    client: str
    relationship: str  # active, with sessions past and to come
    ending: str  # another one, which is ended and restarted
    monday: date
    free: list[datetime] = field(default_factory=list)

    @classmethod
    def of(cls, therapist: Therapist) -> "Stage":
        """Find them: the first client who has an account, and what is active of their work."""
        client = therapist.clients.exclude(account=None).order_by("pk")[0]
        active = therapist.relationships.active().filter(kind="individual")
        own = active.filter(clients=client).order_by("pk")[0]
        today = timezone.localdate()
        return cls(
            therapist=therapist,
            account=client.account,
            client=client.public_id,
            relationship=own.public_id,
            ending=active.exclude(pk=own.pk).order_by("-pk")[0].public_id,
            monday=today - timedelta(days=today.weekday()) + timedelta(weeks=1),
            free=free_times(therapist, timezone.now())[20:],
        )

    @classmethod
    def of_probe(cls, clients: int) -> "Stage":
        """Find them for the therapist of so many clients, in what was filled."""
        return cls.of(Therapist.objects.get(user__email=probe_email(clients)))

    def next_free(self) -> str:
        """Return the part of an address that names a free time, another one each time."""
        if not self.free:
            raise RuntimeError(f"{self.therapist} has no free time left")
        return f"{timezone.localtime(self.free.pop(0)):%Y-%m-%d/%H%M/}"

    def cancel_bookings(self) -> None:
        """Take away what the client has booked."""
        booked = Session.objects.filter(booked_by=self.account)
        News.objects.filter(session__in=booked)._raw_delete("default")
        booked._raw_delete("default")


@dataclass(frozen=True)
class Page:
    """A page or a press: who asks, for what; what is sent; its goal as a multiple of the unit."""

    name: str
    goal: float | None
    who: str  # therapist, client or visitor
    path: Callable[[Stage], str]
    sends: dict[str, str] | None = None  # with a POST, to the address of the page with the form
    is_bounded: bool = True  # shows as many rows of any practice

    @property
    def status(self) -> int:
        return 200 if self.sends is None else 303


PAGES = [
    Page("Today", 2, "therapist", lambda of: "/"),
    Page("Clients list", 1.5, "therapist", lambda of: "/clients/"),
    Page("search", 2, "therapist", lambda of: f"/clients/?q={WORD}"),
    Page("client page", 1.5, "therapist", lambda of: f"/clients/{of.client}/"),
    Page("relationship", 1.5, "therapist", lambda of: f"/relationships/{of.relationship}/"),
    Page("End page", 2, "therapist", lambda of: f"/relationships/{of.relationship}/end/"),
    Page(
        *("End post", 2.5, "therapist", lambda of: f"/relationships/{of.ending}/end/"),
        sends={"reason": "completed", "note": "We had come to a good place."},
    ),
    Page(
        *("Restart post", 2.5, "therapist", lambda of: f"/relationships/{of.ending}/restart/"),
        sends={},
    ),
    Page(
        *("booking post", 2.5, "client", lambda of: f"/book/{of.relationship}/{of.next_free()}"),
        sends={},
    ),
    Page("dashboard", 1.5, "client", lambda of: "/dashboard/"),
    Page("booking week", 2, "client", lambda of: f"/book/{of.relationship}/"),
    Page("diary week", 2, "therapist", lambda of: f"/diary/{of.monday}/"),
    Page("diary day", 2, "therapist", lambda of: f"/diary/{of.monday}/day/"),
    Page("diary month", 2, "therapist", lambda of: f"/diary/{of.monday.replace(day=1)}/month/"),
    Page("caseload", 2, "therapist", lambda of: "/caseload/"),
    Page("tidy-up", 2, "therapist", lambda of: "/caseload/tidy-up/"),
    Page("public profile", 1.5, "visitor", lambda of: f"/therapists/{of.therapist.slug}/"),
    Page("own figures page", 2, "therapist", lambda of: "/profile/figures/"),
    Page("records due", 2, "therapist", lambda of: "/clients/due/"),
]
UNIT = Page("/me/", None, "therapist", lambda of: "/me/")
# What all pages have, and no row: of it and of a page's own statements its floor is made.
SHELLS = [
    Page(f"a page without rows, {who}", None, who, lambda of: "/shell/")
    for who in ("therapist", "client", "visitor")
]
PEERS = [
    Page("stock bare view", None, "therapist", lambda of: "/me/"),
    Page("Django admin changelist", None, "therapist", lambda of: "/admin/clients/client/"),
    Page("naive ORM list", None, "therapist", lambda of: "/naive/"),
]
