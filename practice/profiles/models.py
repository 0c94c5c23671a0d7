"""What a therapist tells the public, and what figures are made of."""

from datetime import UTC, datetime
from typing import Self

from django.core.validators import MaxValueValidator
from django.db import models

from practice.accounts.models import Therapist
from practice.database.compiled import TEXT, CompiledQuery, Given
from practice.text.person_names import (
    FoldedField,
    matches,
    no_control_characters,
    no_control_characters_but_lines,
    search_text,
)

MOST_POUNDS = 9999


class ProfileQuerySet(models.QuerySet):
    """Profiles, as the public sees them."""

    def published(self) -> "ProfileQuerySet":
        return self.filter(is_published=True)

    def search(self, text: str) -> "ProfileQuerySet":
        """Profiles of which every word of `text` begins a word of name, headline or speciality."""
        return self.filter(matches(text))


def _fee(kind: str) -> models.PositiveSmallIntegerField:
    """A fee in whole pounds, if there is one."""
    most = [MaxValueValidator(MOST_POUNDS)]
    return models.PositiveSmallIntegerField(kind, null=True, blank=True, validators=most)


class Profile(models.Model):
    """The public page of a therapist; nobody else sees it until it is published."""

    therapist = models.OneToOneField(Therapist, models.CASCADE, related_name="profile")
    is_published = models.BooleanField("Show my profile to everybody", default=False)
    # What their clients read of `Contact`, for whoever is not a client yet.
    shows_contact = models.BooleanField("Show visitors how to reach me", default=False)
    headline = models.CharField(max_length=120, blank=True, validators=[no_control_characters])
    about = models.TextField(
        max_length=4000, blank=True, validators=[no_control_characters_but_lines]
    )
    specialities = models.CharField(max_length=300, blank=True, validators=[no_control_characters])
    languages = models.CharField(max_length=120, blank=True, validators=[no_control_characters])
    fee_individual = _fee("Individual")
    fee_couples = _fee("Couples")
    fee_family = _fee("Family")
    fee_group = _fee("Group")
    photo = models.BinaryField(blank=True, default=b"")
    sort_name = FoldedField(of=("name",), max_length=240)
    search_text = FoldedField(
        of=("name", "headline", "specialities", "languages"), make=search_text
    )

    objects = ProfileQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Profile of {self.therapist}"

    @classmethod
    def visible_to(cls, reader: Therapist | None, slug: str) -> Self | None:
        """Return what a reader may see: published, or their own; with the therapist's contact."""
        found: list[Self] = VISIBLE.instances(slug=slug, reader=reader.pk if reader else NOBODY)
        return found[0] if found else None

    @property
    def name(self) -> str:
        return self.therapist.name

    @property
    def fees(self) -> list[tuple[str, int]]:
        """Return (kind, whole pounds) of each fee that is set."""
        fees = [
            ("Individual", self.fee_individual),
            ("Couples", self.fee_couples),
            ("Family", self.fee_family),
            ("Group", self.fee_group),
        ]
        return [(label, fee) for label, fee in fees if fee is not None]


def _visible(given: Given) -> ProfileQuerySet:
    visible = Profile.objects.published() | Profile.objects.filter(therapist=given("reader"))
    of_slug = visible.filter(therapist__slug=given("slug", TEXT))
    return of_slug.select_related("therapist__user", "therapist__contact")


VISIBLE, NOBODY = CompiledQuery(_visible), 0  # no therapist's id


class ClientVisit(models.Model):
    """One client's part in one session of a therapist: a view, for the figures (`visits.py`).

    It has numbers and moments, and nothing of the relationship.
    """

    pk = models.CompositePrimaryKey("session", "part")
    session = models.BigIntegerField()
    part = models.BigIntegerField()
    therapist = models.ForeignKey(Therapist, models.DO_NOTHING, related_name="visits")
    client = models.BigIntegerField()
    starts_at = models.DateTimeField()
    state = models.CharField(max_length=9)
    complimentary = models.BooleanField()
    booked_at = models.DateTimeField()
    moved_by_therapist_at = models.DateTimeField(null=True)
    cancelled_by_therapist_at = models.DateTimeField(null=True)

    class Meta:
        managed = False

    def __str__(self) -> str:
        return f"{self.client} in {self.session}"


class Booking(models.Model):
    """A session of a therapist: a view, for the figures (`migrations/0001_bookings.sql`)."""

    therapist = models.ForeignKey(Therapist, models.DO_NOTHING, related_name="bookings")
    starts_at = models.DateTimeField()
    state = models.CharField(max_length=9)
    booked_at = models.DateTimeField()
    moved_by_therapist_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancelled_for_client = models.BooleanField()

    class Meta:
        managed = False

    def __str__(self) -> str:
        return f"{self.booked_at}"


NEVER = datetime(9999, 12, 31, tzinfo=UTC)


class Numbers(models.Model):
    """What is added up over clients; what the names mean is said in `stats.py`."""

    booked = models.PositiveIntegerField(default=0)  # clients who have booked
    clients = models.PositiveIntegerField(default=0)
    counted = models.PositiveIntegerField(default=0)
    returned = models.PositiveIntegerField(default=0)
    visits_of_returned = models.PositiveIntegerField(default=0)
    sessions_held = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.clients} clients, {self.sessions_held} sessions"


NUMBERS = tuple(field.name for field in Numbers._meta.fields)


class ClientNumbers(Numbers):
    """One client's part in the numbers of their therapist, as of the last settling (`settling.py`).

    From `settled_at` on it holds, unless something of the client is changed: then the database sets
    it to `NEVER` (`migrations/0001_numbers.*.sql`), and it is worked out anew whenever it is asked
    for, until it is settled again.
    """

    therapist = models.ForeignKey(
        Therapist, models.CASCADE, related_name="numbers_of_clients", db_index=False
    )
    client = models.BigIntegerField(unique=True)  # of which person, as in `ClientVisit`
    settled_at = models.DateTimeField(default=NEVER)

    class Meta:
        indexes = [models.Index(fields=["therapist", "settled_at"], name="numbers_settled")]


class TherapistNumbers(Numbers):
    """The sum of the numbers of a therapist's clients, as of the last settling."""

    therapist = models.OneToOneField(Therapist, models.CASCADE, related_name="numbers")
