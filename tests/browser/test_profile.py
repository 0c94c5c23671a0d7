"""The public profile in a browser: endings move nothing, and everybody can use it."""

import re
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from practice.profiles.figures import count_installation
from practice.profiles.models import Profile
from tests.browser import assert_accessible_on_every_screen
from tests.browser.steps import banner, end, press, title
from tests.factories import ClientFactory, TherapistFactory, start
from tests.profiles import session
from tests.profiles.pictures import picture

DAY = timedelta(days=1)
SENTENCE = "Ending a relationship does not have any effect on your profile stats"
SECTION = re.compile(r'<section [^>]*id="profile-(?:stats|badges)">.*?</section>', re.DOTALL)


@pytest.fixture
def practice(individual, alice, ann):
    """Alice has every figure and every badge, among four colleagues."""
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    for nth in range(5):
        relationship = start(ClientFactory(therapist=alice)) if nth else individual
        for visit in range(3):
            came_often(relationship, midnight - (40 - visit) * DAY + nth * timedelta(hours=1))
    for _ in range(4):
        relationship = start(ClientFactory(therapist=TherapistFactory()))
        for visit in range(2):
            came_often(relationship, midnight - (40 - visit) * DAY)
    profile = Profile(therapist=alice, is_published=True, headline="Counsellor", fee_couples=90)
    profile.about, profile.specialities = "About me.\n\nMore.", "Anxiety, Bereavement"
    profile.save()
    count_installation(timezone.now())


def came_often(relationship, starts_at: datetime) -> None:
    session(relationship, starts_at, booked_at=starts_at - 7 * DAY)


def sections(page: Page) -> list[str]:
    """What stands between the tags of stats and badges, as it was sent."""
    answer = page.goto("/therapists/alice/")
    return SECTION.findall(answer.text())


def test_stats_and_badges_are_the_same_before_and_after_an_ending(
    desk, new_context, practice, individual
):
    """Acceptance check 26."""
    visitor = new_context().new_page()
    before, own = sections(visitor), sections(desk)
    assert len(before) == len(own) == 2
    assert "5 clients" in before[0]
    assert "10 out of 10 clients return" in before[0]
    for name in ("Smooth Schedule", "See You Again", "In Demand"):
        assert name in before[1]

    end(desk, individual)
    assert sections(visitor) == before
    assert sections(desk) == own

    desk.goto(f"/relationships/{individual.public_id}/restart/")
    press(desk, "Confirm Restart of Relationship")
    expect(banner(desk)).to_contain_text("Relationship restarted")
    assert sections(visitor) == before
    assert sections(desk) == own


def test_a_profile_is_written_published_and_found(desk, new_context):
    visitor = new_context().new_page()
    desk.goto("/profile/")
    expect(desk.locator("main")).to_contain_text(SENTENCE)
    desk.get_by_label("Headline").fill("Counsellor in Ålesund")
    desk.get_by_label("Photo").set_input_files(
        {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": b"<script>"}
    )
    desk.get_by_label("Show my profile to everybody").check()
    press(desk, "Save profile")
    expect(desk.locator(".error-summary")).to_contain_text("Choose a photo in JPEG")
    expect(desk.get_by_label("Headline")).to_have_value("Counsellor in Ålesund")

    desk.get_by_label("Photo").set_input_files(
        {"name": "me.png", "mimeType": "image/png", "buffer": picture("PNG")}
    )
    press(desk, "Save profile")
    expect(banner(desk)).to_contain_text("Profile saved")

    visitor.goto("/therapists/")
    visitor.get_by_label("Search therapists").fill("alesund")
    press(visitor, "Search")
    press(visitor, "Alice Archer")
    expect(title(visitor)).to_have_text("Alice Archer")
    photo = visitor.get_by_role("img", name="Alice Archer")
    expect(photo).to_be_visible()
    size = (
        "async image => { await image.decode(); return [image.naturalWidth, image.naturalHeight]; }"
    )
    assert photo.evaluate(size) == [320, 320]


def test_the_pages_are_within_everybodys_reach(desk, practice):
    for address in ("/profile/", "/profile/figures/", "/therapists/alice/"):
        desk.goto(address)
        assert_accessible_on_every_screen(desk)
    desk.goto("/therapists/")
    assert_accessible_on_every_screen(desk)
