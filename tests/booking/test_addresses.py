"""A day has one address: however else it can be written leads there, and what is no day nowhere."""

import pytest
import time_machine

from practice.booking.models import WeeklyHours
from tests.diary import NOW

WAYS = ["20251124", "2025-W48-1", "2025W481"]  # Monday 24 November 2025


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def free(alice, individual) -> str:
    """The start of the addresses of Ann's free times with Alice, who has some."""
    for weekday in range(7):
        WeeklyHours.objects.create(therapist=alice, weekday=weekday, starts="09:00", ends="17:00")
    return f"/book/{individual.public_id}/"


@pytest.mark.parametrize("way", [*WAYS, "2025-11-26", "2025-W48-3", "20251130"])
def test_a_week_of_the_diary(as_alice, way):
    answer = as_alice.get(f"/diary/{way}/")

    assert (answer.status_code, answer.url) == (303, "/diary/2025-11-24/")
    assert as_alice.get(answer.url).status_code == 200


@pytest.mark.parametrize("way", WAYS)
def test_a_week_of_free_times(as_ann, free, way):
    answer = as_ann.get(f"{free}?week={way}")

    assert (answer.status_code, answer.url) == (303, f"{free}?week=2025-11-24")
    assert as_ann.get(answer.url).status_code == 200


@pytest.mark.parametrize(
    ("day", "time"),
    [*((way, "0900") for way in WAYS), ("2025-11-24", "900"), ("2025-11-24", "90")],
)
def test_a_time_to_be_booked(as_ann, free, day, time):
    assert as_ann.get(f"{free}2025-11-24/0900/").status_code == 200
    answer = as_ann.get(f"{free}{day}/{time}/")

    assert (answer.status_code, answer.url) == (303, f"{free}2025-11-24/0900/")


@pytest.mark.parametrize(
    "way",
    ["2025-11-31", "2025-W60-1", "24-11-2025", "2025-11-24T09:00", "2025-1-1", "0000-00-00", "x"],
)
def test_what_is_no_day_is_no_address(as_alice, as_ann, free, way):
    assert as_alice.get(f"/diary/{way}/").status_code == 404
    assert as_ann.get(f"{free}?week={way}").status_code == 404
    assert as_ann.get(f"{free}{way}/0900/").status_code == 404
