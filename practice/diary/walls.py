"""No two standing sessions of a therapist overlap, and a session is its relationship's therapist's.

PostgreSQL keeps the first by an exclusion constraint over ranges, which needs no extension when the
therapist's id is a range of one; SQLite, with its one writer, by triggers. See also
`relationships/walls.py`: a migration that alters the table begins with `LOWER`, ends with `RAISE`.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

NO_OVERLAP = "sessions_do_not_overlap"
SESSION, RELATIONSHIP = "diary_session", "relationships_relationship"

POSTGRESQL_UP = [
    f"""ALTER TABLE {SESSION} ADD CONSTRAINT {NO_OVERLAP} EXCLUDE USING gist (
    int8range(therapist_id, therapist_id, '[]') WITH &&, tstzrange(starts_at, ends_at) WITH &&
    ) WHERE (state <> 'cancelled')""",
    f"""ALTER TABLE {SESSION} ADD CONSTRAINT session_one_therapist
    FOREIGN KEY (relationship_id, therapist_id) REFERENCES {RELATIONSHIP} (id, therapist_id)""",
]
POSTGRESQL_DOWN = [
    f"ALTER TABLE {SESSION} DROP CONSTRAINT IF EXISTS {NO_OVERLAP}",
    f"ALTER TABLE {SESSION} DROP CONSTRAINT IF EXISTS session_one_therapist",
]

_OVERLAPS = f"""NEW.state <> 'cancelled' AND EXISTS (
    SELECT 1 FROM {SESSION} WHERE therapist_id = NEW.therapist_id AND id <> NEW.id
    AND state <> 'cancelled' AND starts_at < NEW.ends_at AND ends_at > NEW.starts_at)"""
_THERAPIST_DIFFERS = (
    f"NEW.therapist_id IS NOT (SELECT therapist_id FROM {RELATIONSHIP} "
    "WHERE id = NEW.relationship_id)"
)
SQLITE = {
    f"session_{rule}_{verb.lower()}": (
        f"CREATE TRIGGER session_{rule}_{verb.lower()} AFTER {verb} ON {SESSION} "
        f"WHEN {condition} BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )
    for rule, condition, message in (
        ("overlap", _OVERLAPS, NO_OVERLAP),
        ("therapist", _THERAPIST_DIFFERS, "therapists differ"),
    )
    for verb in ("INSERT", "UPDATE")
}


def lower_walls(apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Take the walls away."""
    if schema_editor.connection.vendor == "sqlite":
        statements = [f"DROP TRIGGER IF EXISTS {name}" for name in SQLITE]
    else:
        statements = POSTGRESQL_DOWN
    for statement in statements:
        schema_editor.execute(statement)


def raise_walls(apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Put the walls up, also where they stand already."""
    lower_walls(apps, schema_editor)
    vendor = schema_editor.connection.vendor
    for statement in SQLITE.values() if vendor == "sqlite" else POSTGRESQL_UP:
        schema_editor.execute(statement)


RAISE = migrations.RunPython(raise_walls, lower_walls)
LOWER = migrations.RunPython(lower_walls, raise_walls)
