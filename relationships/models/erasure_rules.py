"""The one door in the wall around history: a tombstone, which says that it was used.

A relationship's events can be deleted, or their notes blanked and nothing else of them changed,
only when `relationships_erasure` names that relationship. A tombstone can be laid only for work
that has ended, with the number, address and therapist it has; it is never changed or removed.
"""

from practice.database.rules import Walls, trigger

EVENT, ERASURE = "relationships_event", "relationships_erasure"
RELATIONSHIP = "relationships_relationship"

# The table is named with its schema: a temporary table of the same name opens nothing.
POSTGRESQL_UP = [
    """CREATE OR REPLACE FUNCTION history_is_insert_only() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        may boolean := false;
        tombstone text := 'SELECT EXISTS (SELECT 1 FROM ' || quote_ident(TG_TABLE_SCHEMA)
            || '.relationships_erasure WHERE relationship = $1 AND what = $2)';
    BEGIN
        IF TG_TABLE_NAME = 'relationships_event' AND TG_OP = 'DELETE' THEN
            EXECUTE tombstone INTO may USING OLD.relationship_id, 'relationship';
        ELSIF TG_TABLE_NAME = 'relationships_event' AND TG_OP = 'UPDATE' THEN
            IF NEW.note = '' AND to_jsonb(NEW) - 'note' = to_jsonb(OLD) - 'note' THEN
                EXECUTE tombstone INTO may USING OLD.relationship_id, 'notes';
            END IF;
        END IF;
        IF may THEN
            RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END IF;
        RAISE EXCEPTION 'history is insert-only' USING ERRCODE = 'integrity_constraint_violation';
    END $$""",
    """CREATE OR REPLACE FUNCTION tombstone_is_true() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        is_true boolean;
    BEGIN
        EXECUTE 'SELECT EXISTS (SELECT 1 FROM ' || quote_ident(TG_TABLE_SCHEMA)
            || '.relationships_relationship WHERE id = $1 AND public_id = $2 '
            || 'AND therapist_id = $3 AND status = ''ended'')'
        INTO is_true USING NEW.relationship, NEW.public_id, NEW.therapist_id;
        IF is_true THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'no such ended work' USING ERRCODE = 'integrity_constraint_violation';
    END $$""",
    f"""CREATE TRIGGER erasure_unchanged BEFORE UPDATE OR DELETE ON {ERASURE}
    FOR EACH ROW EXECUTE FUNCTION history_is_insert_only()""",
    f"""CREATE TRIGGER erasure_not_truncated BEFORE TRUNCATE ON {ERASURE}
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_insert_only()""",
    f"""CREATE TRIGGER erasure_is_true BEFORE INSERT ON {ERASURE}
    FOR EACH ROW EXECUTE FUNCTION tombstone_is_true()""",
    *(
        f"ALTER TABLE {ERASURE} ENABLE ALWAYS TRIGGER erasure_{what}"
        for what in ("unchanged", "not_truncated", "is_true")
    ),
]
POSTGRESQL_DOWN = [
    f"DROP TRIGGER IF EXISTS erasure_{what} ON {ERASURE}"
    for what in ("unchanged", "not_truncated", "is_true")
]


def _tombstone(what: str) -> str:
    return (
        f"EXISTS (SELECT 1 FROM {ERASURE} "
        f"WHERE relationship = OLD.relationship_id AND what = '{what}')"
    )


_KEPT = ("id", "therapist_id", "relationship_id", "kind", "at", "by_id", "reason")
_ONLY_BLANKS = " AND ".join(["NEW.note = ''", *(f"NEW.{c} IS OLD.{c}" for c in _KEPT)])
_TRUE = (
    f"EXISTS (SELECT 1 FROM {RELATIONSHIP} WHERE id = NEW.relationship "
    "AND public_id = NEW.public_id AND therapist_id = NEW.therapist_id AND status = 'ended')"
)
_HISTORY = "history is insert-only"
SQLITE = {
    "event_not_updated": (f"UPDATE ON {EVENT}", f"NOT ({_ONLY_BLANKS} AND {_tombstone('notes')})"),
    "event_not_deleted": (f"DELETE ON {EVENT}", f"NOT {_tombstone('relationship')}"),
    "erasure_not_updated": (f"UPDATE ON {ERASURE}", "1"),
    "erasure_not_deleted": (f"DELETE ON {ERASURE}", "1"),
    "erasure_not_replaced": (
        f"INSERT ON {ERASURE}",
        f"EXISTS (SELECT 1 FROM {ERASURE} WHERE id = NEW.id)",
    ),
    "erasure_is_true": (f"INSERT ON {ERASURE}", f"NOT {_TRUE}"),
}
DOOR = Walls(
    POSTGRESQL_UP,
    POSTGRESQL_DOWN,
    {
        name: trigger(name, f"BEFORE {when}", condition, _HISTORY)
        for name, (when, condition) in SQLITE.items()
    },
)
