"""What is recorded, and in which part somebody acted."""

from typing import Self

from django.db import models

from practice.accounts.access import therapist_of
from practice.accounts.models import User
from practice.web.request_id import request_id


class Verb(models.TextChoices):
    """What was done. The words are what a therapist reads."""

    CLIENT_OPENED = "client_opened", "Opened the client’s page"
    RELATIONSHIP_OPENED = "relationship_opened", "Opened the relationship"
    SESSION_OPENED = "session_opened", "Opened a session"
    DASHBOARD_OPENED = "dashboard_opened", "Opened their own dashboard"
    LIST_SEARCHED = "list_searched", "Searched the clients"
    CLIENT_ADDED = "client_added", "Added the client"
    CLIENT_CHANGED = "client_changed", "Changed details"
    CLIENT_INVITED = "client_invited", "Made an invitation"
    INVITATION_ACCEPTED = "invitation_accepted", "Accepted the invitation"
    RELATIONSHIP_STARTED = "relationship_started", "Started the relationship"
    RELATIONSHIP_ENDED = "relationship_ended", "Ended the relationship"
    RELATIONSHIP_RESTARTED = "relationship_restarted", "Restarted the relationship"
    ENDING_UNDONE = "ending_undone", "Undid an ending"
    REASON_CORRECTED = "reason_corrected", "Corrected the reason of an ending"
    PLANS_NOTED = "plans_noted", "Noted a planned ending, a break or a postponement"
    SESSION_BOOKED = "session_booked", "Booked a session"
    SESSION_MOVED = "session_moved", "Moved a session"
    SESSION_CANCELLED = "session_cancelled", "Cancelled a session"
    ATTENDANCE_NOTED = "attendance_noted", "Noted attendance"
    AVAILABILITY_CHANGED = "availability_changed", "Changed availability"
    PROFILE_CHANGED = "profile_changed", "Changed the profile"
    SETTINGS_CHANGED = "settings_changed", "Changed settings"
    THERAPIST_ADDED = "therapist_added", "Added the therapist"
    SIGNED_IN = "signed_in", "Signed in"
    SIGN_IN_FAILED = "sign_in_failed", "Failed to sign in"
    SIGNED_OUT = "signed_out", "Signed out"
    SECOND_FACTOR_ADDED = "second_factor_added", "Added a second factor"
    SECOND_FACTOR_REMOVED = "second_factor_removed", "Removed a second factor"
    PASSWORD_CHANGED = "password_changed", "Changed the password"
    REFUSED = "refused", "Tried to open it and was refused"
    EXPORTED = "exported", "Exported"
    ERASED = "erased", "Erased"
    PURGED = "purged", "Removed old entries of this record"


class Role(models.TextChoices):
    """In which part somebody acted."""

    THERAPIST = "therapist"
    CLIENT = "client"
    VISITOR = "visitor"  # not signed in
    OPERATOR = "operator"  # a command on the server

    @classmethod
    def of(cls, by: User | None, therapist_id: int | None) -> Self:
        """Return the part an account has in a practice, or in the installation (None)."""
        if by is None:
            return cls.VISITOR if request_id() else cls.OPERATOR
        own = therapist_of(by)
        is_theirs = own and therapist_id in (None, own.pk)
        return cls.THERAPIST if is_theirs else cls.CLIENT
