"""What a client may know of their relationships and sessions, and nothing else.

Pages of clients are given these frozen values, never a model instance: the reason of an ending, the
private note and other people's full names have no way to them (`docs/domain.md` 2.4). A therapist's
page of a session shows the same values, with the therapist as their reader. Whether somebody came
is nobody else's business: of a session of several people each reads what became of it for them.
Whoever checks what clients can know reads this one module, which is longer than others for that.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, QuerySet, Value, prefetch_related_objects
from django.utils import timezone

from clients.models import Client, ClientQuerySet, person_ids
from practice.accounts.models import Therapist, User
from practice.booking.models import LONGEST_BOOKED, BookingRules
from practice.database.compiled import MOMENT, CompiledQuery, Given, padded, set_related
from practice.diary.models import Session, SessionQuerySet
from practice.text.spoken import in_words, initials
from relationships.models import Kind, Relationship, RelationshipQuerySet, read_people

UNREAD = ("therapist__profile__photo", "therapist__profile__about")  # large, and on no card


@dataclass(frozen=True)
class Reach:
    """How a therapist is reached by their clients; each part may be empty."""

    email: str = ""
    phone: str = ""

    def __bool__(self) -> bool:
        return bool(self.email or self.phone)

    @classmethod
    def of(cls, therapist: Therapist) -> "Reach":
        contact = getattr(therapist, "contact", None)  # there may be none
        return cls(contact.email, contact.phone) if contact else cls()


@dataclass(frozen=True)
class Card:
    """One relationship of a client. The fee is in whole pounds, None without one.

    `for_whom` names its own people where one account is that of several, a parent's and a child's.
    `left_at` is when they left it: it is then no longer theirs, whatever became of it.
    `names_kind` says that the note of an ending names the kind, because its therapist has several.
    `is_quiet` marks work that ended because a client died: no note, no invitation to book. Nor can
    anybody book where somebody who took part has been erased.
    """

    public_id: str
    therapist: str
    therapist_first_name: str
    kind: str
    others: str
    for_whom: str
    profile_slug: str
    fee: int | None
    reach: Reach
    ended_at: datetime | None
    left_at: datetime | None
    is_quiet: bool
    can_book: bool
    names_kind: bool = False

    @property
    def initials(self) -> str:
        return initials(self.therapist)


def cards(records: Iterable[Client]) -> list[Card]:
    """Return the cards of an account, whose client records these are; active ones first."""
    records = list(records)
    return cards_of(work_of(records), records)


def work_of(records: list[Client]) -> list[Relationship]:
    """Return the work of an account, whose client records these are, with what cards show."""
    return read_people(WORK.instances(people=sorted(person_ids(records))))


def shown_with_therapist(people: Any) -> RelationshipQuerySet:
    """Ask for work of some people, by their numbers, with what a card says of its therapist."""
    return _with_therapist(Relationship.objects.shown_to_people(people))


def bookable_by(people: Any) -> RelationshipQuerySet:
    """Ask for the work in which some people can book, by their numbers, with its therapist."""
    present = Relationship.objects.at_present_of(people).for_people(people)
    bookable = present.filter(is_quiet=False, is_closed=False)
    # What is quiet has been left out: PostgreSQL would work it out a second time.
    return _with_therapist(bookable).annotate(is_quiet=Value(False))


def _with_therapist(work: RelationshipQuerySet) -> RelationshipQuerySet:
    read = (f"therapist__{name}" for name in ("user", "profile", "contact", "booking_rules"))
    return work.select_related(*read).defer(*UNREAD)


WORK = CompiledQuery(lambda given: shown_with_therapist(given("people")).in_order())


def cards_of(work: list[Any], records: list[Client]) -> list[Card]:
    """Return the cards of some work of an account (`work_of`), whose client records these are."""
    shared = _with_several((record.therapist_id, record.person_id) for record in records)
    kinds = _with_several((r.therapist_id, r.kind) for r in work)
    found: list[Card] = []
    reached: set[int] = set()  # how a therapist is reached stands on the first of their cards
    for r in work:
        is_told = r.is_quiet or r.therapist_id in reached
        reach = Reach() if is_told else Reach.of(r.therapist)
        if reach:
            reached.add(r.therapist_id)
        card = _card(r, records, shared, reach=reach, is_quiet=r.is_quiet)
        found.append(replace(card, names_kind=r.therapist_id in kinds))
    return sorted(found, key=lambda card: bool(card.left_at or card.ended_at))


def _with_several(pairs: Iterable[tuple[int, object]]) -> set[int]:
    """Return the therapists who stand in several different pairs: with several people, or kinds."""
    number = Counter(therapist_id for therapist_id, _ in set(pairs))
    return {therapist_id for therapist_id, several in number.items() if several > 1}


def _card(  # long, because every value that a client gets to see is named here
    relationship: Relationship,
    records: list[Client],
    shared: set[int],
    *,
    reach: Reach,
    is_quiet: bool,
) -> Card:
    therapist = relationship.therapist
    own_ids = person_ids(records)
    own = [person for person in relationship.everybody if person.pk in own_ids]
    gone = dict(relationship.left)
    moments = [gone[person] for person in own if person in gone]
    left_at = max(moments) if own and len(moments) == len(own) else None
    people = [p for p in relationship.beside(own, left_at) if not p.is_erased]
    has_public_page = hasattr(therapist, "profile") and therapist.profile.is_published
    return Card(
        public_id=relationship.public_id,
        therapist=therapist.name,
        therapist_first_name=therapist.first_name,
        kind=relationship.get_kind_display(),
        others=in_words(person.first_name for person in people if person not in own),
        for_whom=in_words(p.first_name for p in own) if therapist.pk in shared else "",
        profile_slug=therapist.slug if has_public_page else "",
        fee=fee(therapist, relationship.kind),
        reach=reach,
        ended_at=None if left_at else relationship.ended_at,
        left_at=left_at,
        is_quiet=is_quiet,
        can_book=not is_quiet and not relationship.is_closed and not left_at,
    )


def fee(therapist: Therapist, kind: str) -> int | None:
    """Return what a session of this kind costs, in whole pounds; None where no fee is named."""
    if not hasattr(therapist, "profile"):
        return None
    profile = therapist.profile
    return {
        Kind.INDIVIDUAL: profile.fee_individual,
        Kind.COUPLES: profile.fee_couples,
        Kind.FAMILY: profile.fee_family,
        Kind.GROUP: profile.fee_group,
    }[Kind(kind)]


@dataclass(frozen=True)
class Change:
    """When a session was booked, moved or cancelled, by whom, and whether for the client."""

    at: datetime
    by: str
    for_client: bool = False


@dataclass(frozen=True)
class SessionDetails:
    """One session, as the person reading sees it. The fee is in whole pounds.

    A client may move it until `move_until`, or not at all (None).
    """

    public_id: str
    starts_at: datetime
    ends_at: datetime
    state: str
    state_label: str
    is_upcoming: bool
    has_begun: bool
    is_short_notice: bool
    therapist: str
    therapist_first_name: str
    therapist_time_zone: str
    kind: str
    others: str
    for_whom: str
    relationship_ended_at: datetime | None
    booked: Change
    moved: Change | None
    moved_from: datetime | None
    move_until: datetime | None
    cancelled: Change | None
    complimentary: bool
    fee: int | None
    place: str
    reach: Reach

    @property
    def can_be_moved(self) -> bool:
        """Whether a client may still move it to a free time."""
        return self.is_upcoming and bool(self.move_until and self.move_until > timezone.now())

    @property
    def ended_since(self) -> datetime | None:
        """When its work ended; nothing of a session that was booked after that."""
        ended_at = self.relationship_ended_at
        return ended_at if ended_at and ended_at >= self.booked.at else None


def _move_until(session: Session) -> datetime | None:
    """Return until when a client may move a session; None where they may not.

    They need the notice of whoever books: what they give back can still be booked by somebody.
    """
    if session.relationship.is_closed or session.length > LONGEST_BOOKED:
        return None
    rules = getattr(session.therapist, "booking_rules", None) or BookingRules()
    return session.starts_at - timedelta(hours=rules.notice_hours)


def with_details(sessions: SessionQuerySet) -> SessionQuerySet:
    """Return the same sessions with all that `details` reads, in a constant number of queries."""
    with_profile = sessions.with_people().select_related(
        *("therapist__profile", "therapist__contact", "therapist__user"),
        "therapist__booking_rules",
    )
    client = "relationship__participations__client"
    with_accounts = with_profile.prefetch_related(  # of all records of everybody
        f"{client}__merged_records", f"{client}__merged_into__merged_records", "attendances"
    )
    return with_accounts.defer("therapist__profile__photo")


def details_of_all(sessions: Iterable[Session], reader: User) -> list[SessionDetails]:
    """Return the details of several sessions, read from the database here and now."""
    shared = shared_by(reader)
    return [details(session, reader, shared) for session in sessions]


def _sessions(given: Given) -> SessionQuerySet:
    """Ask for the sessions of an account's work in which whoever it is for takes part."""
    of_work = Session.objects.filter(relationship__pk__in=given("work"))
    return of_work.of_person_ids(given("people"))


