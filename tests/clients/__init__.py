"""Clients of a therapist for tests of the Clients list, and who is on a page of it."""

from datetime import UTC, datetime

from practice.accounts.models import Therapist
from tests.factories import ClientFactory, start
from tests.reading import Page

ENDED_AT = datetime(2025, 7, 2, 10, tzinfo=UTC)
IN_2024 = datetime(2024, 1, 8, 9, tzinfo=UTC)


def active(therapist: Therapist, *names: str):
    """Add clients with active individual work."""
    people = [ClientFactory(therapist=therapist, name=name) for name in names]
    for person in people:
        start(person, at=IN_2024)
    return people


def inactive(therapist: Therapist, *names: str):
    """Add clients whose work ended on 2 July 2025."""
    people = [ClientFactory(therapist=therapist, name=name) for name in names]
    for person in people:
        start(person, at=IN_2024).end(by=therapist.user, reason="completed", at=ENDED_AT)
    return people


def names_on(page: Page) -> list[str]:
    """Return the names in the list, in order."""
    return [
        text
        for address, text in page.links
        if address.startswith("/clients/") and address.count("/") == 3 and len(address) == 20
    ]
