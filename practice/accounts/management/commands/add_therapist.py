"""`python3 manage.py add_therapist "Hannah Okafor" hannah@practice.example`."""

from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from practice.accounts.models import Therapist, User
from practice.accounts.signals import therapist_added
from practice.management.owner import OwnerCommand
from practice.text.plain_text import one_line
from practice.text.time_zones import canonical


class Command(OwnerCommand):
    """Adds a therapist with an account; asks for the password."""

    help = "Add a therapist who can sign in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("email")
        parser.add_argument("--time-zone", default="Europe/London", help="e.g. Europe/Berlin")

    @transaction.atomic
    def handle(self, *, name: str, email: str, time_zone: str, **options: Any) -> None:
        name, email = one_line(name), one_line(email)
        # The operator knows whose address it is.
        user = User(email=email.lower(), email_verified_at=timezone.now())
        therapist = Therapist(user=user, name=name)
        therapist.slug = slugify(name) or f"therapist-{therapist.public_id}"
        try:
            user.time_zone = canonical(time_zone)
            user.clean_fields(exclude=["password"])
            therapist.clean_fields(exclude=["user"])
            if User.objects.filter(email=user.email).exists():
                raise ValidationError(f"There is an account for {user.email} already.")
            if Therapist.objects.filter(slug=therapist.slug).exists():
                therapist.slug = f"{therapist.slug}-{therapist.public_id[:4]}"
            password = getpass("Password (12 characters or more): ")
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        user.set_password(password)
        user.save()
        therapist.user = user
        therapist.save()
        therapist_added.send(Therapist, therapist=therapist)
        self.stdout.write(f"{name} can sign in as {user.email}.")
