"""Everything a database holds, in a form that two of them can be compared by.

Rows as numbers and hashes by table; and what keeps them right: constraints, indexes, triggers,
functions, policies, rights. An exit code proves nothing: a dump that was made behind row-level
security is empty and looks fine.
"""

import re
import sqlite3
from dataclasses import dataclass, field
from hashlib import sha256

import psycopg
from psycopg import sql

SCHEMA = {  # for PostgreSQL: what there is, as name and definition
    "column": """SELECT table_name || '.' || column_name,
        concat_ws(' ', udt_name, character_maximum_length, is_nullable, column_default)
        FROM information_schema.columns WHERE table_schema = 'public'""",
    "constraint": """SELECT conrelid::regclass || '.' || conname,
        concat_ws(' ', pg_get_constraintdef(oid), convalidated) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace""",
    "index": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "trigger": """SELECT tgrelid::regclass || '.' || tgname,
        concat_ws(' ', pg_get_triggerdef(oid), tgenabled) FROM pg_trigger WHERE NOT tgisinternal""",
    "function": """SELECT proname, concat_ws(' ', pg_get_functiondef(oid), proowner::regrole,
        proacl, obj_description(oid))
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace""",
    "policy": """SELECT tablename || '.' || policyname,
        concat_ws(' ', permissive, roles, cmd, qual, with_check) FROM pg_policies""",
    "table": """SELECT relname, concat_ws(' ', relowner::regrole, relrowsecurity,
        relforcerowsecurity, ARRAY(SELECT unnest(relacl)::text ORDER BY 1)) FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S', 'v')""",
    "view": "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'",
}
# Read back, PostgreSQL writes the same condition with its casts and brackets elsewhere.
REWRITTEN = re.compile(r"::(text|character varying)(\[\])?|[()]")


@dataclass
class Fingerprint:
    """Number and hash of each table's rows, definitions, and how far each sequence is."""

    rows: dict[str, tuple[int, str]] = field(default_factory=dict)
    schema: dict[str, str] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)

    @property
    def number(self) -> int:
        return sum(number for number, _ in self.rows.values())

    def kinds(self, kind: str) -> int:
        """Return how many definitions of a kind there are."""
        return sum(name.startswith(f"{kind} ") for name in self.schema)

    def differences(self, copy: "Fingerprint") -> list[str]:
        """Return what is missing from a copy, added to it, or another there."""
        found = []
        for own, theirs in ((self.rows, copy.rows), (self.schema, copy.schema)):
            for name in sorted({*own, *theirs}):
                if own.get(name) != theirs.get(name):
                    found.append(f"{name}: {own.get(name)} became {theirs.get(name)}")
        for name, value in self.sequences.items():
            if copy.sequences.get(name, 0) < value:
                found.append(f"{name} fell behind")
        return found


def schema_of_sqlite(database: sqlite3.Connection) -> dict[str, str]:
    """Return the definition of everything that an SQLite database has."""
    everything = database.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name")
    return {f"{kind} {name}": definition for kind, name, definition in everything}


def schema_of_postgres(database: psycopg.Connection) -> dict[str, str]:
    """Return the definition of everything that a PostgreSQL database has."""
    return {
        f"{kind} {name}": REWRITTEN.sub("", definition)
        for kind, query in SCHEMA.items()
        for name, definition in database.execute(query).fetchall()
    }


def of_sqlite(database: sqlite3.Connection) -> Fingerprint:
    """Read all of an SQLite database, as of one moment if there is a transaction."""
    found = Fingerprint(schema=schema_of_sqlite(database))
    for name in (key.removeprefix("table ") for key in found.schema if key.startswith("table ")):
        digest, number = sha256(), 0
        for line in database.execute(f'SELECT * FROM "{name}" ORDER BY rowid'):  # noqa: S608
            digest.update(repr(line).encode())
            number += 1
        found.rows[name] = (number, digest.hexdigest())
    return found


def of_postgres(database: psycopg.Connection) -> Fingerprint:
    """Read all of a PostgreSQL database, as of one moment if the transaction is REPEATABLE READ."""
    database.execute("SET LOCAL TimeZone = 'UTC'")
    found = Fingerprint(schema=schema_of_postgres(database))
    tables = database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for (name,) in tables.fetchall():
        query = sql.SQL(
            "SELECT count(*), coalesce(md5(string_agg(line, '' ORDER BY line)), '') FROM "
            "(SELECT md5(t::text) AS line FROM {} t) lines"
        )
        found.rows[name] = database.execute(query.format(sql.Identifier(name))).fetchone()
    sequences = "SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences"
    found.sequences = dict(database.execute(sequences).fetchall())
    return found
