"""What allauth, Django and the layer below report, and the audit writes down."""

from typing import Any

from allauth.account import signals as account
from django.apps import apps
from django.contrib.auth import signals as django
from django.db.models.signals import post_save
from django.http import HttpRequest

from practice.accounts import signals as own
from practice.accounts.models import Therapist, User
from practice.audit.models import Entry, Verb


def connect() -> None:
    """Listen; called once, when the apps are ready."""
    django.user_logged_in.connect(signed_in)
    django.user_logged_out.connect(signed_out)
    django.user_login_failed.connect(sign_in_failed)
    for changed in (account.password_changed, account.password_set, account.password_reset):
        changed.connect(password_changed)
    own.time_zone_changed.connect(time_zone_changed)
    own.therapist_added.connect(therapist_added)
    if apps.is_installed("allauth.mfa"):
        from allauth.mfa.signals import authenticator_removed  # noqa: PLC0415 - where it is there

        # allauth's own signal for this comes after the transaction.
        post_save.connect(second_factor_added, sender="mfa.Authenticator")
        authenticator_removed.connect(second_factor_removed)


def signed_in(user: User, **signal: Any) -> None:
    _record(Verb.SIGNED_IN, user)


def signed_out(user: User | None, **signal: Any) -> None:
    if user is not None:
        _record(Verb.SIGNED_OUT, user)


def sign_in_failed(credentials: dict, request: HttpRequest | None = None, **signal: Any) -> None:
    """Nobody signed in; whose account it was to be is kept, what was typed is not."""
    typed = credentials.get("email") or credentials.get("username") or ""
    meant = User.objects.filter(email=typed.strip().lower()).values_list("pk", flat=True).first()
    about = f"account:{meant}" if meant else ""
    Entry.record(Verb.SIGN_IN_FAILED, by=None, therapist=None, about=about, outcome="refused")


def password_changed(user: User, **signal: Any) -> None:
    _record(Verb.PASSWORD_CHANGED, user)


def second_factor_added(instance: Any, created: bool, **signal: Any) -> None:
    """An app, a passkey, or new recovery codes; using one changes its row and adds none."""
    if created:
        _record(Verb.SECOND_FACTOR_ADDED, instance.user)


def second_factor_removed(user: User, **signal: Any) -> None:
    _record(Verb.SECOND_FACTOR_REMOVED, user)


def time_zone_changed(user: User, **signal: Any) -> None:
    _record(Verb.SETTINGS_CHANGED, user, outcome="time zone")


def therapist_added(therapist: Therapist, **signal: Any) -> None:
    about = f"therapist:{therapist.public_id}"
    Entry.record(Verb.THERAPIST_ADDED, by=None, therapist=therapist, about=about)


def _record(verb: Verb, user: User, outcome: str = "done") -> None:
    Entry.record(verb, by=user, therapist=None, about=f"account:{user.pk}", outcome=outcome)
