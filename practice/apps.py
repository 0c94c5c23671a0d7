from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate, pre_migrate

from practice.database import row_security


class PracticeConfig(AppConfig):
    name = "practice"

    def ready(self) -> None:
        """The second wall is put up by whoever makes the tables, each time they do."""
        once = apps.get_app_config("accounts")  # the signals come once for every app with tables
        pre_migrate.connect(row_security.check_owner, sender=once)
        post_migrate.connect(row_security.put_up, sender=once)
