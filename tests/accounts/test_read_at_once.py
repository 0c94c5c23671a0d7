"""A session comes with its account by one query, and is saved with what the request does."""

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.backends.base import UpdateError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from practice.accounts.access import EmailBackend, SessionStore, read_account, therapist_of
from practice.accounts.models import BrowserSession, Therapist, User
from tests.conftest import browser_of
from tests.pressing import Browser, hidden
from tests.reading import read as read_page

on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="on SQLite each change is one"
)


def stored(user: User) -> SessionStore:
    """Return the session of a signed-in browser, not read yet."""
    return SessionStore(browser_of(user).session.session_key)


def read(session: SessionStore, user: User) -> User | None:
    session.load()
    return read_account(user.pk)


def values(row: object) -> dict:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def tables(queries: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in queries if "accounts_" in query["sql"]]


def test_a_signed_in_page_asks_once_who_asks(as_alice):
    as_alice.get("/help/")

    with CaptureQueriesContext(connection) as queries:
        as_alice.get("/help/")

    assert len(tables(queries)) == 1


def test_the_account_comes_as_it_is_stored(alice, ann):
    for user in (alice.user, ann.account):
        session = stored(user)

        with CaptureQueriesContext(connection) as queries:
            account = read(session, user)
            therapist = therapist_of(account)

        assert len(queries) == 1
        assert values(account) == values(User.objects.get(pk=user.pk))
        expected = Therapist.objects.filter(user=user).first()
        assert (therapist and values(therapist)) == (expected and values(expected))
        assert therapist is None or therapist.user is account


@pytest.mark.parametrize(
    ("kind", "counts"),
    [
        (Authenticator.Type.TOTP, True),
        (Authenticator.Type.WEBAUTHN, True),
        (Authenticator.Type.RECOVERY_CODES, False),
    ],
)
def test_it_says_whether_there_is_a_second_factor(alice, kind, counts):
    session = stored(alice.user)
    assert not read(session, alice.user).had_second_factor

    Authenticator.objects.create(user=alice.user, type=kind, data={})

    assert bool(read(session, alice.user).had_second_factor) is counts


def test_what_has_changed_since_counts_at_once(as_alice, alice):
    assert as_alice.get("/account/").status_code == 200

    User.objects.filter(pk=alice.user.pk).update(is_active=False)

    assert as_alice.get("/account/").url == "/sign-in/?next=/account/"


def test_an_account_is_handed_out_once_and_to_whom_it_is(alice, bob):
    session = stored(alice.user)
    session.load()
    assert read_account(bob.user.pk) is None
    assert read_account(alice.user.pk) is None

    assert read(session, alice.user) == alice.user
    assert read_account(alice.user.pk) is None


def test_a_session_that_is_gone_leaves_nobody(alice, as_alice):
    stored(alice.user).load()
    BrowserSession.objects.all().delete()

    SessionStore("nobody").load()

    assert read_account(alice.user.pk) is None
    assert as_alice.get("/account/").url == "/sign-in/?next=/account/"


def test_a_session_without_an_account_is_kept(db):
    browser = Browser()
    session = browser.session
    session["some"] = "thing"
    session.save()

    assert SessionStore(session.session_key).load() == {"some": "thing"}


def test_an_account_that_was_not_read_with_its_session_is_looked_up(alice):
    account = EmailBackend().get_user(alice.user.pk)

    assert account.therapist == alice
    assert not account.had_second_factor


def test_a_session_is_written_by_one_statement_and_once(as_alice):
    session = SessionStore(as_alice.session.session_key)
    session["some"] = "thing"

    with CaptureQueriesContext(connection) as queries:
        session.save()
        session.save()

    assert [query["sql"].split()[0] for query in queries] == ["UPDATE"]
    session["some"] = "other thing"
    session.save()
    assert SessionStore(session.session_key)["some"] == "other thing"


def test_one_that_has_been_ended_is_not_written(as_alice):
    session = SessionStore(as_alice.session.session_key)
    session["some"] = "thing"
    BrowserSession.objects.all().delete()

    with pytest.raises(UpdateError):
        session.save()

    assert not BrowserSession.objects.exists()


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_what_a_press_does_and_what_the_next_page_says_is_one_transaction(as_alice, individual):
    page = f"/relationships/{individual.public_id}/end/"
    sent = hidden(read_page(as_alice.get(page))) | {"reason": "completed"}

    with CaptureQueriesContext(connection) as queries:
        assert as_alice.post(page, sent).status_code == 303

    statements = [query["sql"].split()[0] for query in queries]
    assert statements.count("COMMIT") == 1
    assert statements[-2:] == ["UPDATE", "COMMIT"]
    assert "SAVEPOINT" not in statements


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_said_next_is_not_done_either(as_alice, individual):
    page = f"/relationships/{individual.public_id}/end/"
    sent = hidden(read_page(as_alice.get(page))) | {"reason": "completed"}
    as_alice.raise_request_exception = False

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(SessionStore, "create_model_instance", fail)
        assert as_alice.post(page, sent).status_code == 500

    individual.refresh_from_db()
    assert not individual.is_ended


def fail(*_: object) -> None:
    """Break, as a disk does that is full."""
    raise OSError
