-- Entries are insert-only, heads only grow, and only what a purge covers can be deleted.
--
-- The one way to delete is behind an entry "purged" of the same chain that reaches so far. Writing
-- that entry by hand permits it, and breaks the chain: it needs a seal.

DROP TRIGGER IF EXISTS entry_not_updated;
DROP TRIGGER IF EXISTS entry_not_deleted;
DROP TRIGGER IF EXISTS entry_not_replaced;
DROP TRIGGER IF EXISTS head_only_grows;
DROP TRIGGER IF EXISTS head_not_deleted;
DROP TRIGGER IF EXISTS head_not_replaced;

-- apply

CREATE TRIGGER entry_not_updated BEFORE UPDATE ON audit_entry
BEGIN SELECT RAISE(ABORT, 'the audit is insert-only'); END;

CREATE TRIGGER entry_not_deleted BEFORE DELETE ON audit_entry
WHEN NOT EXISTS (
    SELECT 1 FROM audit_entry purge
    WHERE purge.chain = OLD.chain AND purge.verb = 'purged' AND purge.through >= OLD.number
)
BEGIN SELECT RAISE(ABORT, 'the audit is insert-only'); END;

-- REPLACE deletes without a trigger what has the same key, or the same hidden rowid.
CREATE TRIGGER entry_not_replaced BEFORE INSERT ON audit_entry
WHEN EXISTS (
    SELECT 1 FROM audit_entry
    WHERE chain = NEW.chain AND number = NEW.number OR rowid = NEW.rowid
)
BEGIN SELECT RAISE(ABORT, 'the audit is insert-only'); END;

CREATE TRIGGER head_only_grows BEFORE UPDATE ON audit_chain
WHEN NOT (NEW.chain = OLD.chain AND NEW.length > OLD.length)
BEGIN SELECT RAISE(ABORT, 'the audit is insert-only'); END;

CREATE TRIGGER head_not_deleted BEFORE DELETE ON audit_chain
BEGIN SELECT RAISE(ABORT, 'the audit is insert-only'); END;

CREATE TRIGGER head_not_replaced BEFORE INSERT ON audit_chain
WHEN EXISTS (SELECT 1 FROM audit_chain WHERE chain = NEW.chain)
BEGIN SELECT RAISE(ABORT, 'the audit is insert-only'); END;
