"""The traps of `docs/domain.md` 6, built as broken variants. Nothing here is part of the product.

Each changes the code for as long as the test that uses it lasts.
"""

from datetime import datetime

import pytest
from django.db import connection
from django.db.models import Q, QuerySet

from clients.models import Client, ClientQuerySet
from practice.database.operations import statements
from practice.diary.models import Session, SessionQuerySet
from practice.profiles import figures as figures_module
from practice.profiles import sums
from practice.profiles import views as views_module
from relationships.models import Relationship, start_relationship
from tests.application_role import owner

Patch = pytest.MonkeyPatch


def ending_cancels_what_is_booked(patch: Patch) -> None:
    """Trap 1: the sessions to come go with the relationship."""
    end = Relationship.end

    def cancelling(self: Relationship, **values: object) -> None:
        end(self, **values)
        for booked in self.sessions.upcoming():
            booked.cancel(by=values["by"])

    patch.setattr(Relationship, "end", cancelling)


def sessions_count_up_to_the_ending(patch: Patch) -> None:
    """Trap 2: how long somebody came is measured to `ended_at`."""
    took = {
        "sqlite": "julianday(r.ended_at) - julianday(r.started_at) >= 401",
        "postgresql": "r.ended_at - r.started_at >= interval '401 days'",
    }[connection.vendor]
    state = f"WHEN {took} THEN 'booked' ELSE session.state"
    replace_view({"ELSE session.state": state}, join=RELATIONSHIP)


def restarting_makes_a_new_row(patch: Patch) -> None:
    """Trap 3: work taken up again is a new relationship, and whoever is in it a new client."""

    def restart(self: Relationship, *, by: object, at: datetime | None = None) -> None:
        again = start_relationship(
            therapist=self.therapist, kind=self.kind, clients=self.clients.all(), by=by, at=at
        )
        self.sessions.booked().update(relationship=again)

    patch.setattr(Relationship, "restart", restart)
    replace_view({"client.person_id": "client.person_id * 1000000 + session.relationship_id"})


def ended_rows_are_hidden(patch: Patch) -> None:
    """Trap 4: the view of the visits has active relationships only."""
    replace_view({}, join=f"{RELATIONSHIP} AND r.status = 'active'")


def active_clients_are_the_denominator(patch: Patch) -> None:
    """Trap 5: the rate is over the clients there are now."""
    is_counted = sums._is_counted
    patch.setattr(
        sums,
        "_is_counted",
        lambda now: is_counted(now) & Q(client__in=active_people()),
    )


def active_people() -> list[int]:
    """The people who have active work, whoever asks."""
    with owner():
        return [*Client.objects.active().values_list("person_id", flat=True)]


def nobody_asks_about_ended_work(patch: Patch) -> None:
    """Trap 6: attendance is asked for active relationships only."""
    unanswered = SessionQuerySet.unanswered
    patch.setattr(
        SessionQuerySet,
        "unanswered",
        lambda self: unanswered(self).filter(relationship__status="active"),
    )


def figures_are_stored_when_work_ends(patch: Patch) -> None:
    """Trap 7: the End handler works the figures out anew, and the page shows what was stored."""
    stored: dict[int, object] = {}
    figures, end = figures_module.figures, Relationship.end

    def kept(therapist: object, now: datetime) -> object:
        return stored.setdefault(therapist.pk, figures(therapist, now))

    def storing(self: Relationship, **values: object) -> None:
        from django.utils import timezone

        end(self, **values)
        stored[self.therapist_id] = figures(self.therapist, timezone.now())

    patch.setattr(views_module, "figures", kept)
    patch.setattr(Relationship, "end", storing)


def inactive_clients_cannot_be_found(patch: Patch) -> None:
    """Trap 11: looking for somebody leaves out who is hidden, and so breeds duplicates."""
    for name in ("search", "same_person_as"):
        original = getattr(ClientQuerySet, name)
        patch.setattr(
            ClientQuerySet,
            name,
            lambda self, *words, original=original: original(self, *words).active(),
        )


def others_are_compared_by_what_is_active(patch: Patch) -> None:
    """A cousin of trap 5: the installation's figures leave out clients whose work has ended."""

    def everybody() -> QuerySet:
        with owner():
            active = Session.objects.filter(relationship__status="active")
            return original().filter(session__in=[*active.values_list("pk", flat=True)])

    original = figures_module.everybody
    patch.setattr(figures_module, "everybody", everybody)


RELATIONSHIP = "JOIN relationships_relationship r ON r.id = part.relationship_id"


def replace_view(changes: dict[str, str], *, join: str = "") -> None:
    """Make the view of the visits anew, with other columns and with one table more."""
    (drop,), (create,) = statements("profiles", "0001_views", "sqlite")
    for old, new in changes.items():
        assert create.count(old) == 1
        create = create.replace(old, new)
    with connection.cursor() as cursor:
        cursor.execute(drop)
        cursor.execute(
            create.replace("WHERE session.in_figures", f"{join} WHERE session.in_figures")
        )
        if connection.vendor == "postgresql":
            cursor.execute("GRANT SELECT ON profiles_clientvisit TO stillwater_app")


MOVING = [
    ending_cancels_what_is_booked,
    sessions_count_up_to_the_ending,
    restarting_makes_a_new_row,
    ended_rows_are_hidden,
    active_clients_are_the_denominator,
    figures_are_stored_when_work_ends,
    others_are_compared_by_what_is_active,
]
