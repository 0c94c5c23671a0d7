"""A look locks nothing and changes nothing: all it leaves is a line of the audit."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from practice.diary.models import Session
from practice.profiles.figures import count_installation
from practice.profiles.models import Profile
from relationships.caseload.settling import settle_everybody
from relationships.models.choices import EndReason
from tests.diary import works
from tests.factories import start
from tests.pressing import Browser

# A session of the browser is prolonged once a minute, outside the transaction of the request.
OF_THE_BROWSER = re.compile(r'"(accounts_browsersession|usersessions_usersession)"')
LOCKS = re.compile(r"\bFOR (NO KEY )?(UPDATE|SHARE)\b|^(UPDATE|DELETE|LOCK)\b|ON CONFLICT")
ADDS = re.compile(r'^INSERT INTO "audit_entry" ')

THERAPISTS = [
    "/clients/",
    "/clients/?q=ann",
    "/clients/add/",
    "/clients/due/",
    *(
        f"/clients/{{client}}/{page}"
        for page in (
            *("", "edit/", "keep/", "access/", "erase/", "export/", "relationships/"),
            *("relationships/add/", "sessions/"),
        )
    ),
    *(f"/relationships/{{active}}/{page}" for page in ("", "end/", "plan/", "sessions/add/")),
    *(f"/relationships/{{ended}}/{page}" for page in ("", "restart/", "reason/", "undo/")),
    *(f"/sessions/{{session}}/{page}" for page in ("", "calendar.ics", "cancel/", "move/")),
    *("/caseload/", "/caseload/tidy-up/", "/diary/", "/diary/availability/"),
    *("/profile/", "/profile/figures/", "/account/", "/account/security/"),
]
CLIENTS = [
    *("/dashboard/", "/dashboard/sessions/", "/dashboard/data/", "/account/", "/book/{active}/"),
    *(f"/sessions/{{session}}/{page}" for page in ("", "calendar.ics", "cancel/")),
    "/clients/{client}/",  # is refused
]
VISITORS = ["/therapists/", "/therapists/alice/", "/sign-in/", "/password/reset/", "/help/"]


@pytest.fixture
def ids(alice, ann, ben) -> dict[str, str]:
    works(alice)
    Profile.objects.create(therapist=alice, is_published=True)
    active, ended = start(ann), start(ann, ben)
    at = timezone.now() + timedelta(days=7)
    session = Session.book(active, starts_at=at, length=timedelta(minutes=50), by=alice.user)
    ended.end(by=alice.user, reason=EndReason.COMPLETED)
    rows = {"client": ann, "active": active, "ended": ended, "session": session}
    return {name: row.public_id for name, row in rows.items()}


def written_by(browser: Browser, path: str) -> tuple[int, list[str]]:
    """Return the answer's status, and each statement that is more than reading."""
    with CaptureQueriesContext(connection) as queries:
        status = browser.get(path).status_code
    sql = [query["sql"] for query in queries if not OF_THE_BROWSER.search(query["sql"])]
    return status, [one for one in sql if LOCKS.search(one) or one.startswith("INSERT")]


@pytest.mark.parametrize(
    ("who", "path"),
    [
        *(("as_alice", path) for path in THERAPISTS),
        *(("as_ann", path) for path in CLIENTS),
        *(("client", path) for path in VISITORS),
    ],
)
def test_a_look_locks_nothing(request, ids, who, path):
    """Where what the night works out is missing, it is worked out after the answer: not here."""
    browser = request.getfixturevalue(who)
    count_installation(timezone.now())
    settle_everybody()

    status, written = written_by(browser, path.format(**ids))

    assert status in (200, 302, 303, 403)
    assert [one for one in written if LOCKS.search(one) or not ADDS.match(one)] == []


def test_what_locks_is_seen():
    for statement in (
        'SELECT "a" FROM "b" FOR UPDATE',
        'SELECT "a" FROM "b" FOR NO KEY UPDATE OF "b"',
        'UPDATE "audit_chain" SET "length" = 1',
        'INSERT INTO "b" ("a") VALUES (1) ON CONFLICT DO NOTHING',
    ):
        assert LOCKS.search(statement)
    assert ADDS.match('INSERT INTO "audit_entry" ("id") VALUES (1)')
