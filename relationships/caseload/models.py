"""What a caseload's picture is made of, as of the last settling (`settling.py`)."""

from django.db import models

from practice.accounts.models import Therapist


class SettledCaseload(models.Model):
    """What a therapist's caseload came to at a moment; nothing is settled while that is null."""

    therapist = models.OneToOneField(
        Therapist, models.CASCADE, related_name="settled_caseload", primary_key=True
    )
    settled_at = models.DateTimeField(null=True)
    counted = models.JSONField(default=dict)  # `Counted.stored` of `counting.py`

    def __str__(self) -> str:
        return f"Caseload of {self.therapist_id} at {self.settled_at}"


class CaseloadChange(models.Model):
    """Work of which something was changed since the caseload was settled, and from when on.

    What the caseload was before `changed_from` is as it was. The database says so itself
    (`migrations/0001_changes.*.sql`), with a row for each change, so that nobody waits for whoever
    changes something else.
    """

    therapist = models.ForeignKey(Therapist, models.CASCADE, related_name="caseload_changes")
    relationship = models.BigIntegerField()  # no key: it may be gone
    changed_from = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.relationship} changed"
