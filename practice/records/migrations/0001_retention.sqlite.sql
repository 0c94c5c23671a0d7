-- Whose retention date has to be worked out anew: everybody's whose work has a session booked or
-- changed, begins, ends or begins again, who joins or leaves it, and whose record is added, merged,
-- separated or says something else of its rule; and everybody's of a therapist with another clock.

DROP TRIGGER IF EXISTS retention_of_session;
DROP TRIGGER IF EXISTS retention_of_moved_session;
DROP TRIGGER IF EXISTS retention_of_lost_session;
DROP TRIGGER IF EXISTS retention_of_participation;
DROP TRIGGER IF EXISTS retention_of_leaving;
DROP TRIGGER IF EXISTS retention_of_event;
DROP TRIGGER IF EXISTS retention_of_record;
DROP TRIGGER IF EXISTS retention_of_changed_record;
DROP TRIGGER IF EXISTS retention_of_lost_record;
DROP TRIGGER IF EXISTS retention_on_another_clock;

-- apply

CREATE TRIGGER retention_of_session AFTER INSERT ON diary_session
BEGIN
    INSERT INTO records_retentionchange (therapist_id, client)
    SELECT DISTINCT client.therapist_id, client.person_id
    FROM relationships_participation part
    JOIN clients_client client ON client.id = part.client_id
    WHERE part.relationship_id = NEW.relationship_id;
END;

CREATE TRIGGER retention_of_moved_session AFTER UPDATE OF relationship_id, ends_at, state ON diary_session
BEGIN
    INSERT INTO records_retentionchange (therapist_id, client)
    SELECT DISTINCT client.therapist_id, client.person_id
    FROM relationships_participation part
    JOIN clients_client client ON client.id = part.client_id
    WHERE part.relationship_id IN (OLD.relationship_id, NEW.relationship_id);
END;

CREATE TRIGGER retention_of_lost_session AFTER DELETE ON diary_session
BEGIN
    INSERT INTO records_retentionchange (therapist_id, client)
    SELECT DISTINCT client.therapist_id, client.person_id
    FROM relationships_participation part
    JOIN clients_client client ON client.id = part.client_id
    WHERE part.relationship_id = OLD.relationship_id;
END;

CREATE TRIGGER retention_of_participation AFTER INSERT ON relationships_participation
BEGIN
    INSERT INTO records_retentionchange (therapist_id, client)
    SELECT therapist_id, person_id FROM clients_client WHERE id = NEW.client_id;
END;

CREATE TRIGGER retention_of_leaving AFTER DELETE ON relationships_participation
BEGIN
    INSERT INTO records_retentionchange (therapist_id, client)
    SELECT therapist_id, person_id FROM clients_client WHERE id = OLD.client_id;
END;

CREATE TRIGGER retention_of_event AFTER INSERT ON relationships_event
WHEN NEW.kind <> 'corrected'
BEGIN
    INSERT INTO records_retentionchange (therapist_id, client)
    SELECT DISTINCT client.therapist_id, client.person_id
    FROM relationships_participation part
    JOIN clients_client client ON client.id = part.client_id
    WHERE part.relationship_id = NEW.relationship_id;
END;

CREATE TRIGGER retention_of_record AFTER INSERT ON clients_client
BEGIN
    INSERT INTO records_retentionchange (therapist_id, client)
    SELECT therapist_id, id FROM clients_client WHERE id = NEW.person_id;
END;

CREATE TRIGGER retention_of_changed_record AFTER UPDATE OF merged_into_id, keep_rule, date_of_birth, added_at, erased_at
ON clients_client
WHEN OLD.person_id <> NEW.person_id OR OLD.keep_rule <> NEW.keep_rule
    OR OLD.date_of_birth IS NOT NEW.date_of_birth OR OLD.added_at <> NEW.added_at
    OR OLD.erased_at IS NOT NEW.erased_at
BEGIN
    INSERT INTO records_retentionchange (therapist_id, client)
    SELECT therapist_id, id FROM clients_client WHERE id IN (OLD.person_id, NEW.person_id);
END;

CREATE TRIGGER retention_of_lost_record AFTER DELETE ON clients_client
BEGIN
    DELETE FROM records_retentiondate WHERE client = OLD.id;
    DELETE FROM records_retentionchange WHERE therapist_id = OLD.therapist_id AND client = OLD.id;
END;

CREATE TRIGGER retention_on_another_clock AFTER UPDATE OF time_zone ON accounts_user
WHEN OLD.time_zone <> NEW.time_zone
BEGIN
    INSERT INTO records_retentionchange (therapist_id, client)
    SELECT client.therapist_id, client.id
    FROM clients_client client
    JOIN accounts_therapist therapist ON therapist.id = client.therapist_id
    WHERE therapist.user_id = NEW.id AND client.merged_into_id IS NULL;
END;

INSERT INTO records_retentionchange (therapist_id, client)
SELECT therapist_id, id FROM clients_client WHERE merged_into_id IS NULL;
