"""`python3 manage.py transfer_clients leaving@practice.example staying@practice.example`."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from practice.accounts.access import therapist_of
from practice.accounts.models import Therapist
from practice.management.operator import OperatorCommand
from practice.management.transferring import NotTransferred, Transfer

ALL = "All clients of {} become clients of {}. Type yes: "


class Command(OperatorCommand):
    """Passes a whole caseload from one therapist to another: all of it, or nothing."""

    help = "Pass all clients of one therapist, with everything about them, to another."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("former", help="the address of whoever leaves")
        parser.add_argument("receiver", help="the address of whoever takes over")
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *, former: str, receiver: str, dry_run: bool, yes: bool, **_: Any) -> None:
        transfer = Transfer(self.therapist_at(former), self.therapist_at(receiver))
        try:
            transfer.look()
            for name, number in transfer.numbers.items():
                self.stdout.write(f"{name}: {number}")
            if dry_run:
                self.stdout.write("Nothing was changed.")
                return
            asked = ALL.format(transfer.former.user.email, transfer.receiver.user.email)
            if not yes and input(asked).strip() != "yes":
                raise CommandError("Nothing was changed.")
            transfer.run()
        except NotTransferred as error:
            raise CommandError(f"{error} Nothing was changed.") from None
        self.stdout.write("All of it was passed on.")
        self.tell_everybody(transfer)

    def tell_everybody(self, transfer: Transfer) -> None:
        """Tell both therapists, and the clients who sign in; never of how their work stands."""
        former, receiver = transfer.former, transfer.receiver
        self.tell(former.user, former.user.email, f"passed your clients on to {receiver.name}.")
        told = f"passed the clients of {former.name} on to you. You find them among your clients."
        self.tell(receiver.user, receiver.user.email, told)
        for account, person in transfer.to_be_told():
            context = {"first_name": person.first_name, "receiver": receiver.name}
            if not self.send(account, "account/email/appointments_with", context):
                self.stdout.write(f"No mail was sent: tell {account.email} yourself.")

    def therapist_at(self, email: str) -> Therapist:
        """Return the therapist of an address.

        Raises:
            CommandError: there is none.
        """
        therapist = therapist_of(self.account_of(email))
        if therapist is None:
            raise CommandError(f"{email} is no therapist's account.")
        return therapist
