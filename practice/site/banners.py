"""What the next page says after something was done: one banner, worded when it is read.

A view stores a key of `BANNERS` with ids and numbers (`practice.web.responses.banner`). Names and
moments are looked up when the page is made, among what its reader may see and as it is then.
All of them are here, so the module is longer than others.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from clients.models import Client
from practice.accounts.access import AccountRequest, therapist_of
from practice.booking.dated_hours import DatedHours
from practice.booking.dated_hours_pages import Outcome
from practice.diary.models import Session
from practice.web.responses import BANNER, LOOK
from relationships.models import Relationship, RelationshipQuerySet
from relationships.reading import Consequences

SUCCESS, INFO = "ok", "note"  # as the stylesheet calls the kinds of banners


@dataclass(frozen=True)
class Banner:
    """A heading, which may name stored numbers, and a sentence or a template below it.

    `context` looks up what the template shows, for the reader and by what was stored; it returns
    None where that is no longer so, no longer there, or not the reader's.
    """

    heading: str
    text: str = ""
    template: str = ""
    context: Callable[..., dict | None] | None = None
    kind: str = SUCCESS


def _relationships(request: HttpRequest, public_ids: list[str]) -> RelationshipQuerySet:
    own = Relationship.objects.filter(therapist=therapist_of(request.user))
    return own.filter(public_id__in=public_ids).with_people()


def _record(request: HttpRequest, record: str) -> dict | None:
    """Look up a record that was merged or separated."""
    own = Client.objects.filter(therapist=therapist_of(request.user)).not_erased()
    found = own.filter(public_id=record).select_related("merged_into").first()
    return found and {"record": found}


def _any(request: HttpRequest, relationship: str) -> dict | None:
    found = _relationships(request, [relationship]).first()
    return found and {"relationship": found}


def _active(request: HttpRequest, relationship: str) -> dict | None:
    found = _relationships(request, [relationship]).active().first()
    return found and {"relationship": found}


def _ended(request: HttpRequest, relationship: str) -> dict | None:
    found = _relationships(request, [relationship]).ended().first()
    return found and {
        "relationship": found,
        "consequences": Consequences.of_ending(found),
        "can_undo": found.can_undo(request.user),
    }


def _tidied(request: HttpRequest, done: int, stale: list[str]) -> dict:
    return {"done": done, "stale": _relationships(request, stale)}


def _booked(request: AccountRequest, session: str) -> dict | None:
    sessions = Session.objects.of_clients(request.user.clients.all()).standing()
    found = sessions.filter(public_id=session).select_related("therapist").first()
    return found and {"appointment": found}


def _cancelled(request: AccountRequest, session: str) -> dict | None:
    """Look up a session that was cancelled, and whether its reader may put it back."""
    own = Session.objects.filter(therapist=therapist_of(request.user))
    theirs = Session.objects.of_clients(request.user.clients.all())
    found = (own | theirs).filter(public_id=session, state=Session.State.CANCELLED)
    appointment = found.select_related("therapist", "relationship").first()
    return appointment and {
        "appointment": appointment,
        "can_put_back": appointment.can_be_put_back_by(request.user),
    }


def _dated(request: HttpRequest, hours: str) -> dict | None:
    """Look up hours that were opened or blocked, and what has come of it."""
    found = DatedHours.objects.filter(therapist=therapist_of(request.user), public_id=hours).first()
    return None if found is None else {"hours": found, "outcome": Outcome.of(found, timezone.now())}


CHANGED = Banner("This has changed in the meantime", "The page shows what is so now.", kind=INFO)
BANNERS = {
    # The account
    "signed_out": Banner("You have signed out"),
    "signed_out_unused": Banner(
        "You were signed out because you had not used {service} for {minutes} minutes.", kind=INFO
    ),
    "signed_out_after_all": Banner(
        "You were signed out because you had been signed in for {hours} hours.", kind=INFO
    ),
    "signed_out_elsewhere": Banner("Signed out everywhere else"),
    "contact_saved": Banner("Saved", "Your clients see it on their pages."),
    "messages_saved": Banner("Saved"),
    "test_sent": Banner("The test is on its way", "Look in your email in a minute."),
    "test_not_sent": Banner(
        "No test was sent", "Several were sent within the hour, or no mail is set up.", kind=INFO
    ),
    "calendar_saved": Banner("Saved", "Your calendar shows it when it asks the next time."),
    "calendar_stopped": Banner(
        "The address leads nowhere any more",
        "What your calendar has read stays in it until you take the calendar away there.",
    ),
    "time_zone_saved": Banner("Time zone saved"),
    "email_link_sent": Banner(
        "The link is on its way", "Look in the mail of that address, and open the link here."
    ),
    "email_changed": Banner("Email address changed", "The old address has been told."),
    "email_confirmed": Banner("Email address confirmed"),
    "password_changed": Banner(
        "Password changed", "You stay signed in here; other devices have been signed out."
    ),
    "password_saved": Banner("Password saved"),
    "app_added": Banner("Authenticator app added"),
    "app_removed": Banner("Authenticator app removed"),
    "passkey_added": Banner("Passkey added"),
    "passkey_removed": Banner("Passkey removed"),
    "passkey_failed": Banner(
        "That passkey did not work", "Try again, or go on in another way.", kind=INFO
    ),
    "not_done": Banner("That did not work", "Nothing was changed. Try again.", kind=INFO),
    "codes_made": Banner("Keep your recovery codes"),
    "second_factor_needed": Banner(
        "Add a second step to go on",
        "Therapists sign in with a second step, because of what clients entrust to them. Add a "
        "passkey or an authenticator app below; it takes two minutes.",
        kind=INFO,
    ),
    "account_ready": Banner("Your account is ready"),
    "invitation_accepted": Banner("Invitation accepted"),
    "invitation_sent": Banner(
        "The link is on its way", "Look in your email, and open the link that is in it."
    ),
    "sign_in_to_accept": Banner(
        "Sign in to accept",
        "With the password that you have just chosen. If you had an account here before, with the "
        "one that it had.",
    ),
    "page_too_old": Banner(
        "This page had been open for too long",
        "Nothing was sent. Check the page and try again.",
        kind=INFO,
    ),
    # Clients and their records
    "details_saved": Banner("Details saved"),
    "retention_saved": Banner("Saved"),
    "client_erased": Banner("Client erased"),
    "records_merged": Banner("Records merged", template="banners/records.html", context=_record),
    "records_separated": Banner(
        "Records separated", template="banners/records.html", context=_record
    ),
    "records_are_merged": Banner("These records are merged already", kind=INFO),
    "records_are_separate": Banner("These records are not merged any more", kind=INFO),
    # Relationships
    "relationship_started": Banner(
        "Relationship started", template="banners/relationship.html", context=_active
    ),
    "relationship_ended": Banner(
        "Relationship ended", template="banners/relationship.html", context=_ended
    ),
    "relationship_had_ended": Banner(
        "This relationship had already ended",
        template="banners/relationship.html",
        context=_any,
        kind=INFO,
    ),
    "relationship_has_ended": Banner("This relationship has ended", kind=INFO),
    "relationship_is_active": Banner("This relationship is already active", kind=INFO),
    "relationship_is_closed": Banner(
        "This relationship cannot be restarted", template="relationships/_closed.html", kind=INFO
    ),
    "ending_undone": Banner("Ending undone", template="banners/relationship.html", context=_active),
    "ending_too_old": Banner(
        "This ending can no longer be undone",
        "An ending can be undone for 15 minutes, by the person who made it. To take the work up "
        "again, use Restart this Relationship.",
        kind=INFO,
    ),
    "relationship_restarted": Banner(
        "Relationship restarted", template="banners/relationship.html", context=_active
    ),
    "reason_corrected": Banner("Reason corrected"),
    "start_corrected": Banner("Start corrected"),
    "ending_dated": Banner("Ending corrected"),
    "somebody_left": Banner("Noted", "Who left keeps the sessions until then. Nobody is notified."),
    "somebody_joined": Banner("Noted", "Sessions from then on are theirs, too."),
    "nobody_can_leave": Banner("Nobody can leave this relationship at present", kind=INFO),
    "nobody_can_join": Banner("Nobody can join this relationship at present", kind=INFO),
    "reason_unchanged": Banner(
        "Nothing was changed",
        "The reason is the same as before, or the relationship has changed since you opened the "
        "page.",
        kind=INFO,
    ),
    "ending_planned": Banner("Planned ending saved"),
    "tidied": Banner("Saved", template="banners/tidied.html", context=_tidied),
    "nothing_tidied": Banner(
        "Nothing was changed",
        template="banners/tidied.html",
        context=_tidied,
        kind=INFO,
    ),
    "weeks_saved": Banner("Saved"),
    # Sessions and hours
    "session_booked": Banner(
        "Session booked", template="banners/session_booked.html", context=_booked
    ),
    "nothing_booked_after_leaving": Banner(
        "Nothing has been booked", "You no longer take part in that relationship.", kind=INFO
    ),
    "session_added": Banner("Session booked"),
    "session_added_outside": Banner("Session booked", "It is outside your working hours."),
    "session_added_at_night": Banner("Session booked", "It is at night."),
    "series_booked": Banner("{number} sessions booked"),
    "series_booked_before": Banner(
        "These sessions are booked already: {number}", "Nothing was booked again.", kind=INFO
    ),
    "series_cancelled": Banner(
        "{number} sessions cancelled", "Each can be put back while its time is free."
    ),
    "series_moved": Banner("{number} sessions moved"),
    "session_recorded": Banner("Session recorded"),
    "session_moved": Banner("Session moved"),
    "session_corrected": Banner("Session corrected"),
    "session_mistaken": Banner(
        "Recorded by mistake", "It counts nowhere. If it took place after all, say who came."
    ),
    "session_not_corrected": Banner("This session cannot be corrected", kind=INFO),
    "session_cancelled": Banner(
        "Session cancelled", template="banners/session_cancelled.html", context=_cancelled
    ),
    "session_put_back": Banner("Session put back", "It is booked again, at the same time."),
    "session_not_put_back": Banner(
        "This session cannot be put back",
        "It is no longer cancelled, or its time has come.",
        kind=INFO,
    ),
    "who_asked_corrected": Banner("Corrected"),
    "nobody_asked": Banner("There is nothing to correct", kind=INFO),
    "who_asked_unchanged": Banner("It says so already", kind=INFO),
    "place_saved": Banner("Saved"),
    "session_has_begun": Banner(
        "The session has begun", "It can no longer be cancelled here.", kind=INFO
    ),
    "session_too_late_to_move": Banner(
        "This session can no longer be moved here",
        "Ask your therapist if you need another time.",
        kind=INFO,
    ),
    "session_not_booked": Banner(
        "This session is no longer booked", "Nothing was changed.", kind=INFO
    ),
    "attendance_noted": Banner("Attendance noted"),
    "attendance_not_chosen": Banner("Choose whether they came", kind=INFO),
    "attendance_refused": Banner("Attendance cannot be noted for this session", kind=INFO),
    "attendance_changed": Banner(
        "This has changed since you opened the page", f"Nothing was noted. {LOOK}", kind=INFO
    ),
    "availability_saved": Banner("Availability saved", template="banners/availability_saved.html"),
    "time_opened": Banner("Time opened", template="banners/dated_time.html", context=_dated),
    "time_blocked": Banner("Time blocked", template="banners/dated_time.html", context=_dated),
    "opened_time_removed": Banner(
        "Time removed", "Clients can no longer book then. What is booked stays booked."
    ),
    "blocked_time_removed": Banner(
        "Time removed", "It is blocked no longer: clients can book it where it is in your hours."
    ),
    "profile_saved": Banner("Profile saved"),
}


def take(request: HttpRequest) -> SafeString | str:
    """Return the banner that waits in this browser, for good; without one, an empty text."""
    stored = request.session.pop(BANNER, None) if hasattr(request, "session") else None
    if stored is None:
        return ""
    key = stored.pop("key")
    banner = BANNERS.get(key, CHANGED)
    context = stored
    if banner.context:
        context = banner.context(request, **stored) if request.user.is_authenticated else None
    if context is None:
        banner, context = CHANGED, {}
    heading = banner.heading.format(service=settings.SERVICE_NAME, **stored)
    context = context | {"banner": banner, "key": key, "heading": heading}
    return render_to_string("_banner.html", context, request)
