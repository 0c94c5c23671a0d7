"""What the database refuses, whoever asks: the rules of `docs/domain.md` 2, broken by SQL."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone

from clients.models import Client, Invitation
from practice.accounts.models import Therapist, User
from relationships.models import Erasure, Event, Participation, Relationship
from tests.factories import UserFactory, start
from tests.raw_sql import (
    columns_of,
    copy_of,
    insert,
    on_postgresql,
    on_sqlite,
    refused,
    set_columns,
    sql,
)

pytestmark = pytest.mark.database(each=True)


@pytest.fixture
def ended(individual: Relationship) -> Relationship:
    individual.end(by=individual.therapist.user, reason="completed", note="Private.")
    return individual


# Active means no ending; ended means a reason, a moment and a person.


@pytest.mark.parametrize(
    "columns",
    [
        {"end_reason": "completed"},
        {"end_reason": "nonsense"},
        {"end_note": "Private."},
        {"ended_at": timezone.now() + timedelta(days=1)},
    ],
    ids=lambda columns: next(iter(columns)),
)
def test_an_active_relationship_has_nothing_of_an_ending(individual, columns):
    with refused():
        set_columns(individual, **columns)


def test_an_active_relationship_was_ended_by_nobody(individual):
    with refused():
        set_columns(individual, ended_by_id=individual.therapist.user_id)


@pytest.mark.parametrize(
    "columns",
    [
        {"end_reason": ""},
        {"end_reason": "nonsense"},
        {"end_reason": None},
        {"ended_at": None},
        {"ended_by_id": None},
        {"ended_by_id": 987654},
        {"status": "active"},
    ],
    ids=str,
)
def test_an_ended_relationship_has_a_reason_a_moment_and_a_person(ended, columns):
    with refused():
        set_columns(ended, **columns)


@pytest.mark.parametrize("status", ["paused", "", "Active", "ENDED", None])
def test_there_are_two_states_and_no_others(individual, ended, status):
    with refused():
        set_columns(individual, status=status)


@pytest.mark.parametrize("kind", ["poly", "", "Individual", None])
def test_there_are_four_kinds_and_no_others(individual, kind):
    with refused():
        set_columns(individual, kind=kind)


def test_nothing_ends_before_it_starts(ended):
    with refused():
        set_columns(ended, ended_at=ended.started_at - timedelta(microseconds=1))


def test_work_may_end_the_moment_it_starts(ended):
    set_columns(ended, ended_at=ended.started_at)

    ended.refresh_from_db()
    assert ended.ended_at == ended.started_at


# Who takes part.


def test_a_client_is_in_a_relationship_once(individual, ann):
    part = individual.participations.get()

    with refused():
        insert(Participation, **copy_of(part))


def test_a_colleagues_client_cannot_take_part(individual, carl):
    part = individual.participations.get()

    with refused():
        insert(Participation, **copy_of(part, client_id=carl.pk))
    with refused():
        insert(Participation, **copy_of(part, client_id=carl.pk, therapist_id=carl.therapist_id))
    with refused():
        set_columns(part, client_id=carl.pk)


def test_a_client_cannot_take_part_in_a_colleagues_work(individual, ben, carl):
    theirs = start(carl)
    part = individual.participations.get()

    with refused():
        set_columns(part, relationship_id=theirs.pk)
    with refused():
        insert(Participation, **copy_of(part, relationship_id=theirs.pk, client_id=ben.pk))


def test_a_participation_stays_with_its_therapist(individual, bob):
    with refused():
        set_columns(individual.participations.get(), therapist_id=bob.pk)


def test_a_relationship_stays_with_its_therapist(individual, bob):
    with refused():
        set_columns(individual, therapist_id=bob.pk)


def test_a_client_of_a_relationship_stays_with_their_therapist(individual, ann, bob):
    with refused():
        set_columns(ann, therapist_id=bob.pk)


@on_sqlite
def test_a_relationship_is_not_replaced_by_one_of_a_colleague(individual, bob):
    with refused():
        columns = columns_of(individual) | {"therapist_id": bob.pk}
        insert(Relationship, how="INSERT OR REPLACE", **columns)


@on_sqlite
def test_a_client_is_not_replaced_by_one_of_a_colleague(individual, ann, bob):
    with refused():
        columns = columns_of(ann) | {"therapist_id": bob.pk, "account_id": None}
        insert(Client, how="INSERT OR REPLACE", **columns)


def test_a_relationship_with_a_history_is_not_deleted(individual):
    with refused():
        sql("DELETE FROM relationships_participation")
        sql("DELETE FROM relationships_relationship")


def test_a_client_of_a_relationship_is_not_deleted(individual, ann):
    with refused():
        sql("DELETE FROM clients_client WHERE id = %s", ann.pk)


def test_an_account_that_ended_something_is_not_deleted(ended):
    with refused():
        sql("DELETE FROM accounts_user WHERE id = %s", ended.ended_by_id)


# History is insert-only.


def test_an_event_is_not_changed(individual):
    event = individual.events.get()

    for column, value in copy_of(event, note="x").items():
        with refused():
            set_columns(event, **{column: value})


def test_an_event_is_not_deleted(individual):
    with refused():
        sql("DELETE FROM relationships_event WHERE id = %s", individual.events.get().pk)
    with refused():
        sql("DELETE FROM relationships_event")

    assert individual.events.count() == 1


def test_the_orm_cannot_change_or_delete_an_event_either(individual):
    event = individual.events.get()
    event.at -= timedelta(days=1)

    with refused():
        event.save()
    with refused():
        event.delete()
    with refused():
        Event.objects.update(at=event.at)
    with refused():
        Event.objects.all()._raw_delete("default")


@on_sqlite
@pytest.mark.parametrize("how", ["REPLACE", "INSERT OR REPLACE", "INSERT OR IGNORE"])
def test_an_event_is_not_replaced(individual, how):
    with refused():
        insert(Event, how=how, **columns_of(individual.events.get()))


@on_sqlite
def test_an_event_is_not_changed_by_an_update_that_replaces(individual, couples):
    with refused():
        sql(
            "UPDATE OR REPLACE relationships_event SET id = %s WHERE id = %s",
            individual.events.get().pk,
            couples.events.get().pk,
        )


@pytest.mark.parametrize("then", ["DO UPDATE SET note = 'x'", "DO UPDATE SET kind = 'ended'"])
def test_an_event_is_not_changed_by_an_upsert(individual, then):
    with refused():
        insert(Event, then=f"ON CONFLICT (id) {then}", **columns_of(individual.events.get()))


@on_postgresql
@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE relationships_event",
        "TRUNCATE relationships_event CASCADE",
        "TRUNCATE relationships_relationship CASCADE",
        "TRUNCATE accounts_user CASCADE",
    ],
)
def test_history_is_not_truncated(individual, statement):
    with refused():
        sql(statement)


@on_postgresql
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE relationships_event SET note = 'x'",
        "DELETE FROM relationships_event",
        "TRUNCATE relationships_event",
    ],
)
def test_not_even_a_replica_changes_history(individual, statement):
    sql("SET LOCAL session_replication_role = replica")

    with refused():
        sql(statement)


def test_an_event_belongs_to_the_therapist_of_its_relationship(individual, bob):
    event = individual.events.get()

    with refused():
        insert(Event, **copy_of(event, therapist_id=bob.pk))


def test_an_event_belongs_to_a_relationship(individual):
    event = individual.events.get()

    with refused():
        insert(Event, **copy_of(event, relationship_id=987654))


@pytest.mark.parametrize(
    "columns",
    [
        {"kind": "paused"},
        {"kind": "ended"},
        {"kind": "ended", "reason": "nonsense"},
        {"kind": "corrected"},
        {"kind": "restarted", "reason": "completed"},
        {"kind": "end_undone", "note": "Private."},
        {"kind": None},
        {"at": None},
        {"by_id": None},
    ],
    ids=str,
)
def test_an_event_has_a_reason_when_something_ends_and_only_then(individual, columns):
    with refused():
        insert(Event, **copy_of(individual.events.get(), **columns))


def test_history_can_grow(individual):
    insert(Event, **copy_of(individual.events.get(), kind="restarted"))

    assert individual.events.count() == 2


# The one exception: an erasure record.


def record_erasure(of: Relationship, what: str = "relationship", **changes: object) -> None:
    columns = {"therapist_id": of.therapist_id, "relationship": of.pk}
    columns |= {"public_id": of.public_id, "what": what, "at": timezone.now()}
    insert(Erasure, **columns | {"by_id": of.therapist.user_id} | changes)


def test_a_history_goes_once_an_erasure_record_names_it(ended, couples):
    with refused():
        sql("DELETE FROM relationships_event WHERE relationship_id = %s", ended.pk)
    record_erasure(ended)

    with refused():
        sql("DELETE FROM relationships_event")
    sql("DELETE FROM relationships_event WHERE relationship_id = %s", ended.pk)

    assert not ended.events.exists()
    assert couples.events.count() == 1


def test_an_erasure_record_of_a_relationship_lets_nothing_be_changed(ended):
    record_erasure(ended)

    with refused():
        sql("UPDATE relationships_event SET note = ''")


def test_a_note_is_blanked_once_an_erasure_record_says_so(ended, couples, alice):
    couples.end(by=alice.user, reason="other", note="Of others.")
    with refused():
        sql("UPDATE relationships_event SET note = '' WHERE relationship_id = %s", ended.pk)
    record_erasure(ended, "notes")

    sql("UPDATE relationships_event SET note = '' WHERE relationship_id = %s", ended.pk)
    with refused():
        sql("UPDATE relationships_event SET note = ''")
    with refused():
        sql("DELETE FROM relationships_event WHERE relationship_id = %s", ended.pk)

    assert set(ended.events.values_list("note", flat=True)) == {""}


def test_an_erasure_record_of_notes_lets_nothing_else_be_changed(ended, couples, bob):
    record_erasure(ended, "notes")
    event = ended.events.get(kind="ended")
    others = {"therapist_id": bob.pk, "relationship_id": couples.pk, "kind": "corrected"}
    others |= {"at": timezone.now(), "by_id": bob.user_id, "reason": "other", "id": 987654}

    for column, value in others.items():
        with refused():
            set_columns(event, note="", **{column: value})
    with refused():
        set_columns(event, note="another")


@pytest.mark.parametrize("what", ["relationship", "notes"])
def test_an_erasure_is_recorded_of_ended_work_of_ones_own_only(ended, couples, bob, what):
    for wrong in (
        {"relationship": couples.pk, "public_id": couples.public_id},  # active
        {"relationship": couples.pk},
        {"relationship": 987654},
        {"public_id": couples.public_id},
        {"therapist_id": bob.pk},
        {"what": "everything"},
        {"by_id": 987654},
    ):
        with refused():
            record_erasure(ended, **{"what": what} | wrong)


def test_an_erasure_record_is_never_changed_or_removed(ended):
    record_erasure(ended)
    record = Erasure.objects.get()

    for column, value in copy_of(record, what="notes").items():
        with refused():
            set_columns(record, **{column: value})
    with refused():
        sql("DELETE FROM relationships_erasure")
    with refused():
        record.delete()
    with refused():
        insert(Erasure, then="ON CONFLICT (id) DO UPDATE SET what = 'notes'", **columns_of(record))


@on_sqlite
@pytest.mark.parametrize("how", ["REPLACE", "INSERT OR REPLACE"])
def test_an_erasure_record_is_not_replaced(ended, how):
    record_erasure(ended)

    with refused():
        insert(Erasure, how=how, **columns_of(Erasure.objects.get()) | {"what": "notes"})


@on_postgresql
def test_an_erasure_record_is_not_truncated(ended):
    record_erasure(ended)

    with refused():
        sql("TRUNCATE relationships_erasure")


@on_postgresql
def test_a_temporary_table_of_the_same_name_opens_nothing(ended):
    sql("CREATE TEMPORARY TABLE relationships_erasure (relationship bigint, what text)")
    sql("INSERT INTO pg_temp.relationships_erasure VALUES (%s, 'relationship')", ended.pk)

    with refused():
        sql("DELETE FROM relationships_event WHERE relationship_id = %s", ended.pk)


def test_closed_work_stays_ended(ended):
    set_columns(ended, is_closed=True)

    with refused():
        set_columns(
            ended, status="active", end_reason="", end_note="", ended_at=None, ended_by_id=None
        )


def test_active_work_is_not_closed(individual):
    with refused():
        set_columns(individual, is_closed=True)


@pytest.mark.parametrize(
    "columns",
    [{"name": "Ann"}, {"email": "a@b.example"}, {"phone": "1"}, {"date_of_birth": "1990-01-01"}],
    ids=str,
)
def test_whoever_is_erased_has_nothing_of_a_person(ben, columns):
    ben.become_nameless()

    with refused():
        set_columns(ben, **columns)
    with refused():
        set_columns(ben, active_relationships=1)


# People and accounts.


def test_a_counter_is_never_negative(individual, ann):
    with refused():
        set_columns(ann, active_relationships=-1)


def test_an_account_may_be_that_of_several_clients_of_a_therapist(ann, ben):
    """A parent's, who signs in for a child, too."""
    set_columns(ben, account_id=ann.account_id)

    assert set(ann.account.clients.all()) == {ann, ben}


