"""The list of time zones, and the older names for those on it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from django import forms
from django.core.exceptions import ValidationError

from practice.text import spoken
from practice.text.fields import TimeZoneField
from practice.text.time_zones import canonical, choices, validate_time_zone


class ZoneForm(forms.Form):
    time_zone = TimeZoneField()


NO_PLACE = {"Factory", "localtime", "posixrules"}


def test_every_zone_that_can_be_chosen_is_one_and_has_words():
    assert len(choices()) > 400
    assert choices() == sorted(choices())
    for name, label in choices():
        assert ZoneInfo(name).key == name == canonical(name)
        validate_time_zone(name)
        assert "_" not in label
        assert spoken.zone_words(name).endswith(")")


def test_the_places_of_every_country_are_on_it():
    for name in ("Europe/London", "Europe/Stockholm", "Asia/Kolkata", "Arctic/Longyearbyen", "UTC"):
        assert name in dict(choices())


def test_no_zone_is_on_it_under_two_names():
    names = dict(choices())
    for other in ("US/Eastern", "GB", "Etc/UTC", "Asia/Calcutta", "Europe/Kiev", "EST", "Factory"):
        assert other not in names


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("US/Eastern", "America/New_York"),
        ("GB", "Europe/London"),
        ("Etc/UTC", "UTC"),
        ("Zulu", "UTC"),
        ("GMT", "UTC"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Europe/Kiev", "Europe/Kyiv"),
        ("America/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("Iceland", "Atlantic/Reykjavik"),
        ("Pacific/Truk", "Pacific/Chuuk"),
        ("Africa/Timbuktu", "Africa/Bamako"),
    ],
)
def test_another_name_of_a_zone_is_turned_into_that_on_the_list(name, meant):
    assert canonical(name) == meant
    assert TimeZoneField().clean(name) == meant
    shown = str(ZoneForm(initial={"time_zone": name}))
    assert f'<option value="{meant}" selected>' in shown
    assert shown.count("selected") == 1


def test_every_other_name_says_the_same_time_or_is_refused():
    at = [datetime(2025, month, 15, tzinfo=UTC) for month in range(1, 13)]
    refused = set()
    for name in available_timezones():
        try:
            meant = ZoneInfo(canonical(name))
        except ValidationError:
            refused.add(name)
            continue
        assert meant.key in dict(choices())
        assert [m.astimezone(meant).utcoffset() for m in at] == [
            m.astimezone(ZoneInfo(name)).utcoffset() for m in at
        ], name

    fixed = {name for name in refused if name.startswith("Etc/GMT")}
    assert refused - fixed <= NO_PLACE | {"CST6CDT", "EST5EDT", "MST7MDT", "PST8PDT"}


@pytest.mark.parametrize(
    "zone", ["", "London", "Mars/Olympus", "../etc/passwd", "europe/london", "Factory", "\0"]
)
def test_what_is_no_zone_is_refused(zone):
    for check in (canonical, validate_time_zone, TimeZoneField().clean):
        with pytest.raises(ValidationError):
            check(zone)


@pytest.mark.parametrize("zone", ["US/Eastern", "GB", "Etc/UTC"])
def test_what_is_kept_is_a_name_of_the_list(zone):
    with pytest.raises(ValidationError):
        validate_time_zone(zone)
