"""The second wall: PostgreSQL itself shows an account only the rows that are its own.

The first wall is the code, which reaches everything from `request.therapist` and `request.clients`.
Should it ever forget to, row-level security still stands (`docs/security.md`). It is put up at the
end of every `migrate`, by the owner of the tables; the server connects as a member of the role
`APPLICATION`, who neither owns them nor passes by. What belongs to nobody's caseload (accounts,
therapists' names, browser sessions, the shared cache) stays outside.
"""

from dataclasses import dataclass
from hashlib import sha256

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

APPLICATION = "stillwater_app"

# What one may see beyond one's own, while `identity.purpose` says so.
PURPOSES = {
    "names": "the people in one's own relationships, of whom the page says the first names",
    "openings": "which times of a therapist are taken, to offer the free ones",
    "figures": "who came when, for the figures of a public profile",
    "refusals": "who was refused when asking for what is the therapist's own",
    "closing": "whether an account is still the client of anybody",
    "invitation": "the client whom the fingerprint of an invitation names",
}

# Ids are looked up in one function, which runs as the owner: policies that read each other's
# tables would call each other for ever.
IN_SIGHT = """
CREATE OR REPLACE FUNCTION in_sight(what text) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
    me bigint := nullif(current_setting('stillwater.user', true), '');
    side text := nullif(current_setting('stillwater.side', true), '');
    invitation text := nullif(current_setting('stillwater.invitation', true), '');
BEGIN
    -- Whoever is both, a therapist and somebody's client, is one of them on a page.
    IF what <> 'invited' AND side <> (
        CASE what WHEN 'my practice' THEN 'therapist' ELSE 'client' END
    ) THEN RETURN;
    END IF;
    CASE what
    WHEN 'my practice' THEN RETURN QUERY
        SELECT id FROM accounts_therapist WHERE user_id = me;
    WHEN 'my records' THEN RETURN QUERY
        SELECT id FROM clients_client WHERE account_id = me;
    WHEN 'my therapists' THEN RETURN QUERY
        SELECT therapist_id FROM clients_client WHERE account_id = me;
    WHEN 'my relationships' THEN RETURN QUERY
        SELECT part.relationship_id FROM relationships_participation part
        JOIN clients_client client ON client.id = part.client_id WHERE client.account_id = me;
    WHEN 'people beside me' THEN RETURN QUERY
        SELECT beside.client_id FROM relationships_participation beside
        JOIN relationships_participation part ON part.relationship_id = beside.relationship_id
        JOIN clients_client client ON client.id = part.client_id WHERE client.account_id = me;
    WHEN 'invited' THEN RETURN QUERY
        SELECT client_id FROM clients_invitation WHERE fingerprint = invitation;
    END CASE;
END $$
"""


def sees(what: str, column: str) -> str:
    """Return the condition that a column names something in the asker's sight."""
    # In brackets it is looked up once a query, not once a row, and an index can be used.
    return f"{column} = ANY (ARRAY(SELECT in_sight('{what}')))"


def asked_for(purpose: str) -> str:
    return f"(SELECT current_setting('stillwater.{purpose}', true)) = 'yes'"


OWN = "therapist_id = (SELECT in_sight('my practice'))"
INVITED = "fingerprint = (SELECT nullif(current_setting('stillwater.invitation', true), ''))"


@dataclass(frozen=True)
class Policy:
    """Who, besides the therapist whose row it is, may read, add and change a row."""

    read: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    change: tuple[str, ...] = ()
    refused: str = ""  # rights that nobody has on the table
    allowed: str = ""  # what is left of them

    def statements(self, table: str) -> list[str]:
        """Return the SQL that puts this policy on a table."""
        read, add, change = (
            " OR ".join([OWN, *more]) for more in (self.read, self.add, self.change)
        )
        return [
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
            *(f"DROP POLICY IF EXISTS {verb} ON {table}" for verb in ("reads", *VERBS)),
            f"CREATE POLICY reads ON {table} FOR SELECT USING ({read})",
            f"CREATE POLICY adds ON {table} FOR INSERT WITH CHECK ({add})",
            f"CREATE POLICY changes ON {table} FOR UPDATE USING ({change})",
            f"CREATE POLICY removes ON {table} FOR DELETE USING ({OWN})",
            *([f"REVOKE {self.refused} ON {table} FROM {APPLICATION}"] if self.refused else []),
            *([f"GRANT {self.allowed} ON {table} TO {APPLICATION}"] if self.allowed else []),
        ]


