"""The traps of `docs/domain.md` 6, built as broken variants. Nothing here is part of the product.

Each changes the code for as long as the test that uses it lasts.
"""

from dataclasses import replace
from datetime import datetime

import pytest
from django.db import connection
from django.db.models import QuerySet

from clients.models import ClientQuerySet
from practice.database.operations import statements
from practice.diary.models import Session, SessionQuerySet
from practice.profiles import badges as badges_module
from practice.profiles import figures as figures_module
from practice.profiles import stats as stats_module
from practice.profiles import views as views_module
from practice.profiles.badges import installation
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

    def visits(rows: QuerySet) -> list:
        with owner():
            ended = dict(Session.objects.values_list("pk", "relationship__ended_at"))
            started = dict(Session.objects.values_list("pk", "relationship__started_at"))
        return [
            replace(v, state="booked") if _is_outside(v, started, ended) else v
            for v in original(rows)
        ]

    def _is_outside(visit, started: dict, ended: dict) -> bool:
        last = ended[visit.session]
        return last is not None and (last - started[visit.session]).days > 400

    original = figures_module.visits
    patch.setattr(figures_module, "visits", visits)


def restarting_makes_a_new_row(patch: Patch) -> None:
    """Trap 3: work taken up again is a new relationship, and whoever is in it a new client."""

    def restart(self: Relationship, *, by: object, at: datetime | None = None) -> None:
        again = start_relationship(
            therapist=self.therapist, kind=self.kind, clients=self.clients.all(), by=by, at=at
        )
        self.sessions.booked().update(relationship=again)

    def visits(rows: QuerySet) -> list:
        with owner():
            tie_of = dict(Session.objects.values_list("pk", "relationship"))
        return [replace(v, client=(v.client, tie_of[v.session])) for v in original(rows)]

    original = figures_module.visits
    patch.setattr(Relationship, "restart", restart)
    patch.setattr(figures_module, "visits", visits)


def ended_rows_are_hidden(patch: Patch) -> None:
    """Trap 4: the view of the visits has active relationships only."""
    (drop,), (create,) = statements("profiles", "0001_views", "sqlite")
    only_active = "JOIN relationships_relationship r ON r.id = part.relationship_id AND r.status ="
    with connection.cursor() as cursor:
        cursor.execute(drop)
        cursor.execute(create.rstrip().removesuffix(";") + f" {only_active} 'active'")
        if connection.vendor == "postgresql":
            cursor.execute("GRANT SELECT ON profiles_clientvisit TO stillwater_app")


def active_clients_are_the_denominator(patch: Patch) -> None:
    """Trap 5: the rate is over the clients there are now."""
    from clients.models import Client

    tally = stats_module._tally

    def counted_if_active(client: int, visits: list, now: datetime) -> stats_module.Tally:
        found = tally(client, visits, now)
        is_active = Client.objects.active().filter(pk=client).exists()
        return replace(found, is_counted=found.is_counted and is_active)

    patch.setattr(stats_module, "_tally", counted_if_active)


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

    def together(everybody: list, now: datetime) -> badges_module.Installation:
        with owner():
            active = set(
                Session.objects.filter(relationship__status="active").values_list("pk", flat=True)
            )
        return installation([v for v in everybody if v.session in active], now)

    patch.setattr(figures_module, "installation", together)


MOVING = [
    ending_cancels_what_is_booked,
    sessions_count_up_to_the_ending,
    restarting_makes_a_new_row,
    ended_rows_are_hidden,
    active_clients_are_the_denominator,
    figures_are_stored_when_work_ends,
    others_are_compared_by_what_is_active,
]
