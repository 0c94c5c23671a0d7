-- The same rules as in 0001_rules.postgresql.sql, by triggers alone.
--
-- REPLACE deletes without a trigger what has the same key: an INSERT over it is refused.

DROP TRIGGER IF EXISTS event_not_updated;
DROP TRIGGER IF EXISTS event_not_deleted;
DROP TRIGGER IF EXISTS event_not_replaced;
DROP TRIGGER IF EXISTS event_one_therapist;
DROP TRIGGER IF EXISTS erasure_not_updated;
DROP TRIGGER IF EXISTS erasure_not_deleted;
DROP TRIGGER IF EXISTS erasure_not_replaced;
DROP TRIGGER IF EXISTS erasure_is_true;
DROP TRIGGER IF EXISTS participation_one_therapist_insert;
DROP TRIGGER IF EXISTS participation_one_therapist_update;
DROP TRIGGER IF EXISTS relationship_keeps_therapist;
DROP TRIGGER IF EXISTS relationship_not_replaced;
DROP TRIGGER IF EXISTS client_keeps_therapist;
DROP TRIGGER IF EXISTS client_not_replaced;

-- apply

-- History is insert-only, but for what an erasure record names.

CREATE TRIGGER event_not_updated BEFORE UPDATE ON relationships_event
WHEN NOT (
    NEW.note = ''
    AND NEW.id IS OLD.id
    AND NEW.therapist_id IS OLD.therapist_id
    AND NEW.relationship_id IS OLD.relationship_id
    AND NEW.kind IS OLD.kind
    AND NEW.at IS OLD.at
    AND NEW.by_id IS OLD.by_id
    AND NEW.reason IS OLD.reason
    AND NEW.client_id IS OLD.client_id
    AND NEW.goes_on_as IS OLD.goes_on_as
    AND EXISTS (
        SELECT 1 FROM relationships_erasure
        WHERE relationship = OLD.relationship_id AND what = 'notes'
    )
)
BEGIN SELECT RAISE(ABORT, 'history is insert-only'); END;

CREATE TRIGGER event_not_deleted BEFORE DELETE ON relationships_event
WHEN NOT EXISTS (
    SELECT 1 FROM relationships_erasure
    WHERE relationship = OLD.relationship_id AND what = 'relationship'
)
BEGIN SELECT RAISE(ABORT, 'history is insert-only'); END;

CREATE TRIGGER event_not_replaced BEFORE INSERT ON relationships_event
WHEN EXISTS (SELECT 1 FROM relationships_event WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'history is insert-only'); END;

CREATE TRIGGER erasure_not_updated BEFORE UPDATE ON relationships_erasure
BEGIN SELECT RAISE(ABORT, 'history is insert-only'); END;

CREATE TRIGGER erasure_not_deleted BEFORE DELETE ON relationships_erasure
BEGIN SELECT RAISE(ABORT, 'history is insert-only'); END;

CREATE TRIGGER erasure_not_replaced BEFORE INSERT ON relationships_erasure
WHEN EXISTS (SELECT 1 FROM relationships_erasure WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'history is insert-only'); END;

CREATE TRIGGER erasure_is_true BEFORE INSERT ON relationships_erasure
WHEN NOT EXISTS (
    SELECT 1 FROM relationships_relationship
    WHERE id = NEW.relationship AND public_id = NEW.public_id
    AND therapist_id = NEW.therapist_id AND status = 'ended'
)
BEGIN SELECT RAISE(ABORT, 'no such ended work'); END;

-- One therapist.

CREATE TRIGGER event_one_therapist BEFORE INSERT ON relationships_event
WHEN NEW.therapist_id IS NOT (
    SELECT therapist_id FROM relationships_relationship WHERE id = NEW.relationship_id
)
BEGIN SELECT RAISE(ABORT, 'therapists differ'); END;

CREATE TRIGGER participation_one_therapist_insert BEFORE INSERT ON relationships_participation
WHEN NEW.therapist_id IS NOT (
    SELECT therapist_id FROM relationships_relationship WHERE id = NEW.relationship_id
)
OR NEW.therapist_id IS NOT (SELECT therapist_id FROM clients_client WHERE id = NEW.client_id)
BEGIN SELECT RAISE(ABORT, 'therapists differ'); END;

CREATE TRIGGER participation_one_therapist_update BEFORE UPDATE ON relationships_participation
WHEN NEW.therapist_id IS NOT (
    SELECT therapist_id FROM relationships_relationship WHERE id = NEW.relationship_id
)
OR NEW.therapist_id IS NOT (SELECT therapist_id FROM clients_client WHERE id = NEW.client_id)
BEGIN SELECT RAISE(ABORT, 'therapists differ'); END;

CREATE TRIGGER relationship_keeps_therapist BEFORE UPDATE ON relationships_relationship
WHEN NEW.therapist_id IS NOT OLD.therapist_id
BEGIN SELECT RAISE(ABORT, 'therapists differ'); END;

CREATE TRIGGER relationship_not_replaced BEFORE INSERT ON relationships_relationship
WHEN EXISTS (SELECT 1 FROM relationships_relationship WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'therapists differ'); END;

CREATE TRIGGER client_keeps_therapist BEFORE UPDATE ON clients_client
WHEN NEW.therapist_id IS NOT OLD.therapist_id
BEGIN SELECT RAISE(ABORT, 'therapists differ'); END;

CREATE TRIGGER client_not_replaced BEFORE INSERT ON clients_client
WHEN EXISTS (SELECT 1 FROM clients_client WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'therapists differ'); END;
