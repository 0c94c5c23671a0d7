from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate, pre_migrate

from practice import checks  # noqa: F401 - registers the checks of `check --deploy`
from practice.database import row_security


class PracticeConfig(AppConfig):
    name = "practice"

    def ready(self) -> None:
        """Whoever makes the tables applies row-level security to them, each time they do."""
        once = apps.get_app_config("accounts")  # the signals come once for every app with tables
        pre_migrate.connect(row_security.check_owner, sender=once)
        post_migrate.connect(row_security.apply, sender=once)
