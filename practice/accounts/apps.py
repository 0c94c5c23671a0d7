from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "practice.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Let a session begin when somebody signs in."""
        from allauth.account.signals import (  # noqa: PLC0415 - models come first
            authentication_step_completed,
        )
        from django.contrib.auth.signals import user_logged_in  # noqa: PLC0415

        from practice.accounts.signed_in import begin, begin_anew  # noqa: PLC0415

        user_logged_in.connect(begin, dispatch_uid="limits")
        authentication_step_completed.connect(begin_anew, dispatch_uid="limits")
