"""A tour of every page, in every state that looks different."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from clients.models import Client, Invitation
from practice.accounts.models import Therapist, User
from practice.booking.models import TimeOff
from practice.diary.models import Session
from relationships.models import Kind, Relationship
from tests.accounts.second_factor import lasting_code
from tests.browser.steps import banner, choose_reason, names, press, search_box, tickbox, title
from tests.factories import PASSWORD, ClientFactory, UserFactory, start

LONG_NAME = "Wilhelmina Featherstonehaugh-Cholmondeley"


@dataclass
class Practice:
    """Enough people for every state of every page."""

    alice: Therapist
    active: Client
    inactive: Client
    individual: Relationship
    family: Relationship
    ended: Relationship

    @classmethod
    def set_up(cls, alice: Therapist) -> "Practice":
        accounts = [UserFactory(), UserFactory()]
        active, inactive, *others = (
            ClientFactory(therapist=alice, name=name, email=email)
            for name, email in [
                (LONG_NAME, accounts[0].email),
                ("Jonah Whitfield", accounts[1].email),
                ("Owen Pryce", "owen@mail.example"),
                ("Siân Pryce", "a-rather-long-address-of-somebody@mail.example"),
                ("Олена Коваль", ""),
            ]
        )
        for client, account in zip([active, inactive], accounts, strict=True):
            client.account = account
            client.save()
        individual, ended = start(active), start(inactive)
        family = start(active, *others, kind=Kind.FAMILY)
        ended.end(by=alice.user, reason="no_sessions", note="A note.\nOf two lines.")
        return cls(alice, active, inactive, individual, family, ended)


def states(
    context: BrowserContext, sign_in: Callable[[Page, User], None], alice: Therapist
) -> Iterator[tuple[str, Page]]:
    """Lead a browser from state to state: what each is called, and the page that shows it."""
    people = Practice.set_up(alice)
    page = context.new_page()
    for tour, user in [
        (of_a_visitor, None),
        (of_a_therapist, alice.user),
        (of_relationships, alice.user),
        (of_a_client, people.inactive.account),
        (of_a_new_account, UserFactory()),
    ]:
        context.clear_cookies()
        if user:
            sign_in(page, user)
        for state in tour(page, people):
            yield state, page


def of_a_visitor(page: Page, people: Practice) -> Iterator[str]:
    page.goto("/sign-in/")
    yield "sign in"
    press(page, "Sign in")
    expect(page.locator(".error-summary")).to_be_focused()
    yield "sign in, refused"
    page.goto("/password/reset/")
    yield "forgotten password"
    page.goto("/password/reset/sent/")
    yield "forgotten password, sent"
    owen = Client.objects.get(name="Owen Pryce")
    token = Invitation.create_for(owen)
    page.goto(f"/invitation/{token}/")
    yield "invitation"
    page.goto(f"/invitation/{token}/{Invitation.proof_of(token)}/")
    yield "invitation that came by mail"
    page.goto("/invitation/nothing/")
    yield "invitation that does not work"
    articles = ("finishing-work-with-a-client", "booking-a-session", "signing-in")
    for address in (
        "help/",
        *(f"help/{article}/" for article in articles),
        "accessibility/",
        "privacy/",
    ):
        page.goto(f"/{address}")
        yield address


def of_two_records(page: Page, people: Practice) -> Iterator[str]:
    """Two records of one person, merged and separated again."""
    twin = ClientFactory(therapist=people.alice, name="Jonah Whitfield")
    page.goto(f"/clients/{people.inactive.public_id}/same-person/")
    yield "the same person as"
    page.get_by_role("link", name="Compare with Jonah Whitfield").click()
    press(page, "Merge these records")
    expect(page.locator(".error-summary")).to_be_visible()
    yield "merge two records, refused"
    page.locator("input[name=stays]").last.check()
    press(page, "Merge these records")
    expect(banner(page)).to_be_focused()
    yield "records merged"
    banner(page).get_by_role("link").click()
    expect(title(page)).to_have_text("Separate these records")
    yield "separate two records"
    press(page, "Separate these records")
    expect(banner(page)).to_be_focused()
    yield "records separated"
    twin.delete()


def of_a_therapist(page: Page, people: Practice) -> Iterator[str]:
    page.goto("/")
    yield "Today"
    for view in ("Day", "Month", "Week"):
        page.goto("/diary/")
        page.get_by_label("View").get_by_role("link", name=view).click()
        yield f"Diary, {view}"
    page.goto("/diary/add/?day=2030-12-04&time=1800")
    yield "Add a session, for whom"
    page.goto("/clients/")
    yield "Clients"
    tickbox(page).check()
    expect(names(page)).to_have_count(5)
    yield "Clients, including inactive"
    tickbox(page).uncheck()
    expect(names(page)).to_have_count(4)
    search_box(page).fill("whit")
    expect(page.get_by_role("heading", name="No active client found")).to_be_visible()
    yield "Clients, hidden match"
    search_box(page).fill("zzz")
    expect(page.get_by_role("heading", name="No client found")).to_be_visible()
    yield "Clients, no match"
    for client in (people.active, people.inactive):
        for part in ("", "relationships/"):
            page.goto(f"/clients/{client.public_id}/{part}")
            yield f"{client.name}, {part or 'overview'}"
    page.goto(f"/clients/{people.active.public_id}/relationships/add/")
    yield "add a relationship"
    page.goto("/clients/add/")
    yield "add a client"
    page.get_by_label("Name", exact=True).first.fill("Jonah Whitfield")
    page.locator("main form .actions button").click()
    expect(page.locator(".error-summary")).to_be_visible()
    yield "add a client, refused"
    page.goto(f"/clients/{people.active.public_id}/edit/")
    yield "edit a client"
    page.goto(f"/clients/{people.active.public_id}/keep/")
    yield "how long to keep"
    page.goto("/clients/due/")
    yield "who is due"
    page.goto(f"/clients/{people.active.public_id}/access/")
    yield "who opened a client"
    page.goto(f"/clients/{people.active.public_id}/export/")
    yield "export a client"
    page.goto(f"/clients/{people.active.public_id}/erase/")
    yield "erase a client, not yet"
    page.goto(f"/clients/{people.inactive.public_id}/erase/")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Go on")
    press(page, "Erase this client")
    expect(page.locator(".error-summary")).to_be_visible()
    yield "erase a client, refused"
    page.goto("/account/archive/")
    yield "take the practice out"
    yield from of_two_records(page, people)
    page.goto("/account/")
    yield "account"
    page.goto("/account/contact/")
    page.get_by_label("Contact email").fill("alice@reach.example")
    page.get_by_label("Contact phone").fill("020 7946 0018")
    press(page, "Save")
    expect(banner(page)).to_be_focused()
    yield "account, with how clients reach one"
    page.goto("/account/contact/")
    yield "how clients reach one"
    page.goto("/account/messages/")
    yield "messages"
    page.goto("/diary/calendar/")
    press(page, "Make an address")
    expect(page.get_by_label("Address", exact=True)).to_be_visible()
    yield "a calendar of one's own, with its address"
    page.goto("/account/security/")
    yield "security"
    page.goto("/sign-in/again/?next=/account/security/app/add/")
    expect(title(page)).to_have_text("Confirm that it is you")
    yield "confirm that it is you"
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Go on")
    expect(title(page)).to_have_text("Add an authenticator app")
    yield "add an authenticator app"
    page.get_by_label("Code", exact=True).fill(lasting_code(page.locator(".key").inner_text()))
    press(page, "Add app")
    expect(title(page)).to_have_text("Recovery codes")
    yield "recovery codes"
    for place in ("codes/new/", "app/remove/", "passkeys/add/"):
        page.goto(f"/account/security/{place}")
        yield place
    page.goto("/account/security/")
    yield "security, with a second step"
    page.goto("/password/change/")
    yield "change the password"
    page.goto("/help/cant-spot-a-client/")
    page.get_by_label("Name of the client").fill("Jonah")
    press(page, "Look for this client")
    expect(page.locator("#answer")).to_be_visible()
    yield "cannot spot a client, answered"
    page.goto("/nowhere/")
    yield "not found"
    page.goto("/password/change/")  # what is typed there is not kept, so it does not come back
    page.context.clear_cookies(name=settings.CSRF_COOKIE_NAME)
    press(page, "Change password")
    expect(title(page)).to_have_text("This page has been open for too long")
    yield "open for too long"


def of_relationships(page: Page, people: Practice) -> Iterator[str]:
    page.goto(f"/relationships/{people.individual.public_id}/")
    yield "relationship"
    press(page, "End this Relationship")
    expect(title(page)).to_have_text("End this Relationship")
    yield "end"
    press(page, "Confirm End of Relationship")
    expect(page.locator(".error-summary")).to_be_visible()
    yield "end, refused"
    page.get_by_text("Add a private note").click()
    choose_reason(page)
    press(page, "Confirm End of Relationship")
    expect(banner(page)).to_be_visible()
    yield "relationship, just ended"
    press(page, "Restart this Relationship")
    expect(title(page)).to_have_text("Restart this Relationship")
    yield "restart"
    press(page, "Confirm Restart of Relationship")
    expect(banner(page)).to_be_visible()
    yield "relationship, just restarted"
    page.goto(f"/relationships/{people.individual.public_id}/place/")
    page.get_by_label("Where").fill("javascript:alert(1)")
    press(page, "Save")
    expect(page.locator(".error-summary")).to_be_visible()
    yield "where sessions take place, refused"
    page.goto(f"/relationships/{people.individual.public_id}/sessions/add/?time=1000")
    first = timezone.localdate() + timedelta(days=30)
    TimeOff.objects.create(therapist=people.alice, first_day=first, last_day=first)
    page.get_by_label("Date").fill(first.isoformat())
    page.get_by_label("Weekly").check()
    page.get_by_label("How many sessions").fill("3")
    yield "add a session"
    press(page, "Check the dates")
    expect(title(page)).to_have_text("Check the dates")
    yield "the dates of a series"
    page.get_by_label("Another time").check()
    press(page, "Book these sessions")
    expect(page.locator(".error-summary")).to_be_visible()
    yield "the dates of a series, refused"
    page.get_by_label("Leave this date out").check()
    press(page, "Book these sessions")
    expect(banner(page)).to_contain_text("2 sessions booked")
    sessions = people.individual.sessions.filter(series__isnull=False)
    page.goto(f"/sessions/{sessions.earliest('starts_at').public_id}/cancel/")
    yield "cancel one of a series"
    lately, length, by = (
        timezone.now() - timedelta(days=2),
        timedelta(minutes=50),
        people.alice.user,
    )
    session = Session.book(people.family, starts_at=lately, length=length, by=by)
    session.set_attendance_of(session.people[:1], attended=False)
    page.goto(f"/sessions/{session.public_id}/")
    yield "session of a family, with who came"
    page.get_by_role("link", name="Correct this session").click()
    yield "correct a session"
    page.goto(f"/relationships/{people.family.public_id}/start/")
    press(page, "Save the start")
    yield "correct the start, refused"
    page.goto(f"/relationships/{people.ended.public_id}/ended/")
    page.get_by_label("Last day").fill("1999-01-01")
    press(page, "Save the ending")
    yield "correct the ending, refused"
    page.goto(f"/relationships/{people.family.public_id}/leave/")
    press(page, "Note that they leave")
    yield "somebody leaves, refused"
    page.goto(f"/relationships/{people.family.public_id}/join/")
    page.get_by_label("Name").first.fill("Jonah")
    press(page, "Note that they join")
    yield "somebody joins, asked who is meant"
    page.goto(f"/relationships/{people.ended.public_id}/end/")
    expect(banner(page)).to_be_visible()
    yield "relationship, had ended"
    page.goto(f"/relationships/{people.ended.public_id}/reason/")
    yield "correct the reason"


def of_a_client(page: Page, people: Practice) -> Iterator[str]:
    page.goto("/dashboard/")
    yield "Client Dashboard"
    page.goto("/dashboard/messages/")
    yield "a client's messages"
    page.goto("/dashboard/data/")
    yield "a client's own data"
    soon = timezone.now() + timedelta(days=3)
    by = people.alice.user
    length, place = timedelta(minutes=50), "https://meet.example/alice"
    session = Session.book(people.ended, starts_at=soon, length=length, by=by, place=place)
    page.goto("/dashboard/")
    yield "Client Dashboard with a session"
    page.goto(f"/sessions/{session.public_id}/")
    yield "a client's session"
    page.goto("/dashboard/sessions/")
    yield "a client's sessions"
    page.goto("/account/details/")
    page.get_by_label("Phone").fill("ask me")
    press(page, "Save")
    expect(page.locator(".error-summary")).to_be_visible()
    yield "a client's own details, refused"
    page.goto("/clients/")
    yield "not for clients"


def of_a_new_account(page: Page, people: Practice) -> Iterator[str]:
    page.goto("/dashboard/")
    yield "Client Dashboard without a therapist"