def test_an_account_may_be_a_client_of_two_therapists(ann, carl):
    set_columns(carl, account_id=ann.account_id)

    assert ann.account.clients.count() == 2


def test_an_email_address_of_an_account_is_folded(alice):
    with refused():
        set_columns(alice.user, email="Alice@practice.example")


def test_an_email_address_has_one_account(alice, bob):
    with refused():
        set_columns(bob.user, email=alice.user.email)


def test_an_account_is_one_therapist(alice, bob):
    with refused():
        set_columns(bob, user_id=alice.user_id)


@pytest.mark.parametrize("model", [Relationship, Client, Therapist])
def test_a_public_id_is_one_rows_own(individual, couples, alice, bob, model):
    one, other = model.objects.order_by("pk")[:2]

    with refused():
        set_columns(other, public_id=one.public_id)


def test_a_secret_of_an_invitation_is_one_invitations_own(ann, ben):
    Invitation.create_for(ann)
    Invitation.create_for(ben)
    one, other = Invitation.objects.order_by("pk")

    with refused():
        set_columns(other, fingerprint=one.fingerprint)


# The rules of this house.

MOMENTS_BY_NOBODY = {
    "relationships.Participation.joined_at": "the line of the history says who noted it",
    "relationships.Participation.left_at": "the line of the history says who noted it",
    "accounts.User.created_at": "an account is made by its own person",
    "accounts.User.email_verified_at": "only whoever reads the mail can show that they do",
    "clients.Client.added_at": "a client has one therapist, who added them",
    "clients.Client.erased_at": "a client has one therapist, who erased them",
    "clients.Invitation.created_at": "an invitation has one therapist, who made it",
    "clients.Invitation.accepted_at": "only the person invited can accept; see Client.account",
    "relationships.Relationship.started_at": "by whom is in the history: the first event",
}


