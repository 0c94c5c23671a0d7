"""Who came to a session of several people, where that is not the same of everybody."""

from django.db import models

from practice.accounts.models import Therapist
from relationships.models import Participation


class Attendance(models.Model):
    """Whether one of several people came to a session.

    There is a row of somebody only where the state of the session does not say it: while not
    everybody has been spoken of, and where some came and some missed it. Individual work has none.
    """

    therapist = models.ForeignKey(
        Therapist, models.PROTECT, related_name="attendances", db_index=False
    )
    session = models.ForeignKey(
        "diary.Session", models.CASCADE, related_name="attendances", db_index=False
    )
    participation = models.ForeignKey(Participation, models.PROTECT, related_name="attendances")
    came = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "participation"], name="attends_once_in_a_session"
            )
        ]

    def __str__(self) -> str:
        return f"Attendance {self.pk}"
