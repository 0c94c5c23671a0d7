"""What people do, and which banner the next page then shows: `ACTIONS`, by the banner's key."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.messages import ERROR, SUCCESS
from django.core import mail
from django.test import RequestFactory, override_settings
from django.utils import timezone

from clients.models import Client, Invitation
from practice.accounts.adapter import SAID, Adapter
from practice.accounts.models import User
from practice.diary.models import Session
from practice.records.merging import merge
from relationships.models import Relationship
from tests.accounts.passkey import add_passkey
from tests.accounts.second_factor import SECURITY, add_app, confirm
from tests.booking import availability
from tests.conftest import browser_of
from tests.diary import MINUTE, NOW, WEDNESDAY, at, book, works
from tests.factories import PASSWORD, ClientFactory, UserFactory, start
from tests.pressing import Browser, hidden
from tests.reading import read, sent_by

SERIES = UUID("9a4e0aa2-3d0a-4f6a-a4f0-3b8f3c0c1d5e")
ENDING = {"reason": "completed", "note": "Ann moved to Lisbon."}
ACTIONS: dict[str, Callable] = {}


def action(key: str) -> Callable:
    """Something that people do, after which the next page shows this banner."""
    return lambda do: ACTIONS.setdefault(key, do)


class World:
    """Alice, Ann and Ben, their browsers, and their work."""

    def __init__(self, fixture: Callable[[str], object]) -> None:
        self.alice, self.ann, self.ben = map(fixture, ("alice", "ann", "ben"))
        self.as_alice, self.as_ann = fixture("as_alice"), fixture("as_ann")
        self.work = start(self.ann, at=NOW - timedelta(weeks=20))
        self.couples = start(self.ann, self.ben, at=NOW - timedelta(weeks=20))
        works(self.alice)
        self.settings = fixture("settings")

    def end(self, work: Relationship | None = None, **how: object) -> Relationship:
        work = work or self.work
        work.end(by=self.alice.user, reason="completed", **how)
        return work

    def to(self, work: Relationship, step: str, **typed: object) -> None:
        self.as_alice.post(f"/relationships/{work.public_id}/{step}/", typed)


@action("relationship_started")
def _(world):
    typed = {"name": "Wilma Newcome", "kind": "individual", "key": uuid4()}
    typed |= {"others-TOTAL_FORMS": 0, "others-INITIAL_FORMS": 0}
    world.as_alice.post("/clients/add/", typed | {"time_zone": "Europe/London"})
    assert Client.objects.filter(name="Wilma Newcome").exists()


@action("relationship_ended")
def _(world):
    world.to(world.work, "end", **ENDING)


@action("relationship_had_ended")
def _(world):
    world.to(world.end(), "end", **ENDING)


@action("ending_undone")
def _(world):
    world.to(world.end(), "undo")


@action("ending_too_old")
def _(world):
    world.to(world.end(at=timezone.now() - timedelta(hours=1)), "undo")


@action("relationship_restarted")
def _(world):
    world.to(world.end(), "restart")


@action("relationship_is_active")
def _(world):
    world.to(world.work, "restart")


@action("relationship_is_closed")
def _(world):
    work = world.end()
    Relationship.objects.filter(pk=work.pk).update(is_closed=True)
    world.to(work, "restart")


@action("reason_corrected")
def _(world):
    ended = world.end().ended_at.isoformat()
    world.to(world.work, "reason", reason="no_sessions", note="Ann", ended_at=ended)


@action("reason_unchanged")
def _(world):
    ended = world.end().ended_at.isoformat()
    world.to(world.work, "reason", reason="completed", ended_at=ended)


@action("ending_dated")
def _(world):
    world.to(world.end(), "ended", day=f"{NOW - timedelta(days=3):%Y-%m-%d}", time="10:00")


@action("ending_planned")
def _(world):
    world.to(world.work, "plan", planned_end="2025-12-24")


@action("relationship_has_ended")
def _(world):
    world.to(world.end(), "plan", planned_end="2025-12-24")


@action("tidied")
def _(world):
    tidy_up(world, world.work, world.couples)


@action("nothing_tidied")
def _(world):
    tidy_up(world, world.end())


def tidy_up(world: World, *works: Relationship) -> None:
    typed = {"row": [work.public_id for work in works]}
    for work in works:
        typed |= {f"{work.public_id}-action": "end", f"{work.public_id}-reason": "completed"}
    world.as_alice.post("/caseload/tidy-up/", typed)


@action("weeks_saved")
def _(world):
    world.as_alice.post("/caseload/tidy-up/", {"weeks": 10})


@action("details_saved")
def _(world):
    typed = {"name": "Ann Ashby", "email": "ann@mail.example", "time_zone": "Europe/London"}
    world.as_alice.post(f"/clients/{world.ann.public_id}/edit/", typed)


CHOSEN = {"new_password1": "a brand new harbour", "new_password2": "a brand new harbour"}


@action("calendar_saved")
def _(world):
    made = world.as_alice.post("/diary/calendar/", {"do": "make", "names": "none", "shown": ""})
    shown = hidden(read(world.as_alice.get(made.url)))["shown"]
    sent = {"do": "save", "names": "first_names", "shown": shown}
    world.as_alice.post("/diary/calendar/", sent)


@action("calendar_stopped")
def _(world):
    world.as_ann.post("/dashboard/calendar/", {"do": "make", "shown": ""})
    shown = hidden(read(world.as_ann.get("/dashboard/calendar/")))["shown"]
    world.as_ann.post("/dashboard/calendar/", {"do": "stop", "shown": shown})


@action("messages_saved")
def _(world):
    world.as_alice.post("/account/messages/", {"reminders": "2", "way": "never"})


@action("test_sent")
def _(world):
    backend = "django.core.mail.backends.locmem.EmailBackend"
    with override_settings(SENDS_MESSAGES=True, MESSAGE_BACKEND=backend):
        world.as_alice.post("/account/messages/", {"do": "test"})


@action("test_not_sent")
def _(world):
    world.as_alice.post("/account/messages/", {"do": "test"})


@action("account_ready")
def _(world):
    token = Invitation.create_for(world.ben)
    Browser().post(f"/invitation/{token}/{Invitation.proof_of(token)}/", CHOSEN)


@action("sign_in_to_accept")
def _(world):
    Browser().post(f"/invitation/{Invitation.create_for(world.ben)}/", CHOSEN)


@action("invitation_sent")
def _(world):
    world.settings.EMAIL_HOST = "mail.practice.example"
    Browser().post(f"/invitation/{Invitation.create_for(world.ben)}/")


def ask_for_a_new_address(world: World, email: str = "alice@elsewhere.example") -> str:
    """Return the link that comes by mail."""
    world.settings.EMAIL_HOST = "mail.practice.example"
    confirm(world.as_alice)
    world.as_alice.post("/account/email/", {"email": email})
    return re.search(r"http://testserver(/account/email/\S+/)", mail.outbox[-1].body)[1]


@action("email_link_sent")
def _(world):
    ask_for_a_new_address(world)


@action("email_changed")
def _(world):
    world.as_alice.post(ask_for_a_new_address(world))


@action("email_confirmed")
def _(world):
    User.objects.update(email_verified_at=None)
    world.as_alice.post(ask_for_a_new_address(world, "alice@practice.example"))


@action("invitation_accepted")
def _(world):
    browser = browser_of(UserFactory(email=world.ben.email))
    browser.post(f"/invitation/{Invitation.create_for(world.ben)}/")


@action("retention_saved")
def _(world):
    typed = {"keep_rule": "10_years", "date_of_birth": ""}
    world.as_alice.post(f"/clients/{world.ann.public_id}/keep/", typed)


@action("client_erased")
def _(world):
    alone = ClientFactory(therapist=world.alice, name="Percy Bright")
    world.end(start(alone))
    confirm(world.as_alice)
    world.as_alice.post(f"/clients/{alone.public_id}/erase/", {"sure": "on"})


def other_record(world) -> Client:
    """Another record of Ann, to be merged into hers."""
    return ClientFactory(therapist=world.alice, name="Percy Bright")


@action("records_merged")
def _(world):
    page = f"/clients/{world.ann.public_id}/same-person/{other_record(world).public_id}/"
    shown = read(world.as_alice.get(page)).value_of("shown")
    world.as_alice.post(page, {"shown": shown, "stays": world.ann.public_id})


@action("records_are_merged")
def _(world):
    other = other_record(world)
    merge(other, into=world.ann, by=world.alice.user)
    world.as_alice.post(f"/clients/{world.ann.public_id}/same-person/{other.public_id}/")


@action("records_separated")
def _(world):
    other = other_record(world)
    merge(other, into=world.ann, by=world.alice.user)
    page = f"/clients/{world.ann.public_id}/separate/{other.public_id}/"
    world.as_alice.post(page, {"shown": read(world.as_alice.get(page)).value_of("shown")})


@action("records_are_separate")
def _(world):
    other = other_record(world)
    world.as_alice.post(f"/clients/{world.ann.public_id}/separate/{other.public_id}/")


@action("profile_saved")
def _(world):
    world.as_alice.post("/profile/", {"headline": "Alice Archer, therapist"})


@action("availability_saved")
def _(world):
    book(world.work)
    world.as_alice.post("/diary/availability/", availability(mon=["09:00-12:00"]))


DATED = {"shown": "Europe/London", "day": "2025-11-26", "starts": "18:00", "ends": "20:00"}


@action("time_opened")
def _(world):
    world.as_alice.post("/diary/open/", DATED | {"note": "Ann"})


@action("time_blocked")
def _(world):
    world.as_alice.post("/diary/block/", DATED | {"note": "Ann"})


def remove(world, kind: str) -> None:
    typed = {"day": "2025-11-26", "starts": "18:00", "ends": "20:00", "note": "Ann"}
    hours = world.alice.dated_hours.create(kind=kind, **typed)
    world.as_alice.post(f"/diary/times/{hours.public_id}/")


@action("opened_time_removed")
def _(world):
    remove(world, "open")


@action("blocked_time_removed")
def _(world):
    remove(world, "blocked")


@action("session_booked")
def _(world):
    address = f"/book/{world.work.public_id}/2025-11-26/1600/"
    key = read(world.as_ann.get(address)).value_of("key")
    world.as_ann.post(address, {"key": key})


@action("session_added")
def _(world):
    add_session(world, "2025-11-28")


def add_series(world: World) -> None:
    typed = {"day": "2026-03-03", "time": "11:00", "minutes": 50, "key": SERIES}
    checked = world.as_alice.post(
        f"/relationships/{world.work.public_id}/sessions/add/", typed | {"every": 1, "number": 2}
    )
    world.as_alice.post(
        f"/relationships/{world.work.public_id}/sessions/add/", hidden(read(checked))
    )


@action("series_booked")
def _(world):
    add_series(world)


@action("series_booked_before")
def _(world):
    add_series(world)
    add_series(world)


@action("series_cancelled")
def _(world):
    add_series(world)
    first = world.work.sessions.order_by("starts_at").first()
    shown = hidden(read(world.as_alice.get(f"/sessions/{first.public_id}/cancel/")))
    to_session(world, first, "cancel", **shown | {"asked": "client", "sessions": "later"})


@action("series_moved")
def _(world):
    add_series(world)
    first = world.work.sessions.order_by("starts_at").first()
    address = f"/sessions/{first.public_id}/move/"
    typed = {"sessions": "later", "day": "2025-12-03", "time": "15:00", "asked": "client"}
    page = hidden(read(world.as_alice.get(address)))
    dates = world.as_alice.post(address, page | typed)
    world.as_alice.post(address, hidden(read(dates)))


def correct(world: World, session: Session, **typed: str) -> None:
    address = f"/sessions/{session.public_id}/correct/"
    page = hidden(read(world.as_alice.get(address)))
    del page["mistaken"]  # of the other form
    world.as_alice.post(address, page | typed)


@action("session_corrected")
def _(world):
    session = book(world.work, at("2025-11-18 11:00"))
    correct(world, session, day="2025-11-17", time="11:00", minutes="50")


@action("session_mistaken")
def _(world):
    correct(world, book(world.work, at("2025-11-18 11:00")), mistaken="mistaken")


@action("session_not_corrected")
def _(world):
    world.as_alice.get(f"/sessions/{book(world.work).public_id}/correct/")


@action("session_too_late_to_move")
def _(world):
    session = book(world.work, timezone.now() + MINUTE)
    world.as_ann.get(f"/sessions/{session.public_id}/move/")


def members(world: World, work: Relationship, step: str, **typed: str) -> None:
    address = f"/relationships/{work.public_id}/{step}/"
    world.as_alice.post(address, sent_by(world.as_alice.get(address), "shown") | typed)


@action("somebody_left")
def _(world):
    members(world, world.couples, "leave", who=world.ben.public_id, then="individual")


@action("nothing_booked_after_leaving")
def _(world):
    world.couples.leave(person=world.ann, by=world.alice.user, at=NOW, kind="individual")
    world.as_ann.post(f"/book/{world.couples.public_id}/2025-11-26/1600/")


@action("somebody_joined")
def _(world):
    members(world, world.couples, "join", name="Wilma Newcome", kind="family")


@action("nobody_can_leave")
def _(world):
    world.as_alice.get(f"/relationships/{world.work.public_id}/leave/")


@action("nobody_can_join")
def _(world):
    world.end()
    world.as_alice.get(f"/relationships/{world.work.public_id}/join/")


@action("start_corrected")
def _(world):
    address = f"/relationships/{world.work.public_id}/start/"
    page = hidden(read(world.as_alice.get(address)))
    world.as_alice.post(address, page | {"day": "2025-01-06"})


@action("session_added_outside")
def _(world):
    typed = {"day": "2025-11-28", "time": "20:00", "minutes": 50, "key": uuid4()}
    world.to(world.work, "sessions/add", **typed)


@action("session_added_at_night")
def _(world):
    typed = {"day": "2025-11-28", "time": "23:00", "minutes": 50, "key": uuid4()}
    world.to(world.work, "sessions/add", **typed)


@action("session_recorded")
def _(world):
    add_session(world, "2025-11-18")


def add_session(world: World, day: str) -> None:
    typed = {"day": day, "time": "11:00", "minutes": 50, "key": uuid4()}
    world.to(world.work, "sessions/add", **typed)


def to_session(world: World, session: Session, step: str, **typed: object) -> None:
    world.as_alice.post(f"/sessions/{session.public_id}/{step}/", typed)


@action("session_cancelled")
def _(world):
    to_session(world, book(world.work), "cancel", asked="client")


@action("session_put_back")
def _(world):
    session = book(world.work)
    session.cancel(by=world.alice.user)
    to_session(world, session, "put-back")


@action("session_not_put_back")
def _(world):
    to_session(world, book(world.work), "put-back")


@action("who_asked_corrected")
def _(world):
    session = book(world.work)
    session.cancel(by=world.alice.user)
    to_session(world, session, "who-asked/cancelled", asked="client")


@action("nobody_asked")
def _(world):
    to_session(world, book(world.work), "who-asked/moved")


@action("who_asked_unchanged")
def _(world):
    session = book(world.work)
    session.cancel(by=world.alice.user)
    to_session(world, session, "who-asked/cancelled", asked="therapist")


@action("place_saved")
def _(world):
    to_session(world, book(world.work), "place", place="Room 2")


@action("session_moved")
def _(world):
    to_session(world, book(world.work), "move", day="2025-11-27", time="09:00", asked="client")


@action("session_has_begun")
def _(world):
    session = book(world.work, timezone.now() - MINUTE)
    world.as_ann.get(f"/sessions/{session.public_id}/cancel/")


@action("session_not_booked")
def _(world):
    session = book(world.work)
    session.cancel(by=world.alice.user)
    to_session(world, session, "cancel")


@action("attendance_noted")
def _(world):
    to_session(world, book(world.work, at("2025-11-18 11:00")), "attendance", attended="no")


@action("attendance_not_chosen")
def _(world):
    to_session(world, book(world.work, at("2025-11-18 11:00")), "attendance")


@action("attendance_refused")
def _(world):
    to_session(world, book(world.work, WEDNESDAY), "attendance", attended="yes")


@action("attendance_changed")
def _(world):
    session = book(world.work, at("2025-11-18 11:00"))
    headers = {"HX-Request": "true"}
    place = f"/sessions/{session.public_id}/attendance/"
    world.as_alice.post(place, {"attended": "yes", "shown": "of before"}, headers=headers)


@action("page_too_old")
def _(world):
    strict = Browser(enforce_csrf_checks=True)
    strict.force_login(world.alice.user)
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/clients/"}
    strict.post(f"/relationships/{world.work.public_id}/end/", ENDING, headers=headers)


@action("contact_saved")
def _(world):
    world.as_alice.post("/account/contact/", {"email": "", "phone": "020 7946 0018"})


@action("time_zone_saved")
def _(world):
    world.as_alice.post("/account/", {"time_zone": "Europe/Paris"})


@action("signed_out")
def _(world):
    world.as_alice.post("/sign-out/")


@action("signed_out_elsewhere")
def _(world):
    world.as_alice.post(f"{SECURITY}elsewhere/")


@action("signed_out_unused")
def _(world):
    world.as_alice.get("/clients/")
    with time_machine.travel(NOW + timedelta(minutes=31), tick=False):
        world.as_alice.get(f"/clients/{world.ann.public_id}/")


@action("signed_out_after_all")
def _(world):
    world.settings.IDLE_LIMIT = timedelta(hours=24)
    for hours in (0, 6, 13):
        with time_machine.travel(NOW + timedelta(hours=hours), tick=False):
            world.as_alice.get(f"/clients/{world.ann.public_id}/")


@action("second_factor_needed")
def _(world):
    world.settings.SECOND_FACTOR_FOR_THERAPISTS = True
    world.as_alice.get(f"/clients/{world.ann.public_id}/")


@action("password_changed")
def _(world):
    new = "another quiet harbour"
    typed = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    world.as_alice.post("/password/change/", typed)


@action("password_saved")
def _(world):
    world.alice.user.set_unusable_password()
    world.alice.user.save()
    world.as_alice.force_login(world.alice.user)
    new = "another quiet harbour"
    world.as_alice.post("/password/set/", {"password1": new, "password2": new})


@action("app_removed")
def _(world):
    add_app(world.as_alice)
    world.as_alice.get(SECURITY)
    world.as_alice.post(f"{SECURITY}app/remove/")


def allauth_says(world: World, template: str = "", level: int = SUCCESS, **said: str) -> None:
    request = RequestFactory().post("/")
    request.session = world.as_ann.session
    Adapter(request).add_message(request, level, template, **said)
    request.session.save()


# What comes after the commit, of which a test has none.
for template, key in SAID.items():
    if key in ("app_added", "codes_made"):
        action(key)(partial(allauth_says, template=template))


@action("not_done")
def _(world):
    allauth_says(world, level=ERROR, message="Ann Ashby cannot do this now.")


@action("passkey_added")
def _(world):
    confirm(world.as_alice)
    RecoveryCodes.activate(world.alice.user)  # else they come along, and are told of instead
    add_passkey(world.as_alice, name="Phone of Ann Ashby")


@action("passkey_removed")
def _(world):
    confirm(world.as_alice)
    phone = {"type": "webauthn", "data": {"name": "Phone of Ann Ashby"}}
    passkey = Authenticator.objects.create(user=world.alice.user, **phone)
    world.as_alice.post(f"{SECURITY}passkeys/{passkey.pk}/remove/")


@action("passkey_failed")
def _(world):
    visitor = Browser()
    visitor.get("/sign-in/passkey/", headers={"Accept": "application/json"})
    visitor.post("/sign-in/passkey/", {"credential": "{}"})
