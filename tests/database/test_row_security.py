"""Row-level security on PostgreSQL: who asks, what is told of that, and how it is applied.

Who may do what with which rows is in `test_who_may_what.py`.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from clients.models import AccountInUse, Client, Invitation
from practice.accounts import access
from practice.accounts.models import User
from practice.audit.models import Entry, Verb
from practice.booking.dated_hours import OpenOrBlocked
from practice.booking.models import TimeOff
from practice.database import row_security
from practice.database.operations import statements
from practice.database.server_role import refuse_powerful_role
from practice.diary.models import Session, TakenTime
from practice.profiles.models import ClientVisit
from relationships.models import Relationship
from tests.access.table import TABLE
from tests.application_role import application
from tests.database.people_and_rows import run
from tests.factories import UserFactory, start

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        "connection.vendor != 'postgresql'", reason="SQLite has no row-level security"
    ),
]


@contextmanager
def request_of(account: User | None) -> Iterator[None]:
    """Be the server's role in a request of an account, or of a visitor."""
    with application(), access.transaction_of(account and account.pk):
        yield


def book(relationship: Relationship, days: int = 20) -> Session:
    at = {"starts_at": timezone.now() + timedelta(days=days), "length": timedelta(minutes=50)}
    return Session.book(relationship, by=relationship.therapist.user, **at)


# Who asks.


def test_the_server_is_nobody_who_passes_by():
    with application():
        (role,) = run(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin FROM pg_roles "
            "WHERE rolname = current_user"
        )
        owned = run("SELECT 1 FROM pg_class WHERE relowner = current_user::regrole")
    assert (set(role.values()), owned) == ({False}, [])


def test_a_therapist_sees_their_own_once_they_act_as_one(individual, ann, alice):
    with request_of(alice.user):
        assert not Client.objects.exists()
        access.act_as_therapist()
        assert Client.objects.get() == ann


def test_whoever_is_no_therapist_cannot_act_as_one(individual, ben, ann):
    with request_of(ann.account):
        access.act_as_therapist()
        assert Client.objects.get() == ann


def test_whoever_is_both_is_one_of_them_on_a_page(ann, alice, bob, carl):
    Client.objects.filter(pk=ann.pk).update(account=bob.user)  # Bob is a client of Alice's
    start(ann)
    with request_of(bob.user):
        assert Client.objects.get() == ann
        access.act_as_therapist()
        assert Client.objects.get() == carl
        assert not Relationship.objects.filter(therapist=alice).exists()
        access.act_as_client()
        assert Client.objects.get() == ann


def test_the_people_beside_a_client_are_seen_for_their_names(couples, ann, ben):
    with request_of(ann.account):
        assert set(Client.objects.all()) == {ann, ben}
        assert Client.objects.filter(pk=ben.pk).update(phone="") == 0


def test_an_account_can_be_taken_from_a_record_by_its_owner_and_put_on_none(couples, ann, ben):
    with request_of(ann.account):
        assert Client.objects.filter(pk=ben.pk).update(account=ann.account) == 0
        assert Client.objects.filter(pk=ann.pk).update(account=None) == 1
        assert not Client.objects.exists()


def test_whoever_proves_an_account_acts_as_its_owner_for_that_long(individual, ann, bob, carl):
    with request_of(bob.user):
        access.act_as_therapist()
        with access.acting_as(ann.account_id):
            assert Client.objects.get() == ann
        assert Client.objects.get() == carl
        with pytest.raises(ZeroDivisionError), access.acting_as(ann.account_id):
            raise ZeroDivisionError
        assert Client.objects.get() == carl


def test_a_client_books_for_themself_alone(ann, individual, carl):
    theirs = start(carl)
    at = {"starts_at": timezone.now() + timedelta(days=20), "length": timedelta(minutes=50)}
    with request_of(ann.account):
        booked = Session.book(individual, by=ann.account, **at)
        with pytest.raises(Session.Taken):
            Session.book(theirs, by=ann.account, **at)
        booked.pk, booked.public_id = None, "bcdfghjkmn"
        booked.relationship, booked.therapist = theirs, theirs.therapist
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            booked.save(force_insert=True)


