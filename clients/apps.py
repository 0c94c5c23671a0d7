from django.apps import AppConfig


class ClientsConfig(AppConfig):
    name = "clients"

    def ready(self) -> None:
        """Listen to what happens to accounts."""
        from clients.signals import unlink_records  # noqa: PLC0415 - models come first
        from practice.accounts.signals import account_claimed  # noqa: PLC0415

        account_claimed.connect(unlink_records)
