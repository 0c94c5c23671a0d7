"""Who signs in."""

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.models import Session as BrowserSession
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower

from practice.database.public_ids import PublicIdField
from practice.text.person_names import no_control_characters
from practice.text.spoken_names import first_name
from practice.text.spoken_times import validate_time_zone


class UserManager(BaseUserManager):
    """Makes accounts."""

    def create_user(self, email: str, password: str | None = None) -> "User":
        """Create an account; without a password nobody can sign in to it yet."""
        user = self.model(email=email.strip().lower())
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, email: str) -> "User":
        return self.get(email=email.strip().lower())


class User(AbstractBaseUser):
    """An account: somebody who signs in by e-mail, as a therapist, a client, or both."""

    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

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
        own = [kept.pk for kept in BrowserSession.objects.iterator() if self._is_in(kept)]
        BrowserSession.objects.filter(pk__in=own).delete()
        for relation in self._meta.related_objects:
            if relation.on_delete is models.CASCADE:
                relation.related_model._base_manager.filter(**{relation.field.name: self}).delete()
        self.email, self.is_active = f"erased-{self.pk}@erased.invalid", False
        self.set_unusable_password()
        self.last_login = None
        self.save()

    def _is_in(self, kept: BrowserSession) -> bool:
        """Whether it is this account that a browser is signed in to, or has begun to sign in to."""
        facts = kept.get_decoded()
        account = facts.get(SESSION_KEY)
        return account == str(self.pk) if account else self.email in str(facts)


class Therapist(models.Model):
    """A therapist of this installation. Owns everything that carries `therapist`."""

    user = models.OneToOneField(User, models.PROTECT, related_name="therapist")
    public_id = PublicIdField()
    name = models.CharField(max_length=120, validators=[no_control_characters])
    slug = models.SlugField(max_length=80, unique=True)
    time_zone = models.CharField(
        max_length=64, default="Europe/London", validators=[validate_time_zone]
    )
    # After so many weeks without a session a relationship is on the tidy-up list.
    tidy_up_weeks = models.PositiveSmallIntegerField(
        default=12, validators=[MinValueValidator(4), MaxValueValidator(104)]
    )

    def __str__(self) -> str:
        return self.name

    @property
    def first_name(self) -> str:
        """What their clients call them; the whole name, which is public, where it does not tell."""
        return first_name(self.name) or self.name
