from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "practice.audit"
    label = "audit"

    def ready(self) -> None:
        """Listen to what others report."""
        from practice.audit import signals  # noqa: PLC0415 - models come first

        signals.connect()
