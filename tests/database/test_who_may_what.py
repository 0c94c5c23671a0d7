"""Row-level security on PostgreSQL: everybody x every table x every verb x whose row it is.

Derived from the models: a new table fails here until it is said what may be done with it. And the
table is awake: it finds faults in the policies and rights, planted one by one.
"""

import re
from collections.abc import Iterable

import pytest
from django.apps import apps
from django.db import connection

from practice.database.row_security import POLICIES
from practice.records.models import RetentionDate
from tests.database import who_may_what
from tests.database.people_and_rows import World, run

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        "connection.vendor != 'postgresql'", reason="SQLite has no row-level security"
    ),
]

# Select, insert, update, delete, give away. "client beside": another client in the same
# relationship. "client merged": another record of the same person. "therapist's": of the client's
# or the invited person's therapist.
MAY = {
    "accounts_contact": {"therapist own": "SIUD", "client therapist's": "S"},
    "audit_entry": {
        "therapist own": "SI",
        "therapist installation": "I",
        "client therapist's": "I",
        "client installation": "I",
        "invited therapist's": "I",
        "invited installation": "I",
        "nobody installation": "I",
    },
    "booking_bookingrules": {
        "therapist own": "SIUD",
        "therapist other": "S",
        "client therapist's": "S",
        "client other": "S",
        "invited therapist's": "S",
        "invited other": "S",
        "nobody other": "S",
    },
    "booking_datedhours": {"therapist own": "SIUD"},
    "booking_timeoff": {"therapist own": "SIUD"},
    "clients_client": {
        "therapist own": "SIUD",
        "client own": "SU",
        "client merged": "S",
        "client beside": "S",
        "invited own": "SU",
    },
    "caseload_caseloadchange": {"therapist own": "SIUD"},
    "caseload_settledcaseload": {"therapist own": "SIUD"},
    "clients_invitation": {"therapist own": "SIUD", "invited own": "SU"},
    "diary_attendance": {"therapist own": "SIUD", "client own": "S"},
    "diary_news": {"therapist own": "SIUD", "client own": "I"},
    "diary_session": {"therapist own": "SIUD", "client own": "SIU"},
    "imports_import": {"therapist own": "SIUD"},
    "imports_importednote": {"therapist own": "SIUD"},
    "imports_importedrow": {"therapist own": "SIUD"},
    "notifications_message": {"therapist own": "SIUD", "client own": "S"},
    "notifications_messagesettings": {"therapist own": "SIUD", "client therapist's": "S"},
    "notifications_told": {"therapist own": "SIUD", "client own": "S"},
    "profiles_clientnumbers": {
        "therapist own": "SIUD",
        "therapist other": "S",
        "client therapist's": "S",
        "client other": "S",
        "invited therapist's": "S",
        "invited other": "S",
        "nobody other": "S",
    },
    "profiles_profile": {"therapist own": "SIUD", "client therapist's": "S"},
    "records_retentionchange": {"therapist own": "SIUD"},
    "records_retentiondate": {"therapist own": "SIUD"},
    "relationships_erasure": {"therapist own": "SI"},
    "relationships_event": {"therapist own": "SIUD"},
    "relationships_participation": {"therapist own": "SIUD", "client own": "S"},
    "relationships_relationship": {"therapist own": "SIUD", "client own": "S"},
}
MAY["booking_weeklyhours"] = MAY["booking_bookingrules"]
MAY["profiles_therapistnumbers"] = MAY["profiles_clientnumbers"]

# What belongs to nobody's caseload, and is the server's to keep.
NOT_BOUND = {
    "account_emailaddress",
    "account_emailconfirmation",
    "accounts_browsersession",
    "accounts_therapist",
    "accounts_user",
    "audit_chain",
    "diary_calendarfeed",
    "django_content_type",
    "django_session",
    "mfa_authenticator",
    "shared_cache",
    "usersessions_usersession",
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
}
VIEWS = {
    "audit_unchained",
    "booking_openorblocked",
    "clients_accountinuse",
    "diary_takentime",
    "diary_unread",
    "notifications_waiting",
    "profiles_booking",
    "profiles_clientvisit",
}
RIGHTS = (
    dict.fromkeys([*MAY, *NOT_BOUND], "SIUD")
    | dict.fromkeys(VIEWS, "S")
    | {
        "audit_chain": "SIU",
        "audit_entry": "SI",
        "django_migrations": "S",
        "relationships_erasure": "SI",
        "relationships_event": "SID",  # and UPDATE of the note
    }
)


@pytest.fixture
def world(ann, ben, carl) -> World:
    world = World(ann, ben, carl)
    for record in (ann, carl):
        RetentionDate.objects.create(
            therapist=record.therapist, client=record.pk, until="2040-01-01"
        )
    return world


