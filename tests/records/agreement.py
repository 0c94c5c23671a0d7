"""Whether what is stored of retention dates is what the rule says."""

from datetime import datetime, timedelta

from django.utils import timezone

from practice.accounts.models import Therapist
from practice.records.models import RetentionChange
from practice.records.retention import retention_expired, settled_dates
from practice.records.settling import RecordsToReview

YEAR = timedelta(days=365)


def agree(now: datetime) -> None:
    """Compare what is settled, and who is listed now and in some years, for every therapist."""
    for therapist in Therapist.objects.all():
        with timezone.override(therapist.time_zone):
            stored = therapist.retention_dates
            people = therapist.clients.people().values_list("pk", flat=True)
            assert {*people} <= {*stored.values_list("client", flat=True)} | unsettled()
            settled = dict(stored.exclude(client__in=unsettled()).values_list("client", "until"))
            assert settled == settled_dates(therapist, settled)
            for instant in (now, now + 7 * YEAR, now + 9 * YEAR):
                listed = [*RecordsToReview(therapist, instant)]
                assert listed == retention_expired(therapist, instant)


def unsettled() -> set[int]:
    """Return whose date has to be worked out anew."""
    return set(RetentionChange.objects.values_list("client", flat=True))
