"""No page scrolls sideways or cuts anything off, however wide, with long names and large text."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from practice.accounts.models import Therapist, User
from practice.diary.models import Session
from practice.profiles.models import Profile
from relationships.models import Relationship
from tests.browser import WIDER
from tests.diary import DAY, book, works
from tests.factories import ClientFactory, UserFactory, start

LONGEST = "Maximiliana" + "Featherstonehaugh" * 6 + " Lux"  # 117 letters
# What is cut off: content wider than a box that hides what does not fit.
CUT_OFF = """[...document.querySelectorAll("main *")].filter((box) => {
  if (box.clientWidth <= 1 || box.scrollWidth <= box.clientWidth + 1) return false;
  const { overflowX, clipPath } = getComputedStyle(box);
  const hides = overflowX === "hidden" || overflowX === "clip";
  return hides && clipPath === "none"
    && !box.matches("input, select, .visually-hidden, .indicator");
}).map((box) => `${box.className || box.tagName}: ${box.textContent.trim().slice(0, 40)}`)"""
# A name that has room for a letter or two a line; the columns of a week are as wide as they can be.
SQUEEZED = """[...document.querySelectorAll(".day-list .who")].filter((name) =>
  name.clientWidth && name.clientWidth < 4 * parseFloat(getComputedStyle(name).fontSize)
  && !(name.closest(".week") && innerWidth >= 768)
).map((name) => name.textContent.trim().slice(0, 40))"""
DOES_NOT_FIT = f"""size => {{
  document.documentElement.style.fontSize = size;
  return [{WIDER}, {CUT_OFF}, {SQUEEZED}];
}}"""
PLAIN, LARGE = "", "200%"
SCREENS = [(width, PLAIN) for width in (320, 768, 1024, 1920)]
SCREENS += [(width, LARGE) for width in (320, 390, 768, 1280)]


@pytest.fixture
def work(alice: Therapist) -> Relationship:
    """A couple with the longest names there can be, seen in the past and to come."""
    works(alice)
    Profile.objects.create(therapist=alice, is_published=True, headline="H" * 120)
    account = UserFactory(email=f"{'long-address' * 5}@{'mail' * 8}.example", name=LONGEST)
    values = {"therapist": alice, "name": LONGEST, "email": account.email, "phone": "0" * 40}
    one = ClientFactory(account=account, **values)
    other = ClientFactory(therapist=alice, name="W" * 120, preferred_name="V" * 60)
    couple = start(one, other, at=timezone.now() - 100 * DAY)
    start(one, at=timezone.now() - 90 * DAY).end(by=alice.user, reason="no_sessions", note="N" * 99)
    noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
    book(couple, noon - 7 * DAY).set_attendance(attended=True)
    book(couple, noon + timedelta(days=1), by=account)
    book(couple, noon + timedelta(days=8))
    start(ClientFactory(therapist=alice, name="Qui" + "et" * 50), at=timezone.now() - 400 * DAY)
    return couple


def pages_of_alice(work: Relationship) -> Iterator[str]:
    client, session = work.clients.order_by("pk")[0], Session.objects.order_by("-pk")[0]
    yield from ("/", "/clients/?include=inactive", "/clients/add/", "/clients/due/")
    for page in ("", "edit/", "relationships/", "sessions/", "relationships/add/"):
        yield f"/clients/{client.public_id}/{page}"
    of_work = ("", "end/", "leave/", "join/", "plan/", "sessions/add/")
    yield from (f"/relationships/{work.public_id}/{page}" for page in of_work)
    yield from (f"/sessions/{session.public_id}/{page}" for page in ("", "cancel/", "move/"))
    yield from ("/caseload/", "/caseload/tidy-up/", "/diary/", "/diary/availability/", "/account/")
    yield from ("/account/messages/", "/account/contact/", "/diary/block/", "/diary/add/")
    yield from ("/profile/", "/profile/figures/", "/therapists/", "/help/", "/account/security/")
    day = timezone.localdate(session.starts_at)
    yield from (f"/diary/{day}/day/", f"/diary/{day}/month/")


def pages_of_the_client(work: Relationship) -> Iterator[str]:
    session = Session.objects.order_by("-pk")[0]
    yield from (
        "/dashboard/",
        "/dashboard/messages/",
        "/dashboard/sessions/",
        "/account/",
        "/account/details/",
        "/help/booking-a-session/",
        f"/book/{work.public_id}/",
    )
    yield from (f"/sessions/{session.public_id}/{page}" for page in ("", "cancel/", "move/"))
    yield f"/therapists/{work.therapist.slug}/"


def too_wide(page: Page, address: str) -> list[str]:
    """Return on which screens something does not fit."""
    answer = page.goto(address)
    assert answer.status == 200, address
    found = []
    for width, size in SCREENS:
        page.set_viewport_size({"width": width, "height": 800})
        wider, cut, squeezed = page.evaluate(DOES_NOT_FIT, size)
        if wider or cut or squeezed:
            found.append(f"{address} at {width} {size}: {wider} {cut} {squeezed}")
    return found


def test_every_page_of_a_therapist_fits(desk, work):
    assert [line for address in pages_of_alice(work) for line in too_wide(desk, address)] == []


def test_every_page_of_a_client_fits(page, sign_in, work):
    account: User = work.clients.exclude(account=None).get().account
    sign_in(page, account)

    found = [line for address in pages_of_the_client(work) for line in too_wide(page, address)]
    assert found == []
    # Nor does a long name push the rows of the header apart.
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/dashboard/")
    assert page.locator(".site-header").bounding_box()["height"] < 70


def test_on_a_small_laptop_the_header_and_what_became_of_a_session_are_one_row_each(
    desk, alice, ann, couples
):
    Therapist.objects.filter(pk=alice.pk).update(name="Hannah Okafor")
    past = book(couples, timezone.now() - 7 * DAY)
    past.set_attendance_of(past.people[:1], attended=False)
    past.set_attendance_of(past.people[1:], attended=True)
    book(couples, timezone.now() + DAY, by=ann.account)  # so that something is new
    desk.set_viewport_size({"width": 1024, "height": 800})

    desk.goto(f"/clients/{ann.public_id}/sessions/")

    expect(desk.locator(".main-nav")).to_contain_text("1 new")
    for row, most in ((".site-header", 64), (".table .tag-active", 28)):
        assert desk.locator(row).bounding_box()["height"] <= most, row
