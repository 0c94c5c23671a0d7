"""The availability form, filled in, and the free times of a page."""

import re

from tests.reading import Page

KEYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
RULES = {
    "session_minutes": 50,
    "gap_minutes": 10,
    "notice_hours": 24,
    "furthest_weeks": 8,
    "most_booked": 4,
}


def availability(
    *, off: list[tuple[str, str, str]] = (), do: str = "", rules: dict | None = None, **days: list
) -> dict[str, object]:
    """Return what a browser sends: `availability(mon=["09:00-12:00"], off=[(first, last, why)])`.

    A day's rows are "from-to", either of which may be empty, or "from-to/from-to" with a break.
    """
    typed: dict[str, object] = RULES | (rules or {})
    for key in KEYS:
        spans = days.get(key, [])
        typed |= {f"{key}-TOTAL_FORMS": len(spans), f"{key}-INITIAL_FORMS": 0}
        for number, span in enumerate(spans):
            for name, times in zip(("", "break_"), span.partition("/")[::2], strict=True):
                starts, _, ends = times.partition("-")
                typed |= {f"{key}-{number}-{name}starts": starts}
                typed |= {f"{key}-{number}-{name}ends": ends}
    typed |= {"off-TOTAL_FORMS": len(off), "off-INITIAL_FORMS": 0}
    for number, row in enumerate(off):
        names = ("first_day", "last_day", "reason")
        typed |= {f"off-{number}-{name}": value for name, value in zip(names, row, strict=True)}
    return typed | ({"do": do} if do else {})


def slots(page: Page) -> list[str]:
    """Return the addresses of the free times a page offers, in order."""
    return [address for address in page.addresses if re.match(r"/book/\w+/[\d-]+/\d{4}/", address)]


def next_slot(page: Page) -> str:
    return slots(page)[0]
