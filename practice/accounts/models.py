"""Who signs in."""

from importlib import import_module
from typing import Any, Self

from django.apps import apps
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import IntegrityError, models, transaction
from django.db.models.functions import Lower
from django.utils import timezone

from practice.accounts.passwords import normalized
from practice.accounts.signals import account_claimed
from practice.database.public_ids import PublicIdField
from practice.text.person_names import no_control_characters
from practice.text.places import LENGTH, validate_place
from practice.text.spoken import first_name
from practice.text.time_zones import validate_time_zone

ERASED = "@erased.invalid"  # nobody has such an address


class UserManager(BaseUserManager["User"]):
    """Makes accounts."""

    def create_user(self, email: str, password: str | None = None) -> "User":
        """Create an account; without a password nobody can sign in to it yet."""
        user = self.model(email=email.strip().lower())
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email=(email or "").strip().lower())


class User(AbstractBaseUser):
    """An account: somebody who signs in by e-mail, as a therapist, a client, or both."""

    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    # In which the owner reads all times, and a therapist works. Empty until they, or the first
    # record that is linked to the account, say which.
    time_zone = models.CharField(max_length=64, blank=True, validators=[validate_time_zone])
    # As the owner calls themselves and is reached, where they say so in their account. What their
    # therapists have noted of them is in `Client`, and stays the therapists' own.
    name = models.CharField(max_length=120, blank=True, validators=[no_control_characters])
    phone = models.CharField(max_length=40, blank=True, validators=[no_control_characters])
    created_at = models.DateTimeField(auto_now_add=True)
    # Since when it is known that the mail of the address is read by whoever signs in.
    email_verified_at = models.DateTimeField(null=True, editable=False)

    class EmailTaken(Exception):
        """Another account has the address."""

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="email_is_folded")
        ]

    def __str__(self) -> str:
        return self.email

    def close(self) -> None:
        """Close the account for good and forget whose it was: nobody can sign in to it again.

        The row stays without an address, because sessions of others were booked by it. What belongs
        to the account alone (addresses, second factors, open sessions) goes.
        """
        self.sign_out_everywhere()
        self._delete_belongings()
        self.email, self.is_active = f"erased-{self.pk}{ERASED}", False
        self.set_unusable_password()
        self.last_login = None
        self.time_zone = self.name = self.phone = ""
        self.save()

    @transaction.atomic
    def disable(self) -> None:
        """Let nobody sign in any more, and sign out who is; nothing is deleted."""
        self.is_active = False
        User.objects.filter(pk=self.pk).update(is_active=False)
        self.sign_out_everywhere()

    def enable(self) -> bool:
        """Let its owner sign in again; return whether that was done: not if it was erased."""
        disabled = User.objects.filter(pk=self.pk, is_active=False)
        return disabled.exclude(email__endswith=ERASED).update(is_active=True) == 1

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password and normalized(raw_password))

    def check_password(self, raw_password: str) -> bool:
        return super().check_password(normalized(raw_password))

    @transaction.atomic
    def claim(self, password: str, *, session_key: str | None = None) -> None:
        """Hand the account to the owner of its address, who has just shown that they are.

        It gets a new password, and everybody is signed out, but for the session of `session_key`.
        As long as nobody had shown it, what was added may be anybody's: with the first proof
        second factors, name and phone go, and whoever listens to `account_claimed` takes away the
        rest.
        """
        if self.email_verified_at is None:
            # Records are locked before their account. Whoever links one meanwhile locks it, too:
            # what they linked is found the second time.
            account_claimed.send(User, user=self)
            self.verify_email()
            account_claimed.send(User, user=self)
            self._delete_belongings()
            self.name = self.phone = ""
        self.set_password(password)
        self.save(update_fields=["password", "name", "phone"])
        self.sign_out_everywhere(but=session_key)

    @transaction.atomic
    def change_email(self, new: str) -> bool:
        """Sign in with this address from now on; that its mail is read by the owner is known.

        Return whether it was done: not if the account has another address or password by now.

        Raises:
            User.EmailTaken: another account has the address.
        """
        as_read = User.objects.filter(pk=self.pk, email=self.email, password=self.password)
        try:
            with transaction.atomic():
                changed = as_read.update(email=new, email_verified_at=timezone.now())
        except IntegrityError:
            raise self.EmailTaken from None
        # What allauth may keep beside the account would lead the old address to it.
        apps.get_model("account", "EmailAddress")._base_manager.filter(user=self).delete()
        return changed == 1

    def verify_email(self) -> None:
        """Note that the mail of the address is read by its owner."""
        self.email_verified_at = timezone.now()
        unverified = User.objects.filter(pk=self.pk, email=self.email, email_verified_at=None)
        unverified.update(email_verified_at=self.email_verified_at)

    def _delete_belongings(self) -> None:
        """Delete what belongs to the account alone: addresses, second factors, devices."""
        for relation in self._meta.related_objects:
            if relation.on_delete is models.CASCADE:
                belongings: Any = relation.related_model
                belongings._base_manager.filter(**{relation.field.name: self}).delete()

    def sign_out_everywhere(self, *, but: str | None = None) -> None:
        """End every session of this account, and every sign-in to it that has begun."""
        BrowserSession.objects.filter(account_id=self.pk).exclude(pk=but).delete()


class BrowserSession(AbstractBaseSession):
    """What the server remembers of a browser until it signs out, and whose it is.

    So ending an account's sessions reads nobody else's. Django's own way of extending sessions in
    the database: a model with a column more, and its store.
    """

    # The account that it is signed in to, or has begun to sign in to. It may be gone by now.
    account_id = models.BigIntegerField(null=True, db_index=True)

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        return import_module(settings.SESSION_ENGINE).SessionStore


class Therapist(models.Model):
    """A therapist of this installation. Owns everything that carries `therapist`."""

    user = models.OneToOneField(User, models.PROTECT, related_name="therapist")
    public_id = PublicIdField()
    name = models.CharField(max_length=120, validators=[no_control_characters])
    slug = models.SlugField(max_length=80, unique=True)
    # After so many weeks without a session a relationship is on the tidy-up list.
    tidy_up_weeks = models.PositiveSmallIntegerField(
        default=12, validators=[MinValueValidator(4), MaxValueValidator(104)]
    )

    def __str__(self) -> str:
        return self.name

    @property
    def time_zone(self) -> str:
        """The zone of their account, on whose clock working hours are kept; an IANA name."""
        return self.user.time_zone or settings.TIME_ZONE

    @property
    def first_name(self) -> str:
        """What their clients call them; the whole name, which is public, where it does not tell."""
        return first_name(self.name) or self.name

    @classmethod
    def lock(cls, pk: int) -> Self:
        """Lock a therapist's row until the end of the transaction: their diary and their hours.

        Whoever puts something into a diary does so first, and so they take turns. Return the row.
        """
        return cls.objects.select_for_update(no_key=True).get(pk=pk)


class Contact(models.Model):
    """How a therapist's clients reach them, each part optional.

    It is for their clients alone, unless the therapist's profile shows it to visitors, too. The
    place is never shown there: it stands beside sessions.
    """

    therapist = models.OneToOneField(Therapist, models.CASCADE, related_name="contact")
    email = models.EmailField("Email address", blank=True)
    phone = models.CharField(max_length=40, blank=True, validators=[no_control_characters])
    # Where sessions take place unless said otherwise: a place, or the https link of a meeting.
    place = models.CharField(
        max_length=LENGTH, blank=True, validators=[no_control_characters, validate_place]
    )

    def __str__(self) -> str:
        return f"Contact of {self.therapist}"
