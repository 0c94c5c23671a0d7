"""Time zones as exports name them: in the way of IANA, of Windows, or of Calendly."""

from functools import lru_cache
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from practice.imports.dates import UNIVERSAL, NoDate, short
from practice.text.person_names import fold
from practice.text.time_zones import canonical

# As Calendly calls them; each under the IANA name of its first place.
_OF_CALENDLY = {
    "pacific time us canada": "America/Los_Angeles",
    "mountain time us canada": "America/Denver",
    "central time us canada": "America/Chicago",
    "eastern time us canada": "America/New_York",
    "alaska time": "America/Anchorage",
    "arizona yukon time": "America/Phoenix",
    "hawaii time": "Pacific/Honolulu",
    "atlantic time": "America/Halifax",
    "newfoundland time": "America/St_Johns",
    "saskatchewan guatemala costa rica time": "America/Regina",
    "mexico city time": "America/Mexico_City",
    "bogota jamaica lima time": "America/Bogota",
    "caracas time": "America/Caracas",
    "santiago time": "America/Santiago",
    "buenos aires time": "America/Argentina/Buenos_Aires",
    "brasilia time": "America/Sao_Paulo",
    "uk ireland lisbon time": "Europe/London",
    "central european time": "Europe/Berlin",
    "eastern european time": "Europe/Athens",
    "turkey time": "Europe/Istanbul",
    "minsk time": "Europe/Minsk",
    "israel time": "Asia/Jerusalem",
    "jordan time": "Asia/Amman",
    "baghdad east africa time": "Asia/Baghdad",
    "south africa time": "Africa/Johannesburg",
    "west africa time": "Africa/Lagos",
    "central africa time": "Africa/Maputo",
    "africa cairo": "Africa/Cairo",
    "tehran time": "Asia/Tehran",
    "dubai time": "Asia/Dubai",
    "kabul time": "Asia/Kabul",
    "pakistan maldives time": "Asia/Karachi",
    "india sri lanka time": "Asia/Kolkata",
    "kathmandu time": "Asia/Kathmandu",
    "indochina time": "Asia/Bangkok",
    "china singapore perth": "Asia/Shanghai",
    "japan korea time": "Asia/Tokyo",
    "adelaide time": "Australia/Adelaide",
    "brisbane time": "Australia/Brisbane",
    "sydney melbourne time": "Australia/Sydney",
    "auckland time": "Pacific/Auckland",
}


@lru_cache(maxsize=512)
def zone_named(text: str) -> ZoneInfo:
    """Return the zone that an export names, in the way of IANA, Windows or Calendly.

    Raises:
        NoDate: nobody calls a zone so.
    """
    name = " ".join(text.split())
    known = WINDOWS_TO_OLSON.get(name) or _OF_CALENDLY.get(
        fold(name.replace("&", " ").replace("/", " "))
    )
    try:
        return ZoneInfo(canonical(UNIVERSAL.get(name.upper()) or known or name))
    except ValidationError:
        raise NoDate(f"“{short(text)}” is no time zone that is known here.") from None
