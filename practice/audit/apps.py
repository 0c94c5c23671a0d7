from django.apps import AppConfig
from django.conf import settings


class AuditConfig(AppConfig):
    name = "practice.audit"
    label = "audit"

    def ready(self) -> None:
        """Listen to what others report, and chain what is written."""
        from practice.audit import background, sealing, signals  # noqa: PLC0415 - models come first

        signals.connect()
        if settings.CHAIN_IN_BACKGROUND:
            sealing.committed.connect(background.chaining.wake)
