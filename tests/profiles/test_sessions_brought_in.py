"""Sessions that were brought in from elsewhere are in no figure, unless their therapist says so."""

from datetime import timedelta

import pytest
from django.utils import timezone

from practice.diary.models import Session
from practice.profiles.settling import settle_everybody
from practice.profiles.sums import stats_of
from tests.factories import start
from tests.profiles import session

pytestmark = pytest.mark.django_db


def test_they_count_only_from_when_the_therapist_says_so(ann, alice):
    work, now = start(ann), timezone.now()
    for weeks in (3, 4):
        session(work, now - timedelta(weeks=weeks), Session.State.ATTENDED)
    Session.objects.update(in_figures=False)

    assert (stats_of(alice, now).sessions_held, stats_of(alice, now).clients) == (0, 0)
    settle_everybody()
    assert stats_of(alice, now).sessions_held == 0

    Session.objects.update(in_figures=True)

    assert stats_of(alice, now).sessions_held == 2, "what was settled is worked out anew"
