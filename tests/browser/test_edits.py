"""What was changed elsewhere while a page was open: in a browser, with scripts and without."""

import re

from playwright.sync_api import expect

from clients.models import Client
from tests.browser.steps import banner, press, title


def test_a_phone_changed_on_two_pages_is_asked_and_pressing_again_decides(any_desk, ann):
    page = any_desk
    page.goto(f"/clients/{ann.public_id}/edit/")
    Client.objects.filter(pk=ann.pk).update(phone="07700 900999", preferred_name="Annie")
    page.get_by_label("Phone (optional)").fill("07700 900123")
    press(page, "Save details")

    phone = page.get_by_label("Phone (optional)")
    summary = page.locator(".error-summary")
    expect(summary).to_be_focused()
    expect(summary.get_by_role("link")).to_have_count(1)
    expect(page).to_have_title(re.compile("^Error: Edit details"))
    expect(phone).to_have_value("07700 900123")
    expect(phone).to_have_attribute("aria-invalid", "true")
    expect(phone).to_have_accessible_description(re.compile("changed meanwhile to “07700 900999”"))
    expect(page.get_by_label("Preferred name (optional)")).to_have_value("Annie")
    assert Client.objects.get(pk=ann.pk).phone == "07700 900999"
    press(page, "Save details")

    expect(banner(page)).to_contain_text("Details saved")
    saved = Client.objects.get(pk=ann.pk)
    assert (saved.phone, saved.preferred_name) == ("07700 900123", "Annie")


def test_a_reason_corrected_on_two_pages_is_asked_within_the_page(any_desk, alice, individual):
    """With scripts the form is a part of its page that is swapped, and the answer is a 409."""
    individual.end(by=alice.user, reason="completed")
    page = any_desk
    page.goto(f"/relationships/{individual.public_id}/reason/")
    individual.correct_reason(by=alice.user, reason="died", ended_at=individual.ended_at)
    page.get_by_label("Reason for ending").select_option("lost_contact")
    press(page, "Save the reason")

    expect(page.locator(".error-summary, .errorlist").first).to_contain_text(
        "changed meanwhile to “Client died”"
    )
    expect(page.get_by_label("Reason for ending")).to_have_value("lost_contact")
    press(page, "Save the reason")

    expect(title(page)).not_to_have_text("Correct the reason")
    individual.refresh_from_db()
    assert individual.end_reason == "lost_contact"
