"""No two standing sessions of a therapist overlap, and a session is its relationship's therapist's.

PostgreSQL keeps the first by an exclusion constraint over ranges, which needs no extension when the
therapist's id is a range of one; SQLite, with its one writer, by triggers.
"""

from practice.database.rules import Walls, trigger

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
WALLS = Walls(
    POSTGRESQL_UP,
    POSTGRESQL_DOWN,
    {
        name: trigger(name, f"AFTER {verb} ON {SESSION}", condition, message)
        for rule, condition, message in (
            ("overlap", _OVERLAPS, NO_OVERLAP),
            ("therapist", _THERAPIST_DIFFERS, "therapists differ"),
        )
        for verb in ("INSERT", "UPDATE")
        for name in [f"session_{rule}_{verb.lower()}"]
    },
)
RAISE, LOWER = WALLS.operations
