"""What a therapist decides of a relationship that needs attention (`docs/domain.md` 2.10, 2.11).

The app suggests (`needing_attention` of the diary), the therapist decides.
"""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone

from practice.accounts.models import Therapist, User
from practice.audit.models import Entry, Verb
from practice.database.compiled import DAY, MOMENT, CompiledQuery, Given
from practice.diary.models import Session
from relationships.models import Relationship, RelationshipQuerySet
from relationships.models.choices import EndReason
from relationships.models.relationship import NAMED_PARTS, read_people

ASK_AGAIN_AFTER = timedelta(weeks=4)


def with_last_session(
    relationships: RelationshipQuerySet, now: datetime | None = None
) -> RelationshipQuerySet:
    """Return the same, each with when its last session was: `last_session`.

    That one alone, by a look at an index of the relationship's: some have had hundreds.
    """
    held = Session.objects.filter(relationship=OuterRef("pk")).held(now)
    return relationships.annotate(last_session=Subquery(held.values("starts_at")[:1]))


def _waiting(given: Given) -> RelationshipQuerySet:
    own = Session.objects.filter(therapist=given("therapist"))
    waiting = own.none_since(given("since", MOMENT), given("therapist"), given("today", DAY))
    return with_last_session(waiting.with_last_event(), given("now", MOMENT)).order_by("pk")


WAITING = CompiledQuery(_waiting)


def waiting(therapist: Therapist, now: datetime, limits: tuple[int, int]) -> list[Relationship]:
    """Return those that `needing_attention` is, from one number to before another, by two queries.

    Each with its last event and session, and with what its people are called.
    """
    found = WAITING.instances(
        therapist=therapist.pk,
        since=now - timedelta(weeks=therapist.tidy_up_weeks),
        today=timezone.localdate(now),
        now=now,
        limits=limits,
    )
    return read_people(found, NAMED_PARTS)


def not_yet(relationship: Relationship, today: date, by: User) -> bool:
    """Put the question off for four weeks; answer whether it was still active, as it was read."""
    present = Relationship.objects.active().as_read(relationship)
    return _note(present, relationship, by, ask_again_on=today + ASK_AGAIN_AFTER)


def take_a_break(relationship: Relationship, until: date, by: User) -> bool:
    """Note a break until a day; answer whether it was still active, as it was read."""
    present = Relationship.objects.active().as_read(relationship)
    return _note(present, relationship, by, on_break_until=until)


def plan_end(relationship: Relationship, day: date | None, by: User) -> bool:
    """Note the day of the last session, or none; answer whether it is still active."""
    present = Relationship.objects.active().filter(pk=relationship.pk)
    return _note(present, relationship, by, planned_end=day)


def end(relationship: Relationship, reason: EndReason, by: User) -> bool:
    """End a relationship of the list; answer whether it was still active, as it was read."""
    try:
        relationship.end(by=by, reason=reason, if_unchanged=True)
    except (Relationship.AlreadyDone, Relationship.Changed):
        return False
    return True


@transaction.atomic
def _note(
    present: RelationshipQuerySet, relationship: Relationship, by: User, **note: date | None
) -> bool:
    is_done = bool(present.update(**note))
    if is_done:
        therapist = relationship.therapist_id
        Entry.record(Verb.PLANS_NOTED, by=by, therapist=therapist, about=relationship)
    return is_done