VERBS = ("adds", "changes", "removes")
INVITING = f"therapist_id IN (SELECT therapist_id FROM clients_invitation WHERE {INVITED})"  # noqa: S608
MY_SIGN_INS = """(verb IN ('signed_in', 'signed_out', 'sign_in_failed') AND about =
    (SELECT 'account:' || nullif(current_setting('stillwater.user', true), '')))"""
IN_MY_RELATIONSHIPS = sees("my relationships", "relationship_id")

POLICIES = {
    "audit_entry": Policy(
        read=(f"(verb = 'refused' AND {asked_for('refusals')})", MY_SIGN_INS),
        add=("therapist_id IS NULL", sees("my therapists", "therapist_id"), INVITING),
        refused="UPDATE, DELETE",
    ),
    "clients_client": Policy(
        read=(
            sees("my records", "id"),
            f"({asked_for('names')} AND {sees('people beside me', 'id')})",
            sees("invited", "id"),
            asked_for("closing"),
        ),
        change=(sees("my records", "id"), sees("invited", "id")),
    ),
    "clients_invitation": Policy(read=(INVITED,), change=(INVITED,)),
    "relationships_relationship": Policy(
        read=(sees("my relationships", "id"), asked_for("figures"))
    ),
    "relationships_participation": Policy(read=(IN_MY_RELATIONSHIPS, asked_for("figures"))),
    # Its triggers let a note be blanked and a history go where a tombstone says so, never else.
    "relationships_event": Policy(refused="UPDATE", allowed="UPDATE (note)"),
    "relationships_erasure": Policy(refused="UPDATE, DELETE"),
    "diary_session": Policy(
        read=(IN_MY_RELATIONSHIPS, asked_for("openings"), asked_for("figures")),
        add=(IN_MY_RELATIONSHIPS,),
        change=(IN_MY_RELATIONSHIPS,),
    ),
    "booking_bookingrules": Policy(read=("true",)),
    "booking_weeklyhours": Policy(read=("true",)),
    "booking_timeoff": Policy(read=(asked_for("openings"),)),
    "profiles_profile": Policy(read=("is_published", sees("my therapists", "therapist_id"))),
}


def check_owner(using: str = "default", **signal: object) -> None:
    """Before `migrate`: look whether this role can put the wall up.

    Raises:
        ImproperlyConfigured: the role is bound by row-level security itself.
    """
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            raise ImproperlyConfigured(
                "Run migrate as the owner of the tables, a role with BYPASSRLS (docs/operate.md)."
            )


def put_up(using: str = "default", **signal: object) -> None:
    """After `migrate`: put the wall up, unless it stands exactly like this already."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    present = set(connection.introspection.table_names())
    if not POLICIES.keys() <= present:
        return  # a part of the tables only, when migrating backwards
    statements = _statements(sorted(present))
    digest = sha256("\n".join(statements).encode()).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT obj_description(oid) FROM pg_proc WHERE proname = 'in_sight' "
            "AND pronamespace = current_schema()::regnamespace"
        )
        if cursor.fetchone() == (digest,):
            return
        cursor.execute("SELECT quote_ident(current_schema())")
        schema = cursor.fetchone()[0]
        for statement in statements:
            cursor.execute(statement.format(schema=schema))
        cursor.execute(f"COMMENT ON FUNCTION in_sight IS '{digest}'")


def _statements(tables: list[str]) -> list[str]:
    everything = ", ".join(f'"{table}"' for table in tables)
    return [
        # Roles belong to the whole server: another of its databases may have made this one.
        f"""DO $$ BEGIN CREATE ROLE {APPLICATION} NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$""",
        f"GRANT USAGE ON SCHEMA {{schema}} TO {APPLICATION}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON {everything} TO {APPLICATION}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {{schema}} TO {APPLICATION}",
        f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {APPLICATION}",
        f"REVOKE DELETE ON audit_chain FROM {APPLICATION}",
        # All that chaining needs of everybody's entries: which there are, and to give them a place.
        f"GRANT SELECT, UPDATE (number, mac) ON audit_unchained TO {APPLICATION}",
        IN_SIGHT,
        "REVOKE EXECUTE ON FUNCTION in_sight FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION in_sight TO {APPLICATION}",
        *(sql for table, policy in POLICIES.items() for sql in policy.statements(table)),
    ]


def owned_tables() -> set[str]:
    """Return every table of ours that carries a therapist, and so needs a policy."""
    return {
        model._meta.db_table
        for model in apps.get_models()
        if any(field.name == "therapist" for field in model._meta.fields)
    }
