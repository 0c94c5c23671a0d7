-- History is insert-only, and everything of a relationship belongs to one therapist.
--
-- 1. An event cannot be updated, deleted or truncated. The one exception is an erasure record,
--    which names a relationship and says what was erased: "relationship" lets its events be
--    deleted, "notes" lets their notes be blanked and nothing else of them be changed.
-- 2. An erasure record can be made only for work that has ended, with the number, address and
--    therapist it has; it is never changed or removed.
-- 3. A relationship, its participations, its clients and its events share one therapist.

DROP TRIGGER IF EXISTS event_unchanged ON relationships_event;
DROP TRIGGER IF EXISTS event_not_truncated ON relationships_event;
DROP TRIGGER IF EXISTS erasure_unchanged ON relationships_erasure;
DROP TRIGGER IF EXISTS erasure_not_truncated ON relationships_erasure;
DROP TRIGGER IF EXISTS erasure_is_true ON relationships_erasure;
DROP FUNCTION IF EXISTS history_is_insert_only();
DROP FUNCTION IF EXISTS erasure_is_true();
ALTER TABLE relationships_participation
    DROP CONSTRAINT IF EXISTS participation_relationship_one_therapist,
    DROP CONSTRAINT IF EXISTS participation_client_one_therapist;
ALTER TABLE relationships_event DROP CONSTRAINT IF EXISTS event_one_therapist;

-- apply

-- Tables are named with their schema: a temporary table of the same name permits nothing.
CREATE FUNCTION history_is_insert_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may boolean := false;
    erasure text := 'SELECT EXISTS (SELECT 1 FROM ' || quote_ident(TG_TABLE_SCHEMA)
        || '.relationships_erasure WHERE relationship = $1 AND what = $2)';
BEGIN
    IF TG_TABLE_NAME = 'relationships_event' AND TG_OP = 'DELETE' THEN
        EXECUTE erasure INTO may USING OLD.relationship_id, 'relationship';
    ELSIF TG_TABLE_NAME = 'relationships_event' AND TG_OP = 'UPDATE' THEN
        IF NEW.note = '' AND to_jsonb(NEW) - 'note' = to_jsonb(OLD) - 'note' THEN
            EXECUTE erasure INTO may USING OLD.relationship_id, 'notes';
        END IF;
    END IF;
    IF may THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE EXCEPTION 'history is insert-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION erasure_is_true() RETURNS trigger LANGUAGE plpgsql AS $$
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
END $$;

CREATE TRIGGER event_unchanged BEFORE UPDATE OR DELETE ON relationships_event
    FOR EACH ROW EXECUTE FUNCTION history_is_insert_only();
CREATE TRIGGER event_not_truncated BEFORE TRUNCATE ON relationships_event
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_insert_only();
CREATE TRIGGER erasure_unchanged BEFORE UPDATE OR DELETE ON relationships_erasure
    FOR EACH ROW EXECUTE FUNCTION history_is_insert_only();
CREATE TRIGGER erasure_not_truncated BEFORE TRUNCATE ON relationships_erasure
    FOR EACH STATEMENT EXECUTE FUNCTION history_is_insert_only();
CREATE TRIGGER erasure_is_true BEFORE INSERT ON relationships_erasure
    FOR EACH ROW EXECUTE FUNCTION erasure_is_true();

-- Also where session_replication_role says that triggers rest.
ALTER TABLE relationships_event
    ENABLE ALWAYS TRIGGER event_unchanged,
    ENABLE ALWAYS TRIGGER event_not_truncated;
ALTER TABLE relationships_erasure
    ENABLE ALWAYS TRIGGER erasure_unchanged,
    ENABLE ALWAYS TRIGGER erasure_not_truncated,
    ENABLE ALWAYS TRIGGER erasure_is_true;

ALTER TABLE relationships_participation
    ADD CONSTRAINT participation_relationship_one_therapist
        FOREIGN KEY (relationship_id, therapist_id)
        REFERENCES relationships_relationship (id, therapist_id),
    ADD CONSTRAINT participation_client_one_therapist
        FOREIGN KEY (client_id, therapist_id) REFERENCES clients_client (id, therapist_id);
ALTER TABLE relationships_event
    ADD CONSTRAINT event_one_therapist
        FOREIGN KEY (relationship_id, therapist_id)
        REFERENCES relationships_relationship (id, therapist_id);
