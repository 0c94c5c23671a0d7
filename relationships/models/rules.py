"""History is insert-only, and everything of a relationship belongs to one therapist.

1. An event cannot be updated, deleted, replaced or truncated, but for one door (`DOOR`).
2. A relationship, its participations, its clients and its events share one therapist.
"""

from practice.database.rules import Walls, trigger
from relationships.models.erasure_rules import DOOR

EVENT, PART = "relationships_event", "relationships_participation"
RELATIONSHIP, CLIENT = "relationships_relationship", "clients_client"

POSTGRESQL_UP = [
    """CREATE OR REPLACE FUNCTION history_is_insert_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'history is insert-only' USING ERRCODE = 'integrity_constraint_violation';
    END $$""",
    f"""CREATE TRIGGER event_unchanged BEFORE UPDATE OR DELETE ON {EVENT}
    FOR EACH ROW EXECUTE FUNCTION history_is_insert_only()""",
    f"""CREATE TRIGGER event_not_truncated BEFORE TRUNCATE ON {EVENT}
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_insert_only()""",
    f"ALTER TABLE {EVENT} ENABLE ALWAYS TRIGGER event_unchanged",
    f"ALTER TABLE {EVENT} ENABLE ALWAYS TRIGGER event_not_truncated",
    f"""ALTER TABLE {PART} ADD CONSTRAINT participation_relationship_one_therapist
    FOREIGN KEY (relationship_id, therapist_id) REFERENCES {RELATIONSHIP} (id, therapist_id)""",
    f"""ALTER TABLE {PART} ADD CONSTRAINT participation_client_one_therapist
    FOREIGN KEY (client_id, therapist_id) REFERENCES {CLIENT} (id, therapist_id)""",
    f"""ALTER TABLE {EVENT} ADD CONSTRAINT event_one_therapist
    FOREIGN KEY (relationship_id, therapist_id) REFERENCES {RELATIONSHIP} (id, therapist_id)""",
]
POSTGRESQL_DOWN = [
    f"DROP TRIGGER IF EXISTS event_unchanged ON {EVENT}",
    f"DROP TRIGGER IF EXISTS event_not_truncated ON {EVENT}",
    f"ALTER TABLE {PART} DROP CONSTRAINT IF EXISTS participation_relationship_one_therapist",
    f"ALTER TABLE {PART} DROP CONSTRAINT IF EXISTS participation_client_one_therapist",
    f"ALTER TABLE {EVENT} DROP CONSTRAINT IF EXISTS event_one_therapist",
]


def _owner(table: str, key: str) -> str:
    return f"(SELECT therapist_id FROM {table} WHERE id = NEW.{key})"


_HISTORY, _OWNER = "history is insert-only", "therapists differ"
_PART_DIFFERS = (
    f"NEW.therapist_id IS NOT {_owner(RELATIONSHIP, 'relationship_id')} "
    f"OR NEW.therapist_id IS NOT {_owner(CLIENT, 'client_id')}"
)
_TAKEN = "EXISTS (SELECT 1 FROM {} WHERE id = NEW.id)"
_MOVED = "NEW.therapist_id IS NOT OLD.therapist_id"
SQLITE = {
    "event_not_updated": (f"UPDATE ON {EVENT}", "1", _HISTORY),
    "event_not_deleted": (f"DELETE ON {EVENT}", "1", _HISTORY),
    "event_not_replaced": (
        f"INSERT ON {EVENT}",
        f"EXISTS (SELECT 1 FROM {EVENT} WHERE id = NEW.id)",
        _HISTORY,
    ),
    "event_one_therapist": (
        f"INSERT ON {EVENT}",
        f"NEW.therapist_id IS NOT {_owner(RELATIONSHIP, 'relationship_id')}",
        _OWNER,
    ),
    "participation_one_therapist_insert": (f"INSERT ON {PART}", _PART_DIFFERS, _OWNER),
    "participation_one_therapist_update": (f"UPDATE ON {PART}", _PART_DIFFERS, _OWNER),
    "relationship_keeps_therapist": (f"UPDATE ON {RELATIONSHIP}", _MOVED, _OWNER),
    "relationship_not_replaced": (f"INSERT ON {RELATIONSHIP}", _TAKEN.format(RELATIONSHIP), _OWNER),
    "client_keeps_therapist": (f"UPDATE ON {CLIENT}", _MOVED, _OWNER),
    "client_not_replaced": (f"INSERT ON {CLIENT}", _TAKEN.format(CLIENT), _OWNER),
}


HISTORY = Walls(
    POSTGRESQL_UP,
    POSTGRESQL_DOWN,
    {name: trigger(name, f"BEFORE {when}", *rest) for name, (when, *rest) in SQLITE.items()},
)
# `HISTORY` alone is what stands between migration 0002, which raises it, and 0003.
WALLS = HISTORY + DOOR
RAISE, LOWER = WALLS.operations
