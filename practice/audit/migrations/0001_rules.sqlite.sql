-- An entry changes once, when it is chained; heads only grow; only what a purge covers can go.
--
-- The one way to delete is behind a chained entry "purged" of the same chain that reaches so far.
-- Writing that entry by hand permits it, and breaks the chain: it needs a seal.

DROP TRIGGER IF EXISTS entry_begins_unchained;
DROP TRIGGER IF EXISTS entry_changes_once;
DROP TRIGGER IF EXISTS entry_not_deleted;
DROP TRIGGER IF EXISTS head_only_grows;
DROP TRIGGER IF EXISTS head_not_deleted;
DROP TRIGGER IF EXISTS head_not_replaced;

-- apply

-- REPLACE deletes without a trigger what has the same key, here and below.
CREATE TRIGGER entry_begins_unchained BEFORE INSERT ON audit_entry
WHEN NEW.number IS NOT NULL OR EXISTS (
    SELECT 1 FROM audit_entry
    WHERE id = NEW.id OR writer = NEW.writer AND writer_number = NEW.writer_number
)
BEGIN SELECT RAISE(ABORT, 'the audit is insert-only'); END;

CREATE TRIGGER entry_changes_once BEFORE UPDATE ON audit_entry
WHEN NOT (
    OLD.number IS NULL AND NEW.number IS NOT NULL
    AND NEW.id IS OLD.id
    AND NEW.therapist_id IS OLD.therapist_id
    AND NEW.chain IS OLD.chain
    AND NEW.at IS OLD.at
    AND NEW.by IS OLD.by
    AND NEW.role IS OLD.role
    AND NEW.verb IS OLD.verb
    AND NEW.about IS OLD.about
    AND NEW.outcome IS OLD.outcome
    AND NEW.request_id IS OLD.request_id
    AND NEW.event IS OLD.event
    AND NEW.digest IS OLD.digest
    AND NEW.through IS OLD.through
    AND NEW.writer IS OLD.writer
    AND NEW.writer_number IS OLD.writer_number
    AND NEW.seal IS OLD.seal
) OR EXISTS (SELECT 1 FROM audit_entry WHERE chain = NEW.chain AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'the audit is insert-only'); END;

CREATE TRIGGER entry_not_deleted BEFORE DELETE ON audit_entry
WHEN NOT EXISTS (
    SELECT 1 FROM audit_entry purge
    WHERE purge.chain = OLD.chain AND purge.verb = 'purged' AND purge.through >= OLD.number
    AND purge.number IS NOT NULL
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