def test_whoever_holds_an_invitation_sees_it_and_its_client(ben, carl):
    Invitation.create_for(ben)
    token = Invitation.create_for(carl)
    with request_of(None):
        assert not Invitation.objects.exists()
        access.hold_invitation(Invitation.fingerprint_of("another"))
        assert not Client.objects.exists()
        access.hold_invitation(Invitation.fingerprint_of(token))
        assert Client.objects.get() == carl
        assert Invitation.objects.get().client == carl


@pytest.mark.django_db(transaction=True)
def test_what_was_told_is_forgotten_with_the_transaction(individual, alice):
    with application():
        with access.transaction_of(alice.user.pk):
            access.act_as_therapist()
            assert Client.objects.exists()

        assert not Client.objects.exists()


# The audit.


def test_who_signs_in_sees_that_they_did_and_nothing_else_of_the_installation(alice, bob, ann):
    def record(verb: str, meant: User | None, by: User | None = None) -> int:
        about = f"account:{meant.pk}" if meant else ""
        Entry.record(verb, by=by, therapist=None, about=about)
        return Entry.objects.latest("pk").pk

    account = ann.account
    verbs = (Verb.SIGNED_IN, Verb.SIGNED_OUT, Verb.SIGN_IN_FAILED)
    own = {record(verb, account) for verb in verbs}
    for verb in verbs:
        record(verb, bob.user, by=account)
        record(verb, None)
    record(Verb.PASSWORD_CHANGED, account)
    Entry.record(Verb.CLIENT_OPENED, by=alice.user, therapist=alice, about=ann)

    with request_of(account):
        assert set(Entry.objects.values_list("pk", flat=True)) == own
    with request_of(None):
        assert not Entry.objects.exists()


def test_a_therapist_sees_who_was_refused_at_what_is_theirs(individual, ann, carl, alice):
    stranger, session = UserFactory(), book(individual)
    for about in (ann, individual, session):
        Entry.record(Verb.REFUSED, by=stranger, therapist=None, about=about)
    own = set(Entry.objects.filter(verb=Verb.REFUSED).values_list("pk", flat=True))
    for about in (carl, start(carl), "client:bcdfghjkmn", "account:1", ""):
        Entry.record(Verb.REFUSED, by=stranger, therapist=None, about=about)

    with request_of(alice.user):
        access.act_as_therapist()
        refused = Entry.objects.filter(verb=Verb.REFUSED)
        assert set(refused.values_list("pk", flat=True)) == own


THINGS = (
    "client",
    "relationship",
    "session",
    "datedhours",
    "import",
)  # what the address of a page can name


@pytest.mark.parametrize("kind", THINGS)
def test_of_each_kind_of_thing_a_therapist_sees_who_was_refused_at_theirs_alone(
    kind, individual, ann, carl, alice, bob
):
    foreign = start(carl)
    theirs = {"client": ann, "relationship": individual, "session": book(individual)}
    others = {"client": carl, "relationship": foreign, "session": book(foreign)}
    for things, therapist in ((theirs, alice), (others, bob)):
        things["datedhours"] = therapist.dated_hours.create(
            kind="open", day="2030-01-07", starts="18:00", ends="19:00"
        )
        things["import"] = therapist.imports.create(begun_by=therapist.user)
    refused = {"by": None, "therapist": None, "outcome": "a page"}
    for about in (theirs[kind], others[kind], f"{kind}:"):
        Entry.record(Verb.REFUSED, about=about, **refused)

    with request_of(alice.user):
        access.act_as_therapist()
        seen = Entry.objects.filter(verb=Verb.REFUSED).values_list("about", flat=True)
        assert [*seen] == [f"{kind}:{theirs[kind].public_id}"]


def test_these_are_all_that_the_addresses_of_pages_name_first():
    firsts = [re.search(r"<id:(\w+)_id>", address) for address in TABLE]

    assert {found[1] for found in firsts if found} == {*THINGS}


# What everybody may know is in views, with no more than that.


def test_a_visitor_reads_the_views_and_not_the_tables(individual, ann, alice):
    session = book(individual)
    TimeOff.objects.create(
        therapist=alice, first_day="2030-01-01", last_day="2030-01-02", reason="private"
    )
    with request_of(None):
        assert TakenTime.objects.get().pk == session.pk
        assert OpenOrBlocked.objects.get().first_day.year == 2030
        assert ClientVisit.objects.get().client == ann.pk
        assert AccountInUse.objects.get().account_id == ann.account_id
        assert not Session.objects.exists()
        assert not TimeOff.objects.exists()


