-- No two standing sessions of a therapist overlap; a session lasts a day at most, so that what
-- overlaps is looked for among few; what another therapist held before the caseload was passed on
-- takes nobody's time; it is its relationship's therapist's;
-- and who is said to have come, or not, takes part in it.

ALTER TABLE diary_session
    DROP CONSTRAINT IF EXISTS sessions_do_not_overlap,
    DROP CONSTRAINT IF EXISTS session_lasts_a_day_at_most,
    DROP CONSTRAINT IF EXISTS session_one_therapist;
DROP TRIGGER IF EXISTS attendance_of_own_session ON diary_attendance;
DROP FUNCTION IF EXISTS attendance_of_own_session();

-- apply

-- This needs no extension when the therapist's id is a range of one.
ALTER TABLE diary_session
    ADD CONSTRAINT sessions_do_not_overlap EXCLUDE USING gist (
        int8range(therapist_id, therapist_id, '[]') WITH &&,
        tstzrange(starts_at, ends_at) WITH &&
    ) WHERE (state <> 'cancelled' AND state <> 'not_held' AND state <> 'mistaken' AND NOT passed_on),
    ADD CONSTRAINT session_lasts_a_day_at_most
        CHECK (ends_at <= starts_at + interval '24 hours'),
    ADD CONSTRAINT session_one_therapist
        FOREIGN KEY (relationship_id, therapist_id)
        REFERENCES relationships_relationship (id, therapist_id);

CREATE FUNCTION attendance_of_own_session() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM diary_session session
        JOIN relationships_participation part ON part.relationship_id = session.relationship_id
        WHERE session.id = NEW.session_id AND part.id = NEW.participation_id
        AND session.therapist_id = NEW.therapist_id
    ) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'attendance of another session'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER attendance_of_own_session AFTER INSERT OR UPDATE ON diary_attendance
FOR EACH ROW EXECUTE FUNCTION attendance_of_own_session();