def _held(given: Given) -> QuerySet:
    """Ask how many took place with each therapist, and when the first of them began."""
    of_each = _sessions(given).held(given("now", MOMENT)).order_by().values("therapist")
    counted = of_each.annotate(number=Count("pk"), first=Min("starts_at"))
    return counted.values_list("number", "first")


UPCOMING = CompiledQuery(lambda given: _sessions(given).upcoming(given("now", MOMENT))[:10])
HELD = CompiledQuery(_held)


def next_sessions(work: Iterable[Any], records: list[Client], now: datetime) -> list[Session]:
    """Return the next ten sessions of some work of an account (`work_of`)."""
    found: list[Session] = UPCOMING.instances(**_of_account(work, records), now=now)
    return found


def held_of(
    work: Iterable[Any], records: list[Client], now: datetime
) -> tuple[int, datetime | None]:
    """Return how many sessions of this work took place, and when the first of them began."""
    held = HELD.rows(**_of_account(work, records), now=now)
    first = min((first for _, first in held), default=None)
    return sum(number for number, _ in held), first


def _of_account(work: Iterable[Any], records: list[Client]) -> dict[str, Any]:
    people = padded(sorted(person_ids(records)))
    return {"work": padded([one.pk for one in work]), "people": people}


def details_in(
    work: Iterable[Any], sessions: Iterable[Session], reader: User, records: list[Client]
) -> list[SessionDetails]:
    """Return the details of sessions of some work of an account, which is there already."""
    of_pk, sessions = {one.pk: one for one in work}, list(sessions)
    for session in sessions:
        session.relationship = of_pk[session.relationship_id]
        session.therapist = session.relationship.therapist
    _read_merged_records([person for session in sessions for person in session.people])
    prefetch_related_objects([one for one in sessions if one.number_missed], "attendances")
    shared = _with_several((record.therapist_id, record.person_id) for record in records)
    return [
        details(session, reader, shared, is_quiet=of_pk[session.relationship_id].is_quiet)
        for session in sessions
    ]