def test_nobody_writes_to_a_view(individual):
    session = book(individual)
    with request_of(None):
        for attempt in (
            lambda: TakenTime.objects.update(starts_at=session.ends_at),
            lambda: TakenTime.objects.all()._raw_delete("default"),
            lambda: OpenOrBlocked.objects.create(
                therapist=session.therapist, first_day="2030-01-01"
            ),
        ):
            # A view of two tables cannot be written to by anybody.
            words = "permission denied|cannot insert into view"
            with pytest.raises(DatabaseError, match=words), transaction.atomic():
                attempt()


# How it is applied.


def test_it_is_applied_again_when_it_differs():
    def comment() -> str:
        return run("SELECT obj_description('acting_therapist'::regproc) AS digest")[0]["digest"]

    stands = comment()
    run("COMMENT ON FUNCTION acting_therapist IS 'older'")
    run("ALTER TABLE clients_client NO FORCE ROW LEVEL SECURITY")
    run("DROP POLICY a_therapist ON clients_client")
    run("CREATE POLICY older ON clients_client USING (true)")
    row_security.apply()

    assert comment() == stands
    policies = run("SELECT policyname FROM pg_policies WHERE tablename = 'clients_client'")
    assert {policy["policyname"] for policy in policies} >= {"a_therapist", "client_sees"}
    assert {"policyname": "older"} not in policies
    (table,) = run("SELECT relforcerowsecurity FROM pg_class WHERE relname = 'clients_client'")
    assert table["relforcerowsecurity"]


@pytest.mark.parametrize(
    "done",
    [
        "DROP POLICY a_therapist ON clients_client",
        "DROP POLICY client_sees ON clients_client",
        "CREATE POLICY all_of_it ON clients_client USING (true)",
    ],
)
def test_what_somebody_did_to_the_policies_is_put_right_by_the_next_migrate(done):
    policies = "SELECT tablename, policyname FROM pg_policies ORDER BY 1, 2"
    before = run(policies)
    run(done)
    row_security.apply()

    assert run(policies) == before


def test_a_new_table_with_a_therapist_is_bound_by_the_next_migrate(alice):
    run("CREATE TABLE something_new AS SELECT %s::bigint AS therapist_id", [alice.pk])
    row_security.apply()

    assert row_security.is_applied()
    with request_of(alice.user):
        assert run("SELECT * FROM something_new") == []
        access.act_as_therapist()
        assert run("SELECT * FROM something_new") == [{"therapist_id": alice.pk}]


def test_what_a_migration_made_anew_is_bound_again(individual):
    for part in statements("diary", "0001_views", "postgresql"):
        run(part[0])
    refused = pytest.raises(DatabaseError, match="permission denied")
    with request_of(None), refused, transaction.atomic():
        list(TakenTime.objects.all())
    connection.check_constraints()  # nothing waits that would keep a table from being altered
    row_security.apply(plan=[("a migration", False)])

    with request_of(None):
        assert not TakenTime.objects.exists()


def test_what_stands_is_left_alone():
    placed = "SELECT oid FROM pg_policy ORDER BY oid"
    before = run(placed)
    row_security.apply()

    assert run(placed) == before


def test_only_an_owner_who_passes_by_can_apply_it():
    row_security.check_owner()
    with application(), pytest.raises(row_security.ImproperlyConfigured, match="BYPASSRLS"):
        row_security.check_owner()


def test_a_server_starts_as_the_bound_role_only():
    with application():
        refuse_powerful_role()
    with pytest.raises(row_security.ImproperlyConfigured, match="BYPASSRLS"):
        refuse_powerful_role()


def test_a_server_whose_role_owns_a_table_does_not_start():
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT CREATE ON SCHEMA public TO {row_security.APPLICATION}")
    with application():
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE a_table_of_its_own (id bigint)")
        with pytest.raises(row_security.ImproperlyConfigured, match="owns no table"):
            refuse_powerful_role()