def own_models(*labels: str) -> list[type[models.Model]]:
    own = labels or ("accounts", "clients", "relationships", "diary", "booking", "profiles")
    return [
        model
        for model in apps.get_models()
        if model._meta.managed and model._meta.app_label in own  # a view has no rules
    ]


def columns_ending_in(ending: str, model: type[models.Model]) -> dict[str, models.Field]:
    fields = model._meta.concrete_fields
    return {f.name.removesuffix(ending): f for f in fields if f.name.endswith(ending)}


def test_a_moment_without_a_person_has_a_reason():
    alone = {
        f"{model._meta.label}.{moment.name}"
        for model in own_models("accounts", "clients", "relationships")
        for stem, moment in columns_ending_in("_at", model).items()
        if stem not in columns_ending_in("_by", model)
    }

    assert alone == set(MOMENTS_BY_NOBODY)


def test_no_person_is_without_a_moment():
    alone = {
        person
        for model in own_models()
        for stem, person in columns_ending_in("_by", model).items()
        if stem not in columns_ending_in("_at", model)
    }

    assert alone == set()


def test_moment_and_person_are_both_there_or_both_missing():
    loose = set()
    for model in own_models():
        conditions = [str(getattr(c, "condition", "")) for c in model._meta.constraints]
        people = columns_ending_in("_by", model)
        for stem, moment in columns_ending_in("_at", model).items():
            if stem in people and (moment.null or people[stem].null):
                both = (f"{stem}_at__isnull", f"{stem}_by__isnull")
                if not any(all(half in text for half in both) for text in conditions):
                    loose.add(f"{model._meta.label}.{stem}")

    assert loose == set()


