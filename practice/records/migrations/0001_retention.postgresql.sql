-- Whose retention date has to be worked out anew: everybody's whose work has a session booked or
-- changed, begins, ends or begins again, who joins or leaves it, and whose record is added, merged,
-- separated or says something else of its rule; and everybody's of a therapist with another clock.
--
-- Whoever changes a session may not write here; so this runs as the owner, with a search path that
-- leads to no table of anybody else's making. Each change is a row of its own: nobody waits.

DROP TRIGGER IF EXISTS retention_of_session ON diary_session;
DROP TRIGGER IF EXISTS retention_of_moved_session ON diary_session;
DROP TRIGGER IF EXISTS retention_of_participation ON relationships_participation;
DROP TRIGGER IF EXISTS retention_of_event ON relationships_event;
DROP TRIGGER IF EXISTS retention_of_record ON clients_client;
DROP TRIGGER IF EXISTS retention_of_changed_record ON clients_client;
DROP TRIGGER IF EXISTS retention_on_another_clock ON accounts_user;
DROP FUNCTION IF EXISTS session_changes_retention;
DROP FUNCTION IF EXISTS participation_changes_retention;
DROP FUNCTION IF EXISTS event_changes_retention;
DROP FUNCTION IF EXISTS record_changes_retention;
DROP FUNCTION IF EXISTS clock_changes_retention;
DROP FUNCTION IF EXISTS unsettle_retention_of_work;
DROP FUNCTION IF EXISTS unsettle_retention;

-- apply

CREATE FUNCTION unsettle_retention(people bigint[]) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    INSERT INTO records_retentionchange (therapist_id, client)
    SELECT therapist_id, id FROM clients_client WHERE id = ANY (people)
$$;

CREATE FUNCTION unsettle_retention_of_work(work bigint) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    SELECT unsettle_retention(ARRAY(
        SELECT client.person_id
        FROM relationships_participation part
        JOIN clients_client client ON client.id = part.client_id
        WHERE part.relationship_id = work
    ))
$$;

CREATE FUNCTION session_changes_retention() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM unsettle_retention_of_work(OLD.relationship_id);
    END IF;
    IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND NEW.relationship_id <> OLD.relationship_id) THEN
        PERFORM unsettle_retention_of_work(NEW.relationship_id);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION participation_changes_retention() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM unsettle_retention(ARRAY(
        SELECT person_id FROM clients_client
        WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.client_id ELSE NEW.client_id END
    ));
    RETURN NULL;
END $$;

CREATE FUNCTION event_changes_retention() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM unsettle_retention_of_work(NEW.relationship_id);
    RETURN NULL;
END $$;

CREATE FUNCTION record_changes_retention() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM records_retentiondate WHERE client = OLD.id;
        DELETE FROM records_retentionchange WHERE therapist_id = OLD.therapist_id AND client = OLD.id;
    ELSIF TG_OP = 'INSERT' THEN
        PERFORM unsettle_retention(ARRAY[NEW.person_id]);
    ELSE
        PERFORM unsettle_retention(ARRAY[OLD.person_id, NEW.person_id]);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION clock_changes_retention() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM unsettle_retention(ARRAY(
        SELECT client.id FROM clients_client client
        JOIN accounts_therapist therapist ON therapist.id = client.therapist_id
        WHERE therapist.user_id = NEW.id AND client.merged_into_id IS NULL
    ));
    RETURN NULL;
END $$;

CREATE TRIGGER retention_of_session AFTER INSERT OR DELETE ON diary_session
FOR EACH ROW EXECUTE FUNCTION session_changes_retention();
CREATE TRIGGER retention_of_moved_session
AFTER UPDATE OF relationship_id, ends_at, state ON diary_session
FOR EACH ROW EXECUTE FUNCTION session_changes_retention();
CREATE TRIGGER retention_of_participation AFTER INSERT OR DELETE ON relationships_participation
FOR EACH ROW EXECUTE FUNCTION participation_changes_retention();
CREATE TRIGGER retention_of_event AFTER INSERT ON relationships_event
FOR EACH ROW WHEN (NEW.kind <> 'corrected') EXECUTE FUNCTION event_changes_retention();
CREATE TRIGGER retention_of_record AFTER INSERT OR DELETE ON clients_client
FOR EACH ROW EXECUTE FUNCTION record_changes_retention();
CREATE TRIGGER retention_of_changed_record
AFTER UPDATE OF merged_into_id, keep_rule, date_of_birth, added_at, erased_at ON clients_client
FOR EACH ROW WHEN (
    (OLD.person_id, OLD.keep_rule, OLD.date_of_birth, OLD.added_at, OLD.erased_at)
    IS DISTINCT FROM
    (NEW.person_id, NEW.keep_rule, NEW.date_of_birth, NEW.added_at, NEW.erased_at)
)
EXECUTE FUNCTION record_changes_retention();
CREATE TRIGGER retention_on_another_clock AFTER UPDATE OF time_zone ON accounts_user
FOR EACH ROW WHEN (OLD.time_zone <> NEW.time_zone) EXECUTE FUNCTION clock_changes_retention();

INSERT INTO records_retentionchange (therapist_id, client)
SELECT therapist_id, id FROM clients_client WHERE merged_into_id IS NULL;
