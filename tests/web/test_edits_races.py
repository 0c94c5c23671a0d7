"""Two presses on two pages at the very same moment: each change is kept, or asked about."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from clients.models import Client
from practice.profiles.models import Profile
from tests.booking import KEYS
from tests.conftest import browser_of
from tests.factories import ClientFactory
from tests.racing import at_once
from tests.reading import sent_by

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8


def race(alice, address: str, name: str, one: dict, other: dict) -> list[int]:
    """Open the page in two browsers, press in both at once, and return the answers' statuses."""
    desks: list[Browser] = [browser_of(alice.user) for _ in range(2)]
    pages = [sent_by(desk.get(address), name) for desk in desks]

    def press(desk: Browser, sent: dict) -> int:
        return desk.post(address, sent).status_code

    return at_once(
        lambda: press(desks[0], pages[0] | one), lambda: press(desks[1], pages[1] | other)
    )


def test_a_phone_and_an_address_typed_at_once_are_both_kept(alice):
    for number in range(ROUNDS):
        ben = ClientFactory(therapist=alice, name="Ben Bright", email="")
        phone, email = f"07700 90000{number}", f"ben{number}@mail.example"

        answers = race(
            alice, f"/clients/{ben.public_id}/edit/", "phone", {"phone": phone}, {"email": email}
        )

        found = Client.objects.get(pk=ben.pk)
        assert (answers, found.phone, found.email) == ([303, 303], phone, email)


def test_of_two_names_typed_at_once_one_is_saved_and_the_other_asked(alice):
    for _ in range(ROUNDS):
        ben = ClientFactory(therapist=alice, name="Ben Bright")

        answers = race(
            alice,
            f"/clients/{ben.public_id}/edit/",
            "phone",
            {"name": "Benjamin Bright"},
            {"name": "Benny Bright", "preferred_name": "Benny"},
        )

        found = Client.objects.get(pk=ben.pk)
        won = answers.index(303)
        assert sorted(answers) == [303, 409]
        assert found.name == ["Benjamin Bright", "Benny Bright"][won]
        assert found.search_text == [" benjamin bright", " benny bright"][won]
        assert found.preferred_name == ["", "Benny"][won]


def test_a_first_profile_that_is_made_at_once_has_what_both_have_typed(alice):
    for _ in range(ROUNDS):
        Profile.objects.all().delete()

        answers = race(
            alice, "/profile/", "headline", {"headline": "Counsellor"}, {"languages": "Welsh"}
        )

        profile = Profile.objects.get()
        assert answers == [303, 303]
        assert (profile.headline, profile.languages) == ("Counsellor", "Welsh")


def test_a_holiday_and_hours_that_are_saved_at_once_are_both_kept(alice):
    day = str(timezone.localdate() + timedelta(days=30))
    for round_ in range(ROUNDS):
        alice.weekly_hours.all().delete()
        alice.time_off.all().delete()
        key = KEYS[round_ % 5]

        answers = race(
            alice,
            "/diary/availability/",
            "off-shown",
            {f"{key}-TOTAL_FORMS": "1", f"{key}-0-starts": "09:00", f"{key}-0-ends": "12:00"},
            {"off-TOTAL_FORMS": "1", "off-0-first_day": day, "off-0-last_day": day},
        )

        assert answers == [303, 303]
        assert (alice.weekly_hours.count(), alice.time_off.count()) == (1, 1)


def test_of_hours_that_overlap_and_are_saved_at_once_one_is_saved_and_the_other_asked(alice):
    for _ in range(ROUNDS):
        alice.weekly_hours.all().delete()
        spans = [("09:00", "12:00"), ("11:00", "13:00")]

        answers = race(
            alice,
            "/diary/availability/",
            "off-shown",
            *(
                {"mon-TOTAL_FORMS": "1", "mon-0-starts": starts, "mon-0-ends": ends}
                for starts, ends in spans
            ),
        )

        saved = [(f"{h.starts:%H:%M}", f"{h.ends:%H:%M}") for h in alice.weekly_hours.all()]
        assert sorted(answers) == [303, 409]
        assert saved == [spans[answers.index(303)]]