def test_everything_of_a_therapist_carries_the_therapist():
    without = {
        model._meta.label
        for model in own_models()
        if "therapist" not in {field.name for field in model._meta.concrete_fields}
    }

    of_accounts = {"accounts.User", "accounts.Therapist", "accounts.BrowserSession"}
    assert without == {*of_accounts, "diary.CalendarFeed"}


def test_no_model_hides_rows():
    hiding = [model for model in own_models() if model._default_manager.all().query.where]

    assert hiding == []


def test_the_models_and_the_migrations_agree(db):
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_a_therapist_with_clients_is_not_deleted(individual, alice):
    with pytest.raises(models.ProtectedError):
        alice.delete()
    with refused():
        sql("DELETE FROM accounts_therapist WHERE id = %s", alice.pk)


def test_an_account_of_a_client_can_go_and_the_client_stays(ann):
    User.objects.filter(pk=ann.account_id).delete()

    ann.refresh_from_db()
    assert ann.account is None


def test_the_columns_refuse_what_is_too_long(individual):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite knows no length; the models' checks and constraints do")
    with pytest.raises(DatabaseError), transaction.atomic():
        set_columns(individual, kind="k" * 13)


def test_accounts_are_made_folded(db):
    assert UserFactory(email="zed@mail.example").email == "zed@mail.example"
    assert User.objects.create_user(" Zoe@Mail.Example ").email == "zoe@mail.example"
