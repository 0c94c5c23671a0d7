"""How pages say names of people and times, in the house style; and how old a moment may be.

Nearly every page says a name and a time, so they are in one module, longer than others.

**Names.** A first name is all that whoever shares a session with somebody ever reads of their name.
Rather none than a wrong one: where a name does not tell, the therapist is asked (`docs/domain.md`).

**Times** (5pm, midday, months in full). Every function takes an aware datetime and answers in the
reader's zone, which is the active one. Templates have filters of the same names, in an element that
machines read.

**Ages**, with one rule for clocks that are set back: a moment that lies ahead of the clock has
none. Whatever holds only for a while after it (a session, the undoing of an ending, an invitation)
does not hold: how long it has held cannot be known.
"""

import re
from calendar import day_name, month_name
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time, timedelta
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.db.models import Q
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import get_text_list

register = template.Library()
NEAR = timedelta(days=120)  # a day within it is understood without its year
WEEKDAYS, MONTHS = tuple(day_name), tuple(month_name)  # a tenth of the time of `strftime`
A_DAY = timedelta(days=1)
LEEWAY = timedelta(minutes=1)  # by which the clocks of two machines may differ
UNNAMED = "another person"
MOST_NAMED = 4  # of a group, where a line says who it is

# Chinese, Japanese and Korean: no space, or the surname, comes before the given name.
IDEOGRAPHIC = re.compile(
    "[\u1100-\u11ff\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TITLES = _set(
    "dr doctor prof professor mr mister mrs ms miss mx sir dame lord lady master madam "
    "rev revd reverend father pastor sister rabbi imam the hon rt "
    "herr frau fräulein ing mag dipl dipl-ing m mm mme mlle monsieur madame mademoiselle "
    "dott sig signor signora hr fru dhr mevr drs"
)
_AND = _set("& and und et")
# Two surnames may follow these.
_ASK = _set("sr sra srta señor señora señorita family familie famille familia")
_OF_TITLES, _UNCLEAR = _TITLES | _AND, _ASK | _AND
_PARTICLES = _set(
    "de del della den der des di da dos du el al la le ten ter van von zu zum zur bin ibn"
)
_AFTER_A_NAME = _set("jr sr esq ii iii iv phd ma ba")
_ASIDE = re.compile(r"\([^)]*\)|\[[^]]*\]|“[^”]*”|\"[^\"]*\"|«[^»]*»|„[^“”]*[“”]")
_DIVIDED = re.compile(r"[;:/|]|\s[-–—]+(\s|$)")


def first_name(name: str) -> str:
    """Return the first name within a name, or "" where the name does not tell it for sure.

    "Dr Erik Lindqvist" and "Lindqvist, Erik" are Erik. A single word, initials, a title with a
    surname, a surname in capitals or with a particle first, and names in Chinese, Japanese and
    Korean characters do not tell.
    """
    name = _ASIDE.sub(" ", name)
    surname, comma, rest = (part.strip() for part in re.sub("[，、،]", ",", name).partition(","))
    given = [part for part in rest.split(",") if not _is_after_a_name(part, name)]
    if IDEOGRAPHIC.search(name) or _DIVIDED.search(name) or (comma and not rest):
        return ""
    words = without_titles((given[0] if given else surname).split())
    words = [word for word in words if any(map(str.isalnum, word))]
    if len(words) < (1 if given else 2) or not _is_clear(words[0], name):
        return ""
    return words[0]


def called(name: str, preferred_name: str = "") -> str:
    """Return what a client is called: as they prefer, or by their first name; never a surname."""
    return preferred_name or first_name(name) or UNNAMED


@register.filter
def initials(name: str) -> str:
    """Return up to two initials, for titles and monograms ("Maya Lindqvist" is ML)."""
    words = without_titles(name.split()) or name.split()
    words = [w for w in words if w[0].isalnum()] or words
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [words[0][0]] if words else []
    return "".join(letters).upper()


def in_words(names: Iterable[str]) -> str:
    """Return names as a list in a sentence: "Ann", "Ann and Ben", "Ann, Ben and Cleo"."""
    return get_text_list(list(names), "and")


def some_in_words(names: Sequence[str]) -> str:
    """Return the same; of more than four the first three, and how many others there are."""
    if len(names) <= MOST_NAMED:
        return in_words(names)
    return in_words([*names[: MOST_NAMED - 1], f"{len(names) - MOST_NAMED + 1} others"])


def has_surname(preferred_name: str, name: str) -> bool:
    """Whether a preferred name gives more of a name away than the first name."""
    words, bare = _words(preferred_name), _words(name)
    titled = len(without_titles(name.split())) < len(name.split())
    surname = _words(name.partition(",")[0]) if "," in name else bare[-1:]
    told = set(words) & set(surname)
    is_surname = titled or "," in name or (len(words) > 1 and len(bare) > 1)
    return "," in preferred_name or bool(told and is_surname)


