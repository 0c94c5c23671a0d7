"""What clients do about what happens to accounts."""

from typing import Any

from django.db import transaction

from practice.accounts.access import acting_as
from practice.accounts.models import User
from practice.audit.models import Entry, Verb


@transaction.atomic
def unlink_records(user: User, **signal: Any) -> None:
    """Take an account from the records that were linked to it before its owner was known.

    Whoever accepted those invitations may have been the therapist who made them. Each therapist
    finds it on record, and invites anew. An account in which nobody has been, because it came with
    a practice that the operator moved in, has accepted none.
    """
    if user.last_login is None and not user.has_usable_password():
        return
    with acting_as(user.pk):
        for record in user.clients.locked():
            Entry.record(
                Verb.CLIENT_CHANGED,
                by=user,
                therapist=record.therapist_id,
                about=record,
                outcome="account unlinked",
            )
        user.clients.update(account=None)
