"""No message is sent because of an import or an archive, now or later, unless it is asked for."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from practice.imports.asking import key_of
from practice.imports.models import Import
from practice.imports.reading import read_files
from practice.imports.scheduling import NOBODY, REMINDED, REMINDERS
from practice.imports.writing import bring_in
from practice.notifications.worker import remind_everybody, send_everything
from tests.archive import archive_of
from tests.archive.histories import move_aside
from tests.diary import DAY, HOUR, NOW, WEDNESDAY, book
from tests.factories import TherapistFactory

pytestmark = pytest.mark.django_db
REMINDER = "Reminder: appointment on Wednesday 26 November, 4pm"


@pytest.fixture(autouse=True)
def clock(settings):
    settings.SENDS_MESSAGES, settings.MESSAGE_GRACE = True, timedelta(minutes=3)
    settings.MESSAGE_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.SITE_URL = "https://practice.example"
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def sent_until(clock, moment) -> list[str]:
    """Return the subjects of all that is sent from now on, hour by hour."""
    mail.outbox.clear()
    now = timezone.now()
    while now < moment:
        now += 12 * HOUR
        clock.move_to(now)
        remind_everybody()
        send_everything()
    return [letter.subject for letter in mail.outbox]


@pytest.mark.database
@pytest.mark.parametrize(("answer", "sent"), [("", []), (NOBODY, []), (REMINDED, [REMINDER])])
def test_whether_clients_are_reminded_of_what_came_is_asked(clock, files, alice, answer, sent):
    named = files(a__csv="Start Time,Name,Email\n2025-11-26 16:00,Ann Brook,ann@x.org\n")
    plan = read_files(named, alice, {key_of("", REMINDERS): answer}, NOW).plan
    (question,) = [q for q in plan.questions if q.what == REMINDERS]
    assert (question.choices, question.preselected) == ((NOBODY, REMINDED), NOBODY)
    came = Import.objects.create(therapist=alice, begun_by=alice.user)
    bring_in(plan, came, alice, alice.user)

    assert sent_until(clock, WEDNESDAY) == sent


def test_nothing_is_asked_where_no_session_is_to_come(files, alice):
    named = files(a__csv="Start Time,Name,Email\n2025-10-26 16:00,Ann Brook,ann@x.org\n")

    assert REMINDERS not in [q.what for q in read_files(named, alice, {}, NOW).plan.questions]


@pytest.mark.database
@pytest.mark.parametrize(("remind", "sent"), [(False, []), (True, [REMINDER])])
def test_nobody_is_reminded_of_what_came_in_an_archive(
    clock, individual, alice, tmp_path, remind, sent
):
    book(individual)
    path = tmp_path / "practice.zip"
    path.write_bytes(archive_of(alice))
    alice.sessions.all().delete()
    move_aside(alice)
    clock.shift(DAY)
    moved = TherapistFactory(user__email="alice@practice.example", name="New", slug="new")
    options = {"therapist": moved.user.email, "remind": remind}
    call_command("import_archive", path, **options)

    assert sent_until(clock, WEDNESDAY) == sent


def test_whoever_was_moved_or_is_booked_after_an_arrival_is_reminded(
    clock, individual, alice, tmp_path
):
    book(individual)
    path = tmp_path / "practice.zip"
    path.write_bytes(archive_of(alice))
    alice.sessions.all().delete()
    move_aside(alice)
    moved = TherapistFactory(user__email="alice@practice.example", name="New", slug="new")
    call_command("import_archive", path, therapist=moved.user.email)
    clock.shift(HOUR)
    moved.sessions.get().move(starts_at=WEDNESDAY - 2 * HOUR, by=moved.user)
    book(moved.relationships.get(), WEDNESDAY, by=moved.user)

    reminders = [s for s in sent_until(clock, WEDNESDAY) if s.startswith("Reminder")]

    assert len(reminders) == 1, "of the day, with both"