def findings(world: World, tables: Iterable[str] = MAY) -> list[str]:
    """Return a line for everything that is not as it is said above."""
    found, rights = [], who_may_what.rights()
    for model in who_may_what.owned_models():
        table = model._meta.db_table
        may = MAY.get(table, {})
        have = who_may_what.measure(world, model) if table in tables else may
        for who in sorted({*have, *may}):
            if have.get(who, "") != may.get(who, ""):
                found.append(f"{table}, {who}: {have.get(who, '')} for {may.get(who, '')}")
    for table in sorted({*rights, *RIGHTS}):
        if rights.get(table) != RIGHTS.get(table):
            found.append(f"{table}: {rights.get(table)} for {RIGHTS.get(table)}")
    found += [f"{name} can be misled" for name in who_may_what.functions_that_can_be_misled()]
    return found + [f"{table} is not forced" for table in who_may_what.unforced()]


def test_everybody_may_what_is_said_here_and_nothing_else(world):
    assert findings(world) == []


def test_every_table_with_a_therapist_is_in_the_table_and_has_rows(world):
    owned = who_may_what.owned_models()

    assert {model._meta.db_table for model in owned} == MAY.keys()
    for model in owned:
        for therapist in (world.alice, world.bob):
            assert model.objects.filter(therapist=therapist).exists(), model


def test_every_other_table_is_said_not_to_be_bound():
    ours = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}

    assert ours | {"shared_cache"} == MAY.keys() | NOT_BOUND | VIEWS


RELATIONSHIPS = re.search(
    r"CREATE OR REPLACE FUNCTION relationships_of_account.*?END \$\$;", POLICIES.read_text(), re.S
)[0]
# Each with the table where it shows.
FAULTS = {
    "everybody changes sessions": (
        "diary_session",
        "ALTER POLICY client_changes ON diary_session USING (true)",
    ),
    "everybody writes in every practice's audit": (
        "audit_entry",
        "ALTER POLICY everybody_writes ON audit_entry WITH CHECK (true)",
    ),
    "a function without its search path": (
        "relationships_relationship",
        "ALTER FUNCTION relationships_of_account RESET search_path",
    ),
    "a function with another search path": (
        "profiles_profile",
        "ALTER FUNCTION therapists_of_account SET search_path = pg_temp, public",
    ),
    "everybody holds every invitation": (
        "clients_invitation",
        "ALTER POLICY invited_sees ON clients_invitation USING (true)",
    ),
    "clients see why their therapist is away": (
        "booking_timeoff",
        "CREATE POLICY client_sees ON booking_timeoff FOR SELECT "
        "USING (therapist_id = ANY (ARRAY(SELECT therapists_of_account())))",
    ),
    "clients change the people beside them": (
        "clients_client",
        "ALTER POLICY client_changes ON clients_client "
        "USING (id = ANY (ARRAY(SELECT people_of_account()))) "
        "WITH CHECK (id = ANY (ARRAY(SELECT people_of_account())))",
    ),
    "a merged record is that of nobody": (
        "diary_session",
        RELATIONSHIPS.replace("client.person_id = own.person_id", "client.id = own.id"),
    ),
    "a therapist is somebody's client, too": (
        "relationships_relationship",
        "CREATE OR REPLACE FUNCTION acting_account() RETURNS bigint LANGUAGE sql STABLE "
        "RETURN nullif(current_setting('stillwater.account', true), '')::bigint",
    ),
    "work can be given away": (
        "relationships_relationship",
        "ALTER POLICY a_therapist ON relationships_relationship WITH CHECK (true)",
    ),
    "a view can be written to": (
        "diary_takentime",
        "GRANT UPDATE ON diary_takentime TO stillwater_app",
    ),
    "history can be rewritten": (
        "relationships_event",
        "GRANT UPDATE ON relationships_event TO stillwater_app",
    ),
    "the audit can be deleted": ("audit_entry", "GRANT DELETE ON audit_entry TO stillwater_app"),
    "a client deletes": (
        "diary_session",
        "CREATE POLICY client_cancels ON diary_session FOR DELETE "
        "USING (relationship_id = ANY (ARRAY(SELECT relationships_of_account())))",
    ),
    "everybody reads how to reach a therapist": (
        "accounts_contact",
        "ALTER POLICY client_sees ON accounts_contact USING (true)",
    ),
    "every contact is public": (
        "accounts_contact",
        "ALTER POLICY public ON accounts_contact USING (true)",
    ),
    "every draft is public": (
        "profiles_profile",
        "ALTER POLICY public ON profiles_profile USING (true)",
    ),
    "a therapist sees who was refused anywhere": (
        "audit_entry",
        "ALTER POLICY refused_at_own ON audit_entry USING (verb = 'refused')",
    ),
    "a table is not bound": (
        "clients_client",
        "ALTER TABLE clients_client DISABLE ROW LEVEL SECURITY",
    ),
    "a table does not bind its owner": (
        "clients_client",
        "ALTER TABLE clients_client NO FORCE ROW LEVEL SECURITY",
    ),
    "a policy is missing": (
        "booking_weeklyhours",
        "DROP POLICY a_therapist ON booking_weeklyhours",
    ),
    "a table that nobody spoke of": (
        "something_new",
        "CREATE TABLE something_new (therapist_id bigint)",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(world, fault):
    table, statement = FAULTS[fault]
    connection.check_constraints()  # nothing waits that would keep a table from being altered
    run(statement)

    assert findings(world, [table])
