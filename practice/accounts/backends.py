"""Signing in."""

from allauth.account.auth_backends import AuthenticationBackend

from practice.accounts.models import User


class EmailBackend(AuthenticationBackend):
    """allauth's sign-in by e-mail; the account comes with its therapist in one query."""

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.select_related("therapist").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None
