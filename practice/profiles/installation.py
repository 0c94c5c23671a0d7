"""What therapists are compared with: the figures of everybody here, as of midnight (UTC).

They are never worked out while somebody waits for a page. A page takes the latest there are; where
those of today are missing it has them worked out once it has been answered, by one process of the
server. `manage.py count_figures`, every night, makes that unnecessary.
"""

from datetime import UTC, datetime
from functools import partial

from django.core.cache import cache
from django.db.models import QuerySet

from practice.accounts.after_response import run_after_response
from practice.database.waiting import without_limit
from practice.profiles.badges import Installation
from practice.profiles.models import ClientVisit
from practice.profiles.sums import installation_of

# As of which midnight, and the figures; never forgotten, only replaced. A cache that is full makes
# room in the order of its keys, and begins with the limits of sign-in ("allauth…").
LATEST = "installation"
BEGUN = "installation-begun-{:%Y%m%d}"
AN_HOUR = 3600  # seconds, after which somebody else may try: whoever began may have been killed


def usual_here(now: datetime) -> Installation:
    """Return the latest figures of the installation; where there are none yet, nobody's."""
    midnight = _midnight(now)
    as_of, latest = cache.get(LATEST, (None, Installation()))
    if as_of is None or as_of < midnight:
        run_after_response("counting figures", partial(_count_once, midnight))
    return latest


def count_installation(now: datetime) -> Installation:
    """Work out the figures of the installation as of the midnight before, and store them."""
    midnight = _midnight(now)
    with without_limit():
        figures = installation_of(everybody(), midnight)
    cache.set(LATEST, (midnight, figures), timeout=None)
    return figures


def everybody() -> QuerySet[ClientVisit]:
    """Return the visits of the whole installation."""
    return ClientVisit.objects.all()


def _count_once(midnight: datetime) -> None:
    """Work them out, unless another process has begun to."""
    if cache.add(BEGUN.format(midnight), True, AN_HOUR):
        count_installation(midnight)


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
