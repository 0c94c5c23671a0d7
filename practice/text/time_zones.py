"""The time zones that people can choose: one list, each zone under one name.

The names are those of IANA's `zone.tab`, one or more for every country, and "UTC". Others for the
same zones (US/Eastern, GB, Asia/Calcutta) are understood and turned into those of the list. Both
come from the package tzdata, so that they are the same on every machine.
"""

from functools import cache
from importlib.resources import files

from django.core.exceptions import ValidationError

UTC = "UTC"
# Places with a name of their own on the list, which IANA links to a larger neighbour.
_NEARER = {
    "Africa/Timbuktu": "Africa/Bamako",
    "America/Coral_Harbour": "America/Atikokan",
    "America/Virgin": "America/St_Thomas",
    "Antarctica/South_Pole": "Antarctica/McMurdo",
    "Atlantic/Jan_Mayen": "Europe/Oslo",
    "Iceland": "Atlantic/Reykjavik",
    "Pacific/Ponape": "Pacific/Pohnpei",
    "Pacific/Truk": "Pacific/Chuuk",
    "Pacific/Yap": "Pacific/Chuuk",
}


def _lines(name: str) -> list[str]:
    text = (files("tzdata") / "zoneinfo" / name).read_text("utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


@cache
def _names() -> frozenset[str]:
    return frozenset([UTC, *(line.split("\t")[2] for line in _lines("zone.tab"))])


@cache
def _other_names() -> dict[str, str]:
    """Return the name on the list of every other name that has one."""
    links = [line.split()[1:] for line in _lines("tzdata.zi") if line.startswith("L ")]
    universal = dict.fromkeys(("Etc/UTC", "Etc/GMT"), UTC)
    found = {name: universal.get(target, target) for target, name in links}
    return {n: t for n, t in (found | universal | _NEARER).items() if t in _names()} | {
        name: name for name in _names()
    }


@cache
def choices() -> list[tuple[str, str]]:
    """Return the zones a person can choose, as (IANA name, words), by region and place."""
    return [(name, name.replace("_", " ").replace("/", " / ")) for name in sorted(_names())]


def canonical(name: str) -> str:
    """Return the name on the list of the zone that is meant.

    Raises:
        ValidationError: there is none.
    """
    try:
        return _other_names()[name]
    except KeyError:
        raise ValidationError("Choose a time zone from the list", code="zone") from None


def validate_time_zone(name: str) -> None:
    """Refuse what is not a name of the list.

    Raises:
        ValidationError: it is not.
    """
    if name not in _names():
        raise ValidationError("Choose a time zone from the list", code="zone")
