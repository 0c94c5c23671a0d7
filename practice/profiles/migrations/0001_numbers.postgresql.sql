-- Whose numbers have to be worked out anew: everybody's who takes part in a session that is booked
-- or changed, or of which is said anew who came, whoever joins or leaves its work, and whose records are merged or separated. How a
-- relationship stands is none of it.
--
-- Whoever changes a session may not write here; so this runs as the owner, with a search path that
-- leads to no table of anybody else's making. Only changes of the same client wait for each other.

DROP TRIGGER IF EXISTS numbers_of_session ON diary_session;
DROP TRIGGER IF EXISTS numbers_of_moved_session ON diary_session;
DROP TRIGGER IF EXISTS numbers_of_attendance ON diary_attendance;
DROP TRIGGER IF EXISTS numbers_of_participation ON relationships_participation;
DROP TRIGGER IF EXISTS numbers_of_changed_participation ON relationships_participation;
DROP TRIGGER IF EXISTS numbers_of_leaving ON relationships_participation;
DROP TRIGGER IF EXISTS numbers_of_record ON clients_client;
DROP FUNCTION IF EXISTS session_changes_numbers;
DROP FUNCTION IF EXISTS attendance_changes_numbers;
DROP FUNCTION IF EXISTS participation_changes_numbers;
DROP FUNCTION IF EXISTS record_changes_numbers;
DROP FUNCTION IF EXISTS unsettle;

-- apply

CREATE FUNCTION unsettle(work bigint) RETURNS void
LANGUAGE sql SET search_path = public, pg_temp AS $$
    INSERT INTO profiles_clientnumbers (therapist_id, client, settled_at,
        booked, clients, counted, returned, visits_of_returned, sessions_held)
    SELECT DISTINCT client.therapist_id, client.person_id, timestamptz '9999-12-31 00:00:00+00',
        0, 0, 0, 0, 0, 0
    FROM relationships_participation part
    JOIN clients_client client ON client.id = part.client_id
    WHERE part.relationship_id = work
    ORDER BY client.person_id  -- two who change the same people lock them in one order
    ON CONFLICT (client) DO UPDATE SET settled_at = excluded.settled_at
$$;

CREATE FUNCTION session_changes_numbers() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM unsettle(OLD.relationship_id);
    END IF;
    IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND NEW.relationship_id <> OLD.relationship_id) THEN
        PERFORM unsettle(NEW.relationship_id);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION attendance_changes_numbers() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    -- All that are ever changed are of the same work.
    PERFORM unsettle(relationship_id) FROM relationships_participation
    WHERE id = coalesce(NEW.participation_id, OLD.participation_id);
    RETURN NULL;
END $$;

CREATE FUNCTION participation_changes_numbers() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM unsettle(OLD.relationship_id);
        RETURN OLD;  -- before it goes
    END IF;
    IF EXISTS (SELECT FROM diary_session WHERE relationship_id = NEW.relationship_id) THEN
        PERFORM unsettle(NEW.relationship_id);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION record_changes_numbers() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO profiles_clientnumbers (therapist_id, client, settled_at,
        booked, clients, counted, returned, visits_of_returned, sessions_held)
    SELECT NEW.therapist_id, person, timestamptz '9999-12-31 00:00:00+00', 0, 0, 0, 0, 0, 0
    FROM unnest(ARRAY[OLD.person_id, NEW.person_id]) person
    ORDER BY person
    ON CONFLICT (client) DO UPDATE SET settled_at = excluded.settled_at;
    RETURN NULL;
END $$;

CREATE TRIGGER numbers_of_session AFTER INSERT OR DELETE ON diary_session
FOR EACH ROW EXECUTE FUNCTION session_changes_numbers();
CREATE TRIGGER numbers_of_moved_session
AFTER UPDATE OF relationship_id, starts_at, state, complimentary, booked_at, in_figures ON diary_session
FOR EACH ROW EXECUTE FUNCTION session_changes_numbers();
CREATE TRIGGER numbers_of_attendance AFTER INSERT OR UPDATE OR DELETE ON diary_attendance
FOR EACH ROW EXECUTE FUNCTION attendance_changes_numbers();
CREATE TRIGGER numbers_of_participation AFTER INSERT ON relationships_participation
FOR EACH ROW EXECUTE FUNCTION participation_changes_numbers();
CREATE TRIGGER numbers_of_changed_participation
AFTER UPDATE OF joined_at, left_at ON relationships_participation
FOR EACH ROW EXECUTE FUNCTION participation_changes_numbers();
CREATE TRIGGER numbers_of_leaving BEFORE DELETE ON relationships_participation
FOR EACH ROW EXECUTE FUNCTION participation_changes_numbers();
CREATE TRIGGER numbers_of_record AFTER UPDATE OF merged_into_id ON clients_client
FOR EACH ROW WHEN (OLD.person_id <> NEW.person_id) EXECUTE FUNCTION record_changes_numbers();
