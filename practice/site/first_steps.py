"""The first steps of a new therapist: what is done is found out, and stored nowhere."""

from dataclasses import dataclass
from itertools import groupby

from django.db.models import Exists, Q, QuerySet

from practice.accounts.models import Therapist
from practice.booking.weekly_hours import WEEKDAYS, DayRows, words_of
from practice.profiles.models import Profile


@dataclass(frozen=True)
class Step:
    """A step in words, and where its press leads.

    `page` is the name of an address, which may have a public id; without one the step waits for
    another.
    """

    title: str
    text: str
    action: str
    page: str
    public_id: str
    is_done: bool
    is_next: bool  # the one with the button


# Of each: its title, what it is for, and what its button says.
STEPS = {
    "hours": ("Set your hours", "When clients can book you, week by week.", "Set your hours"),
    "profile": (
        "Write your profile",
        "What clients read before they book. A few sentences are enough.",
        "Write your profile",
    ),
    "client": ("Add your first client", "A name is enough.", "Add a client"),
    "invitation": (
        "Invite them",
        "A link to their own Client Dashboard, which works once.",
        "Invite a client",
    ),
}


def first_steps(therapist: Therapist) -> list[Step]:
    """Return the four steps, of which at most one is the next; none once all are done.

    Three statements at most, however much there is.
    """
    done = _done(therapist)
    if all(done.values()):
        return []
    to_invite = _to_invite(therapist) if done["client"] else ""
    pages = {"hours": "availability", "profile": "profile", "client": "add_client"}
    pages["invitation"] = "invite" if to_invite else ""
    following = next((name for name in done if not done[name] and pages[name]), None)
    steps = []
    for name, (title, text, action) in STEPS.items():
        if name == "hours" and done[name]:
            text, action = _in_words(therapist.weekly_hours.all()), "Change"
        public_id = to_invite if name == "invitation" else ""
        is_next = name == following
        steps.append(Step(title, text, action, pages[name], public_id, done[name], is_next))
    return steps


def _done(therapist: Therapist) -> dict[str, bool]:
    """Return which are done, by one statement."""
    with_account = therapist.clients.filter(account__isnull=False)
    written = Profile.objects.filter(~Q(about="") | ~Q(headline=""), therapist=therapist)
    found = Therapist.objects.filter(pk=therapist.pk).values_list(
        Exists(therapist.weekly_hours.all()),
        Exists(written),
        Exists(therapist.clients.not_erased()),
        Exists(therapist.invitations.all()),
        Exists(with_account),
    )
    hours, profile, client, invited, has_account = found.get()
    return {
        "hours": hours,
        "profile": profile,
        "client": client,
        "invitation": invited or has_account,
    }


def _to_invite(therapist: Therapist) -> str:
    """Return the public id of the first client who can be invited, if there is one."""
    waiting = therapist.clients.people().filter(account=None).not_erased()
    return waiting.order_by("pk").values_list("public_id", flat=True).first() or ""


def _in_words(weekly_hours: QuerySet) -> str:
    """Return weekly hours in a line: "Monday to Friday, 9am to 5pm"."""
    saved = list(weekly_hours.values("weekday", *DayRows.columns))
    lines = {
        weekday: words_of(DayRows.initial_of(list(spans)))
        for weekday, spans in groupby(saved, key=lambda span: span["weekday"])
    }
    first, last = WEEKDAYS[min(lines)], WEEKDAYS[max(lines)]
    is_even = len({*lines.values()}) == 1 and len(lines) == max(lines) - min(lines) + 1
    if not is_even:
        return f"{len(lines)} days a week"
    days = first if first == last else f"{first} to {last}"
    return f"{days}, {lines[min(lines)]}"
