"""Entries are insert-only, heads only grow, and only what a purge covers can be deleted.

The one way to delete is behind an entry "purged" of the same chain that reaches so far. Writing
that entry by hand opens the wall, and breaks the chain: it needs a seal.
"""

from practice.database.rules import Walls, trigger

ENTRY, HEAD = "audit_entry", "audit_chain"
_INSERT_ONLY = "the audit is insert-only"

# PostgreSQL is told the schema: a temporary table of the same name opens nothing.
_PURGED_HERE = """EXECUTE 'SELECT EXISTS (SELECT 1 FROM ' || quote_ident(TG_TABLE_SCHEMA)
            || '.audit_entry WHERE chain = $1 AND verb = ''purged'' AND through >= $2)'
        INTO may USING OLD.chain, OLD.number"""
_PURGED = f"""EXISTS (SELECT 1 FROM {ENTRY} purge WHERE purge.chain = OLD.chain
    AND purge.verb = 'purged' AND purge.through >= OLD.number)"""
_GROWS = "NEW.chain = OLD.chain AND NEW.length > OLD.length"


def _function(name: str, look: str = "may := false") -> str:
    """Return a trigger function that refuses everything, unless a look says that it may be."""
    return f"""CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        may boolean;
    BEGIN
        {look};
        IF may THEN
            RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END IF;
        RAISE EXCEPTION '{_INSERT_ONLY}' USING ERRCODE = 'integrity_constraint_violation';
    END $$"""


_TRIGGERS = {
    "entry_not_updated": (ENTRY, "UPDATE", "ROW", "audit_is_insert_only"),
    "entry_not_deleted": (ENTRY, "DELETE", "ROW", "audit_goes_by_purge"),
    "entry_not_truncated": (ENTRY, "TRUNCATE", "STATEMENT", "audit_is_insert_only"),
    "head_only_grows": (HEAD, "UPDATE", "ROW", "audit_head_grows"),
    "head_not_deleted": (HEAD, "DELETE", "ROW", "audit_is_insert_only"),
    "head_not_truncated": (HEAD, "TRUNCATE", "STATEMENT", "audit_is_insert_only"),
}
POSTGRESQL_UP = [
    _function("audit_is_insert_only"),
    _function("audit_goes_by_purge", _PURGED_HERE),
    _function("audit_head_grows", f"may := {_GROWS}"),
]
for _name, (_table, _verb, _each, _does) in _TRIGGERS.items():
    POSTGRESQL_UP += [
        f"CREATE TRIGGER {_name} BEFORE {_verb} ON {_table} FOR EACH {_each} "
        f"EXECUTE FUNCTION {_does}()",
        # Also where session_replication_role says that triggers rest.
        f"ALTER TABLE {_table} ENABLE ALWAYS TRIGGER {_name}",
    ]
POSTGRESQL_DOWN = [
    f"DROP TRIGGER IF EXISTS {name} ON {table}" for name, (table, *_) in _TRIGGERS.items()
]

# REPLACE deletes without a trigger what has the same key, or the same hidden rowid.
_SAME_ENTRY = f"""EXISTS (SELECT 1 FROM {ENTRY}
    WHERE chain = NEW.chain AND number = NEW.number OR rowid = NEW.rowid)"""
_SAME_HEAD = f"EXISTS (SELECT 1 FROM {HEAD} WHERE chain = NEW.chain)"
_SQLITE = {
    "entry_not_updated": (f"UPDATE ON {ENTRY}", "1"),
    "entry_not_deleted": (f"DELETE ON {ENTRY}", f"NOT {_PURGED}"),
    "entry_not_replaced": (f"INSERT ON {ENTRY}", _SAME_ENTRY),
    "head_only_grows": (f"UPDATE ON {HEAD}", f"NOT ({_GROWS})"),
    "head_not_deleted": (f"DELETE ON {HEAD}", "1"),
    "head_not_replaced": (f"INSERT ON {HEAD}", _SAME_HEAD),
}
WALLS = Walls(
    POSTGRESQL_UP,
    POSTGRESQL_DOWN,
    {
        name: trigger(name, f"BEFORE {when}", condition, _INSERT_ONLY)
        for name, (when, condition) in _SQLITE.items()
    },
)
RAISE, LOWER = WALLS.operations
