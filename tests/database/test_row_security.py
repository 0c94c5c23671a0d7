"""Row-level security on PostgreSQL: what the database itself shows to whom."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.utils import timezone

from clients.models import Client, Invitation
from practice.audit.models import Entry, Verb
from practice.booking.models import TimeOff
from practice.checks import refuse_powerful_role
from practice.database import current_account, row_security
from practice.diary.models import Session
from practice.profiles.models import Profile
from relationships.models import Event, Participation, Relationship
from relationships.models.choices import EndReason
from tests.application_role import application
from tests.factories import UserFactory, start

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        "connection.vendor != 'postgresql'", reason="SQLite has no row-level security"
    ),
]
OWNED = [m for m in apps.get_models() if m._meta.db_table in row_security.owned_tables()]


@pytest.fixture
def world(individual, couples, carl):
    """Ann alone and with Ben, of Alice's; Carl, of Bob's; a bit of everything of each."""
    for tie in (individual, couples, start(carl)):
        therapist = tie.therapist
        tie.end(by=therapist.user, reason=EndReason.LOST_CONTACT, note="private")
        soon = timezone.now() + timedelta(days=3 + tie.pk % 5)
        Session.book(tie, starts_at=soon, length=timedelta(minutes=50), by=therapist.user)
    for therapist in (individual.therapist, carl.therapist):
        today = timezone.localdate()
        TimeOff.objects.create(therapist=therapist, first_day=today, last_day=today)
        Profile.objects.create(therapist=therapist)
    Invitation.create_for(carl)


def seen(model: type, account: object = None) -> set:
    """Return the keys of the rows that an account sees, with no filter in the way."""
    with application(), current_account.asking(account and account.pk):
        return set(model.objects.values_list("pk", flat=True))


def test_every_table_with_a_therapist_stands_behind_the_wall():
    assert row_security.POLICIES.keys() == row_security.owned_tables()
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        assert {name for (name,) in cursor} == row_security.owned_tables()


def test_the_server_is_nobody_who_passes_by():
    with application(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin FROM pg_roles "
            "WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (False,) * 5
        cursor.execute("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model.__name__)
def test_who_says_nothing_sees_nothing(world, model):
    public = {"booking_bookingrules", "booking_weeklyhours"}

    assert model._meta.db_table in public or seen(model) == set()


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model.__name__)
def test_a_therapist_sees_their_own_rows(world, model, alice, bob):
    for therapist in (alice, bob):
        own = set(model.objects.filter(therapist=therapist).values_list("pk", flat=True))
        assert seen(model, therapist.user) == own


def test_a_client_sees_what_they_take_part_in(world, ann, ben, individual, couples):
    assert seen(Client, ann.account) == {ann.pk}
    assert seen(Relationship, ann.account) == {individual.pk, couples.pk}
    assert len(seen(Participation, ann.account)) == 3
    assert seen(Session, ann.account) == {individual.sessions.get().pk, couples.sessions.get().pk}
    assert seen(Profile, ann.account) == {ann.therapist.profile.pk}
    for model in (Event, Invitation, TimeOff):
        assert seen(model, ann.account) == set()


def test_who_signs_in_sees_that_they_did_and_nothing_else_of_the_installation(alice, bob, ann):
    def record(verb: str, meant: object, by: object = None) -> object:
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

    assert seen(Entry, account) == own
    assert seen(Entry) == set()


def test_an_account_that_is_nobodys_sees_nothing(world):
    stranger = UserFactory()

    assert [model for model in OWNED if seen(model, stranger)] == []


@pytest.mark.parametrize("model", OWNED, ids=lambda model: model.__name__)
def test_nobody_changes_or_removes_what_they_do_not_own(world, model, alice, bob):
    everything = model.objects.filter(therapist=alice)
    with application(), current_account.asking(bob.user.pk):
        assert rows(lambda: everything.update(therapist=bob)) == 0
        assert rows(lambda: everything._raw_delete("default")) == 0


def rows(attempt: Callable[[], int]) -> int:
    """Return how many rows an attempt reached; none where the right itself is missing."""
    try:
        with transaction.atomic():
            return attempt()
    except ProgrammingError:
        return 0


def test_nobody_adds_to_a_practice_that_is_not_theirs(world, alice, bob, ann):
    for account in (bob.user, ann.account, None):
        with application(), current_account.asking(account and account.pk):
            with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                Client.objects.create(therapist=alice, name="Eve", time_zone="Europe/London")
            with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
                TimeOff.objects.create(
                    therapist=alice, first_day="2030-01-01", last_day="2030-01-02"
                )


def test_a_client_books_for_themself_alone(world, ann, individual, carl):
    theirs = carl.relationships.get()
    at = {"starts_at": timezone.now() + timedelta(days=20), "length": timedelta(minutes=50)}
    with application(), current_account.asking(ann.account_id):
        booked = Session.book(individual, by=ann.account, **at)
        with pytest.raises(Session.Taken):
            Session.book(theirs, by=ann.account, **at)
        booked.pk, booked.public_id = None, "bcdfghjkmn"
        booked.relationship, booked.therapist = theirs, theirs.therapist
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            booked.save(force_insert=True)


def test_a_purpose_ends(world, individual, bob):
    with application(), current_account.asking(bob.user.pk):
        with current_account.purpose("openings"):
            assert Session.objects.filter(relationship=individual).exists()
        assert not Session.objects.filter(relationship=individual).exists()
        with pytest.raises(ZeroDivisionError), current_account.purpose("openings"):
            raise ZeroDivisionError
        assert not Session.objects.filter(relationship=individual).exists()


def test_the_people_beside_a_client_are_seen_for_their_names(world, ann, ben, carl):
    with application(), current_account.asking(ann.account_id):
        assert set(Client.objects.all()) == {ann}
        with current_account.purpose("names"):
            assert set(Client.objects.all()) == {ann, ben}


def test_whoever_is_both_is_one_of_them_on_a_page(world, ann, alice, bob, carl):
    Client.objects.filter(pk=ann.pk).update(account=bob.user)  # Bob is a client of Alice's
    with application(), current_account.asking(bob.user.pk):
        assert set(Client.objects.all()) == {ann, carl}
        current_account.on_side("therapist")
        assert set(Client.objects.all()) == {carl}
        assert not Relationship.objects.filter(therapist=alice).exists()
        current_account.on_side("client")
        assert set(Client.objects.all()) == {ann}


def test_an_invitation_shows_one_client(world, carl):
    token = Invitation.create_for(carl)
    with application(), current_account.asking(None):
        with current_account.purpose("invitation", Invitation.fingerprint_of(token)):
            assert Client.objects.get() == carl
            assert Invitation.objects.get().client == carl
        assert not Client.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_was_told_is_forgotten_with_the_transaction(individual, alice):
    with application():
        with current_account.asking(alice.user.pk):
            assert Client.objects.exists()

        assert not Client.objects.exists()


def test_the_wall_is_put_up_again_when_it_differs():
    def comment() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT obj_description('in_sight'::regproc)")
            return cursor.fetchone()[0]

    stands = comment()
    with connection.cursor() as cursor:
        cursor.execute("COMMENT ON FUNCTION in_sight IS 'older'")
        cursor.execute("ALTER TABLE clients_client NO FORCE ROW LEVEL SECURITY")
    row_security.put_up()

    assert comment() == stands
    test_every_table_with_a_therapist_stands_behind_the_wall()


def test_only_an_owner_who_passes_by_can_put_it_up():
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
