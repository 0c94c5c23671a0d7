"""A new therapist, whom whoever runs the service adds by a command."""

from datetime import datetime, timedelta

from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.text import slugify

from practice.accounts.models import Therapist, User
from practice.accounts.signals import therapist_added
from practice.text.plain_text import one_line
from practice.text.time_zones import canonical


class InvitationTokens(PasswordResetTokenGenerator):
    """Those of a forgotten password, dated ahead, so that they work for `VALID_FOR`.

    So the same page takes them, once: with the first password that is chosen they are over.
    """

    VALID_FOR = timedelta(days=7)

    def _now(self) -> datetime:
        usual = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
        return super()._now() + self.VALID_FOR - usual


def new_therapist(name: str, email: str, time_zone: str) -> Therapist:
    """Return a therapist with an account, neither saved yet.

    Raises:
        CommandError: something about them cannot be; the text says what.
    """
    name, email = one_line(name), one_line(email)
    user = User(email=email.lower())
    therapist = Therapist(user=user, name=name)
    therapist.slug = slugify(name) or f"therapist-{therapist.public_id}"
    try:
        user.time_zone = canonical(time_zone)
        user.clean_fields(exclude=["password"])
        therapist.clean_fields(exclude=["user"])
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
    if User.objects.filter(email=user.email).exists():
        raise CommandError(f"There is an account for {user.email} already.")
    if Therapist.objects.filter(slug=therapist.slug).exists():
        therapist.slug = f"{therapist.slug}-{therapist.public_id[:4]}"
    return therapist


def save(therapist: Therapist) -> None:
    """Save a new therapist with their account, and record that they were added.

    Raises:
        CommandError: somebody took the address a moment ago.
    """
    user = therapist.user
    try:
        with transaction.atomic():
            user.save()
            therapist.user = user
            therapist.save()
            therapist_added.send(Therapist, therapist=therapist)
    except IntegrityError:
        raise CommandError(f"There is an account for {user.email} already.") from None


def link_for(user: User) -> str:
    """Return the address at which a therapist chooses their first password.

    Raises:
        CommandError: nobody has said where the service is.
    """
    if not settings.SITE_URL:
        raise CommandError("Set SITE_URL: the link has to lead to the service.")
    key = {"uidb36": user_pk_to_url_str(user), "key": InvitationTokens().make_token(user)}
    return settings.SITE_URL + reverse("account_reset_password_from_key", kwargs=key)