def without_titles(words: list[str]) -> list[str]:
    """Return the words of a name without the titles that it begins with."""
    for index, word in enumerate(words):
        is_of_title = index and word.islower() and word.endswith(".")  # Dr. med.
        if not (is_of_title or word.rstrip(".").casefold() in _OF_TITLES):
            return words[index:]
    return []


def _is_clear(word: str, name: str) -> bool:
    """Whether the word that a name begins with can only be a first name."""
    plain = word.casefold()
    if len(word) < 2 or "." in word or not word[0].isalpha() or plain in _UNCLEAR:
        return False
    if word.islower():
        return name.islower() and plain not in _PARTICLES
    return name.isupper() or not word.isupper()  # LINDQVIST Erik


def _is_after_a_name(part: str, name: str) -> bool:
    """Whether this follows a whole name: Jr, PhD, MBACP."""
    words = part.split()
    many_capitals = not name.isupper()
    return all(
        word.rstrip(".").casefold() in _AFTER_A_NAME
        or (many_capitals and sum(map(str.isupper, word)) > 1)
        for word in words
    )


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


@register.filter("in_words")
def names_in_words(people: Sequence[object]) -> str:
    """Ann Ashby, Ben Bright and Cleo Cole: `{{ people|in_words }}`."""
    return in_words(str(person) for person in people)


@register.filter
def first_names(people: Sequence) -> str:
    """Maya and Erik."""
    return in_words(person.first_name for person in people)


@register.filter
def people_initials(people: Sequence) -> str:
    """ML, EL: whom a page title is about."""
    return ", ".join(initials(person.name) for person in people)


def _in_time_element(local: datetime, words: str) -> SafeString:
    stamp = local.isoformat(timespec="seconds")
    # Bandit does not see that the words are escaped, and a moment is digits.
    return SafeString(f'<time datetime="{stamp}">{escape(words)}</time>')  # nosec B703


class Saying:
    """A way to say a moment: written down as what is said of a reading of the reader's clock.

    `soon(moment)` says it in words, and `soon.timed(moment)`, which is the filter of that name, in
    an element that machines read. `soon.local` is of a moment that is on that clock already.
    """

    def __init__(self, say: Callable[[Any], str]) -> None:
        self.local, self.__doc__ = say, say.__doc__
        register.filter(say.__name__, lambda moment: self.timed(moment))

    def __call__(self, moment: datetime | date) -> str:
        return self.local(timezone.localtime(moment) if isinstance(moment, datetime) else moment)

    def timed(self, moment: datetime) -> SafeString:
        local = timezone.localtime(moment)
        return _in_time_element(local, self.local(local))


@Saying
def clock(local: datetime) -> str:
    """Return the time of day: "5pm", "4:12pm", "midday", "midnight"."""
    return reading(local)


@register.filter
def reading(at: time | datetime) -> str:
    """Return what a clock shows, in the same words."""
    if at.minute == 0 and at.hour in (0, 12):
        return "midday" if at.hour else "midnight"
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{at.hour % 12 or 12}{minutes}{'am' if at.hour < 12 else 'pm'}"


def hours_between(starts: time, ends: time) -> str:
    """Return hours as a clock shows them: "9am to 5pm"."""
    return f"{reading(starts)} to {reading(ends)}"


@Saying
def time_of_day(local: datetime) -> str:
    """Return the time of day, and which of the two it is where the clock shows it twice."""
    words, which = reading(local), _which(local)
    return f"{words}, {which}" if which else words


def _which(local: datetime) -> str:
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        return ""
    go = "went" if local < timezone.now() else "go"
    return f"{'after' if local.fold else 'before'} the clocks {go} back"


@Saying
def day(local: date) -> str:
    """Return a record date: "20 November 2025"."""
    return f"{_day_and_month(local)} {local.year}"


def _day_and_month(local: date) -> str:
    return f"{local.day} {MONTHS[local.month]}"


@Saying
def weekday(local: date) -> str:
    """Return a day that somebody must keep: "Thursday 20 November 2025"."""
    return f"{WEEKDAYS[local.weekday()]} {day.local(local)}"


@Saying
def near_day(local: datetime) -> str:
    """Return the day of a time that is near: "Today", "Yesterday", or the day as it is kept."""
    away = (local.date() - timezone.localdate()).days
    return {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}.get(away) or weekday.local(local)


