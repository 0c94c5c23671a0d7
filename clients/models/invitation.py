"""The link by which a client makes an account."""

import hashlib
import secrets
from datetime import timedelta
from typing import Self

from django.core.signing import BadSignature, Signer
from django.db import models, transaction
from django.utils import timezone

from clients.models.client import Client
from practice.accounts.models import Therapist, User
from practice.audit.models import Entry, Verb
from practice.text.spoken import fresh


class Invitation(models.Model):
    """A single-use link that lets one client make an account. Only its fingerprint is stored.

    The inviting therapist is shown the link, so it does not show whose a mailbox is. What goes by
    mail alone has a proof added to it, which is stored nowhere: a signature by the server's key.
    """

    VALID_FOR = timedelta(days=7)

    class Unusable(Exception):
        """The link is unknown, used, withdrawn or too old."""

    class Changed(Exception):
        """The client has another e-mail address than when they were read. Nobody was invited."""

    therapist = models.ForeignKey(Therapist, models.PROTECT, related_name="invitations")
    client = models.ForeignKey(Client, models.CASCADE, related_name="invitations")
    email = models.EmailField()
    fingerprint = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    accepted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Invitation of {self.created_at:%Y-%m-%d}"

    @staticmethod
    def fingerprint_of(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    @classmethod
    @transaction.atomic
    def create_for(cls, client: Client, *, if_unchanged: bool = False) -> str:
        """Invite a client at their e-mail address and return the secret of the link.

        An earlier link that was not used stops working.

        Raises:
            Client.DoesNotExist: they have been erased a moment ago.
            Client.Merged: the record has been merged into another a moment ago.
            Invitation.Changed: `if_unchanged`, and they have another address than when read.
        """
        read, client = client, Client.lock_person(client.pk)
        if if_unchanged and client.email != read.email:
            raise cls.Changed
        token = secrets.token_urlsafe(32)
        client.invitations.filter(accepted_at=None).delete()
        client.invitations.create(
            therapist_id=client.therapist_id,
            email=client.email.strip().lower(),
            fingerprint=cls.fingerprint_of(token),
        )
        return token

    @staticmethod
    def proof_of(token: str) -> str:
        """Return what is added to a link that goes by mail alone."""
        return _proofs().signature(token)

    @classmethod
    def open(cls, token: str, proof: str = "") -> Self:
        """Return the invitation of a link that still works.

        Raises:
            Invitation.Unusable: it does not, or its proof is none.
        """
        invitation = (
            cls.objects.select_related("client", "therapist")
            .filter(
                fresh("created_at", cls.VALID_FOR, timezone.now()),
                fingerprint=cls.fingerprint_of(token),
                accepted_at=None,
                client__account=None,
            )
            .first()
        )
        # A link is bound to the address it was made for.
        if invitation is None or invitation.client.email.strip().lower() != invitation.email:
            raise cls.Unusable
        if proof and not cls._is_proof(token, proof):
            raise cls.Unusable
        return invitation

    @staticmethod
    def _is_proof(token: str, proof: str) -> bool:
        signer = _proofs()
        try:
            signer.unsign(f"{token}{signer.sep}{proof}")
        except BadSignature:
            return False
        return True

    def accept(self, user: User) -> None:
        """Link the client to an account of the same e-mail address.

        Raises:
            Invitation.Unusable: the link was used a moment ago, or is somebody else's; or client
                or account are no more.
        """
        client = Client.objects.not_erased().filter(pk=self.client_id, account=None)
        # With the password that was read: nobody has been handed the account since (`User.claim`).
        account = User.objects.filter(pk=user.pk, email=self.email, is_active=True)
        account = account.filter(password=user.password)
        fresh = Invitation.objects.filter(pk=self.pk, accepted_at=None)
        with Entry.recording(
            Verb.INVITATION_ACCEPTED, by=user, therapist=self.therapist_id, about=self.client
        ):
            # From here on neither can the client be erased nor the account be closed.
            if not account.select_for_update(no_key=True) or not client.locked():
                raise self.Unusable
            if not fresh.update(accepted_at=timezone.now()):
                raise self.Unusable
            client.update(account=user)
            account.filter(time_zone="").update(time_zone=self.client.time_zone)


def _proofs() -> Signer:
    return Signer(salt="clients.Invitation")
