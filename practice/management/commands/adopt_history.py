"""`manage.py adopt_history`: record in the audit the history from before there was one."""

from django.core.management.base import BaseCommand

from practice.audit.models import Chain, Entry
from practice.management.owner import must_see_everything
from relationships.models import sealed_history
from relationships.models.event import Event


class Command(BaseCommand):
    """Does what `migrate` does by itself where AUDIT_KEY is set."""

    help = "Give every event of the history that has no entry in the audit one. Run it once."

    def handle(self, **options: object) -> None:
        must_see_everything()
        self.stdout.write(f"{sealed_history.adopt(Event, Entry, Chain)} events taken over.")