@Saying
def instant(local: datetime) -> str:
    """Return the moment something happened: "Thursday 20 November 2025 at 4:12pm"."""
    return f"{weekday.local(local)} at {time_of_day.local(local)}"


def both_readings(starts: datetime, ends: datetime) -> tuple[SafeString, SafeString] | None:
    """Return what a clock shows when it starts and when it ends, in elements that machines read.

    None where that does not say when it is: where the clocks change, or it lasts into the next day.
    """
    begins, lasts = timezone.localtime(starts), timezone.localtime(ends)
    is_same_day = begins.date() == lasts.date() and ends - starts < A_DAY
    if _which(begins) or _which(lasts):
        return None
    if not is_same_day and _is_until_next_day(begins, starts, ends):
        return None
    first, last = (_in_time_element(local, reading(local)) for local in (begins, lasts))
    return first, last


def _is_until_next_day(begins: datetime, starts: datetime, ends: datetime) -> bool:
    lasts = timezone.localtime(ends - timedelta.resolution)
    return lasts.date() > begins.date() or ends - starts == A_DAY


def span(starts: datetime, ends: datetime) -> str:
    """Return from when to when: "5pm to 5:50pm", "1:30am to 1:20am, after the clocks go back".

    Beyond midnight: "10pm to 2am the next day".
    """
    begins, lasts = timezone.localtime(starts), timezone.localtime(ends)
    first, last = _which(begins), _which(lasts)
    if first and not last and not begins.fold:
        return f"{reading(begins)}, {first}, to {reading(lasts)}"
    next_day = " the next day" if _is_until_next_day(begins, starts, ends) else ""
    until = f"{reading(begins)} to {reading(lasts)}{next_day}"
    return f"{until}, {last or first}" if last or first else until


@Saying
def soon(local: datetime) -> str:
    """Return a time for lists: "Thursday 27 November, 5pm", with the year where it is far."""
    year = "" if abs(local - timezone.now()) < NEAR else f" {local.year}"
    near = f"{WEEKDAYS[local.weekday()]} {_day_and_month(local)}{year}"
    return f"{near}, {time_of_day.local(local)}"


def days(first: date, last: date) -> str:
    """Return a stretch of days: "17 to 23 November 2025"."""
    if first.year != last.year:
        return f"{day(first)} to {day(last)}"
    if first.month != last.month:
        return f"{first.day} {first:%B} to {day(last)}"
    return f"{first.day} to {day(last)}"


def monday(of: date) -> date:
    """Return the Monday of a day's week."""
    return of - timedelta(days=of.weekday())


def week_of(day: date) -> list[date]:
    """Return the seven days of a week, from Monday."""
    return [monday(day) + timedelta(days=n) for n in range(7)]


@register.filter
def zone_name(zone: str) -> str:
    """Return a zone as people call it: "London time"."""
    return f"{zone.rsplit('/', 1)[-1].replace('_', ' ')} time"


@register.filter
def zone_words(zone: str, at: datetime | None = None) -> str:
    """Return a zone with its short form at an instant: "London time (GMT)"."""
    short = (at or timezone.now()).astimezone(ZoneInfo(zone)).tzname() or ""
    return f"{zone_name(zone)} ({'UTC' + short if short[:1] in '+-' else short})"


@register.filter
def until(starts: datetime, ends: datetime) -> SafeString:
    """5pm to 5:50pm: `{{ starts_at|until:ends_at }}`."""
    return _in_time_element(timezone.localtime(starts), span(starts, ends))


@register.filter("span")
def span_of(appointment: Any) -> SafeString:
    """5pm to 5:50pm: `{{ appointment|span }}`."""
    return until(appointment.starts_at, appointment.ends_at)


@register.filter("days")
def days_of(week: Sequence[date]) -> str:
    """17 to 23 November 2025: `{{ week|days }}`, of days in order."""
    return days(week[0], week[-1])


@register.filter
def clock_in(moment: datetime, zone: str) -> str:
    """5pm London time: a time of day in a zone that is named, with its day if that is another."""
    here = timezone.localtime(moment).date()
    with timezone.override(zone):
        clock_time, *which = time_of_day(moment).split(", ")
        there = timezone.localtime(moment)
    other_day = "" if there.date() == here else f"{there:%A} "
    return ", ".join([f"{other_day}{clock_time} {zone_name(zone)}", *which])


def is_fresh(moment: datetime, within: timedelta, now: datetime) -> bool:
    """Whether a moment is less than `within` ago, and not ahead of the clock."""
    return -LEEWAY <= now - moment < within


def fresh(column: str, within: timedelta, now: datetime) -> Q:
    """Return the same as a condition on a column."""
    return Q((f"{column}__gt", now - within), (f"{column}__lte", now + LEEWAY))
