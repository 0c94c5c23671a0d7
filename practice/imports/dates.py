"""Dates and times as exports write them. Nothing is guessed: what can be two days is asked.

Own patterns rather than a library that parses anything: such a one finds a date in "Unit 5, May
Road", and reads 03/04 by its own rule.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache

from practice.text.person_names import fold

DAY_FIRST, MONTH_FIRST = "The day", "The month"

_MONTHS = [*("jan", "feb", "mar", "apr", "may", "jun"), *("jul", "aug", "sep", "oct", "nov", "dec")]
_MONTHS_ELSEWHERE = {  # by how they begin
    word: number
    for number, words in {
        1: "janv ene gen",
        2: "fevr",
        3: "mars maerz marz mrt",
        4: "avr abr",
        5: "mai mag mei",
        6: "juin giu",
        7: "juil lug",
        8: "aout ago",
        9: "set",
        10: "okt ott",
        12: "dez dic",
    }.items()
    for word in words.split()
}
_YEAR_FIRST = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)")
_JOINED = re.compile(r"(\d{4})(\d\d)(\d\d)(?=$|[T ])")
_THREE = re.compile(r"(\d{1,2})([-/. ])(\d{1,2})\2(\d{4}|\d\d)(?!\d)")
_WEEKDAY = re.compile(
    r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? +", re.I
)
_MONTH_DAY = re.compile(r"([^\W\d_]{3,})\.? +(\d{1,2})(?:st|nd|rd|th)?,? +(\d{4})(?!\d)")
_DAY_MONTH = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|\.)?[- ]([^\W\d_]{3,})\.?[-, ] ?(\d{4}|\d\d)(?!\d)"
)
_WITHOUT_YEAR = re.compile(r"--?-?(\d\d)-?(\d\d)$")
_TIME = re.compile(
    r"[T,]? *(?:at )?(\d{1,2})(?:[:.h](\d\d))?(?:[:.](\d\d)(?:[.,](\d+))?)? *([ap])?\.?(?:m\b\.?)?"
    r" *(Z|UTC|GMT|[+-]\d\d:?\d\d)?$",
    re.IGNORECASE,
)

UNIVERSAL = {"UTC": "UTC", "GMT": "UTC", "Z": "UTC"}


class NoDate(ValueError):
    """What stands there is no moment; the text says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, perhaps with a time, perhaps with the zone that stood there."""

    day: date
    at: time | None = None
    zone: tzinfo | None = None

    def instant(self, zone: tzinfo, without_time: time = time(12)) -> datetime:
        """Return it as an instant, in UTC; a day alone is taken at `without_time`.

        Raises:
            NoDate: the clocks of the zone went forward over it.
        """
        local = datetime.combine(self.day, self.at or without_time, self.zone or zone)
        instant = local.astimezone(UTC)
        if instant.astimezone(local.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
            raise NoDate(
                f"{local:%H:%M} on {local.day} {local:%B %Y} does not exist: the clocks went "
                "forward over it."
            )
        return instant


def order_of(texts: Iterable[str]) -> str | None:
    """Return in which order a column has day and month.

    "" where it makes no difference, None where nothing in the column tells.
    """
    is_open, days, months = False, 0, 0
    for text in texts:
        found = _THREE.match(_bare(text))
        if not found:
            continue
        first, second = int(found[1]), int(found[3])
        days += first > 12 >= second
        months += second > 12 >= first
        is_open |= first != second
    if days or months:
        return DAY_FIRST if days >= months else MONTH_FIRST
    return None if is_open else ""


def can_be_two(text: str) -> bool:
    """Whether a text can be two different days."""
    found = _THREE.match(_bare(text))
    if not found:
        return False
    first, second = int(found[1]), int(found[3])
    return first != second and max(first, second) <= 12


def read_moment(text: str, order: str = "") -> Moment:
    """Return the moment that stands in a cell.

    Raises:
        NoDate: none does, or none that exists.
    """
    bare = _bare(text)
    if has_no_year(text):
        raise NoDate(f"“{short(text)}” has no year.")
    year, month, day, rest = _day_of(bare, text, order)
    try:
        found = date(year, month, day)
    except ValueError:
        raise NoDate(f"There is no {_in_words(day, month, year)}.") from None
    if not rest.strip():
        return Moment(found)
    return _with_time(found, rest, text)


def is_no_date(text: str) -> bool:
    """Whether a cell has noughts where a date would be, as Outlook writes that there is none."""
    return bool(re.fullmatch(r"0+(?P<mark>[-/.])0+(?P=mark)0+( 0+:0+(:0+)?)?", text.strip()))


def has_no_year(text: str) -> bool:
    """Whether a date is a birthday of which nobody knows the year: --07-20."""
    return bool(_WITHOUT_YEAR.match(_bare(text)))


def read_time(text: str) -> time:
    """Return the time of a cell that has nothing else.

    Raises:
        NoDate: it is none.
    """
    found = _with_time(date(2000, 1, 1), text.strip(), text).at
    if found is None:
        raise NoDate(f"“{short(text)}” is no time.")
    return found


def _bare(text: str) -> str:
    return _WEEKDAY.sub("", " ".join(text.split()), count=1)


def _day_of(bare: str, text: str, order: str) -> tuple[int, int, int, str]:
    if found := _YEAR_FIRST.match(bare):
        return int(found[1]), int(found[3]), int(found[4]), bare[found.end() :]
    if found := _JOINED.match(bare):
        return int(found[1]), int(found[2]), int(found[3]), bare[found.end() :]
    if found := _THREE.match(bare):
        first, second = int(found[1]), int(found[3])
        month_first = order == MONTH_FIRST
        day, month = (second, first) if month_first else (first, second)
        return _year(found[4]), month, day, bare[found.end() :]
    if (found := _MONTH_DAY.match(bare)) and (named := _month(found[1])):
        return int(found[3]), named, int(found[2]), bare[found.end() :]
    if (found := _DAY_MONTH.match(bare)) and (named := _month(found[2])):
        return _year(found[3]), named, int(found[1]), bare[found.end() :]
    raise NoDate(f"“{short(text)}” is no date.")


def _with_time(day: date, rest: str, text: str) -> Moment:
    found = _TIME.match(rest)
    if not found or not (found[2] or found[5]):
        raise NoDate(f"“{short(text)}” is no date with a time.")
    hour, minute, second = int(found[1]), int(found[2] or 0), int(found[3] or 0)
    part = int((found[4] or "").ljust(6, "0")[:6])  # of a second
    half = (found[5] or "").lower()
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        at = time(hour, minute, second, part)
    except ValueError:
        raise NoDate(f"There is no {found[1]}:{found[2] or '00'} on a clock.") from None
    return Moment(day, at, _offset(found[6]) if found[6] else None)


def _offset(text: str) -> tzinfo:
    if text.upper() in UNIVERSAL:
        return UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    if minutes >= 24 * 60:
        raise NoDate(f"There is no time zone {text}.")
    return timezone(timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _year(text: str) -> int:
    """Return a year; of two digits the last one that is not in the future."""
    if len(text) > 2:
        return int(text)
    now = datetime.now(UTC).year
    year = now // 100 * 100 + int(text)
    return year if year <= now + 1 else year - 100


@lru_cache(maxsize=200)
def _month(word: str) -> int | None:
    folded = fold(word)
    if folded[:3] in _MONTHS:
        return _MONTHS.index(folded[:3]) + 1
    return next((n for start, n in _MONTHS_ELSEWHERE.items() if folded.startswith(start)), None)


def _in_words(day: int, month: int, year: int) -> str:
    names = "January February March April May June July August September October November December"
    if not 1 <= month <= 12:
        return f"{month}th month"
    return f"{day} {names.split()[month - 1]} {year}"


def short(text: str) -> str:
    """Return what somebody wrote, as far as a sentence can have it."""
    return text if len(text) <= 40 else f"{text[:39]}…"