def _merged(given: Given) -> ClientQuerySet:
    # Found by whose records they are: that hardly any is merged SQLite takes for a reason to read
    # all of them.
    return Client.objects.filter(person_id__in=given("people")).exclude(merged_into=None)


MERGED = CompiledQuery(_merged)


def _read_merged_records(people: Collection[Client]) -> None:
    """Have the records ready that are merged into those of these people."""
    merged = MERGED.instances(people=padded(sorted({person.pk for person in people})))
    for person in people:
        of_person = [record for record in merged if record.merged_into_id == person.pk]
        set_related(person, "merged_records", of_person)


def shared_by(reader: User) -> set[int]:
    """Return the therapists of whom a client's account is that of several people."""
    return _with_several(reader.clients.values_list("therapist", "person_id"))


def details(  # long, because every value that a client gets to see is named here
    session: Session, reader: User, shared: Collection[int] = (), *, is_quiet: bool = False
) -> SessionDetails:
    """Return the details of a session for somebody who takes part in it.

    Where the reader's account is that of several people (`shared_by`), they say for whom it is.
    With `is_quiet`, because a client died, nothing is said of an ending (`docs/domain.md` 2.5).
    """
    relationship, therapist = session.relationship, session.therapist
    is_therapist = reader.pk == therapist.user_id
    people = [p for p in session.people if is_therapist or not p.is_erased]
    own = [p for p in people if reader.pk in p.accounts]
    accounts = {account for p in people for account in p.accounts}
    names = {by: in_words(p.first_name for p in people if by in p.accounts) for by in accounts}
    names |= {therapist.user_id: therapist.first_name, reader.pk: "you"}

    def change(at: datetime | None, by: int | None, *, for_client: bool = False) -> Change | None:
        return Change(at, names.get(by, "") if by else "", for_client) if at else None

    # Nobody asks whoever moves or cancels for themselves.
    move_asked = session.moved_for_client and session.moved_by_id == therapist.user_id
    asked = session.cancelled_for_client and session.cancelled_by_id == therapist.user_id
    state = Session.State(session.state if is_therapist else session.state_for(own))
    return SessionDetails(
        public_id=session.public_id,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        state=state,
        state_label=state.label,
        is_upcoming=session.is_upcoming,
        has_begun=session.has_begun,
        is_short_notice=session.is_short_notice,
        therapist=therapist.name,
        therapist_first_name=therapist.first_name,
        therapist_time_zone=therapist.time_zone,
        kind=relationship.get_kind_display(),
        others=in_words(p.first_name for p in people if p not in own),
        for_whom=in_words(p.first_name for p in own) if therapist.pk in shared else "",
        relationship_ended_at=None if is_quiet else relationship.ended_at,
        booked=Change(session.booked_at, names.get(session.booked_by_id, "")),
        moved=change(session.moved_at, session.moved_by_id, for_client=move_asked),
        moved_from=session.moved_from,
        move_until=None if is_quiet else _move_until(session),
        cancelled=change(session.cancelled_at, session.cancelled_by_id, for_client=asked),
        complimentary=session.complimentary,
        fee=fee(therapist, relationship.kind),
        place=session.place,
        reach=Reach() if is_quiet else Reach.of(therapist),
    )
