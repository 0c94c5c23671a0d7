-- From when on a caseload has to be counted anew: what begins or ends, from then; what is said anew
-- of when or why something began or ended, from the earlier of both; and who takes part. Sessions
-- count where work has ended. What a record is merged with changes all that it takes part in.
--
-- Whoever changes a session may not write here; so this runs as the owner, with a search path that
-- leads to no table of anybody else's making. Each change is a row of its own: nobody waits.

DROP TRIGGER IF EXISTS caseload_of_relationship ON relationships_relationship;
DROP TRIGGER IF EXISTS caseload_of_changed_relationship ON relationships_relationship;
DROP TRIGGER IF EXISTS caseload_of_participation ON relationships_participation;
DROP TRIGGER IF EXISTS caseload_of_changed_participation ON relationships_participation;
DROP TRIGGER IF EXISTS caseload_of_session ON diary_session;
DROP TRIGGER IF EXISTS caseload_of_lost_session ON diary_session;
DROP TRIGGER IF EXISTS caseload_of_changed_session ON diary_session;
DROP TRIGGER IF EXISTS caseload_of_record ON clients_client;
DROP FUNCTION IF EXISTS relationship_changes_caseload;
DROP FUNCTION IF EXISTS participation_changes_caseload;
DROP FUNCTION IF EXISTS session_changes_caseload;
DROP FUNCTION IF EXISTS record_changes_caseload;

-- apply

CREATE FUNCTION relationship_changes_caseload() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    always CONSTANT timestamptz := '1900-01-01 00:00:00+00';
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO caseload_caseloadchange (therapist_id, relationship, changed_from)
        VALUES (NEW.therapist_id, NEW.id, NEW.started_at);
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO caseload_caseloadchange (therapist_id, relationship, changed_from)
        VALUES (OLD.therapist_id, OLD.id, always);
    ELSIF OLD.therapist_id <> NEW.therapist_id THEN
        INSERT INTO caseload_caseloadchange (therapist_id, relationship, changed_from)
        VALUES (OLD.therapist_id, OLD.id, always), (NEW.therapist_id, NEW.id, always);
    ELSE
        -- Of several moments the least is taken; what is null is none.
        INSERT INTO caseload_caseloadchange (therapist_id, relationship, changed_from)
        VALUES (NEW.therapist_id, NEW.id, least(
            CASE WHEN OLD.started_at <> NEW.started_at
                THEN least(OLD.started_at, NEW.started_at) END,
            CASE WHEN (OLD.ended_at, OLD.end_reason) IS DISTINCT FROM (NEW.ended_at, NEW.end_reason)
                THEN least(OLD.ended_at, NEW.ended_at) END
        ));
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION participation_changes_caseload() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    always CONSTANT timestamptz := '1900-01-01 00:00:00+00';
    since timestamptz := always;
BEGIN
    IF TG_OP = 'INSERT' THEN
        since := coalesce(NEW.joined_at,
            (SELECT started_at FROM relationships_relationship WHERE id = NEW.relationship_id));
    ELSIF TG_OP = 'UPDATE' AND (OLD.relationship_id, OLD.client_id, OLD.joined_at)
        IS NOT DISTINCT FROM (NEW.relationship_id, NEW.client_id, NEW.joined_at)
    THEN
        since := least(OLD.left_at, NEW.left_at);
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO caseload_caseloadchange (therapist_id, relationship, changed_from)
        VALUES (OLD.therapist_id, OLD.relationship_id, since);
    END IF;
    IF TG_OP = 'INSERT' OR (TG_OP = 'UPDATE' AND NEW.relationship_id <> OLD.relationship_id) THEN
        INSERT INTO caseload_caseloadchange (therapist_id, relationship, changed_from)
        VALUES (NEW.therapist_id, NEW.relationship_id, since);
    END IF;
    RETURN NULL;
END $$;

-- A session is counted where the stretch of work ends in which it was held: no ending earlier than
-- it changes, and none at all of work that goes on.
CREATE FUNCTION session_changes_caseload() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    held CONSTANT timestamptz := CASE TG_OP
        WHEN 'INSERT' THEN NEW.starts_at
        WHEN 'DELETE' THEN OLD.starts_at
        ELSE least(OLD.starts_at, NEW.starts_at) END;
BEGIN
    INSERT INTO caseload_caseloadchange (therapist_id, relationship, changed_from)
    SELECT therapist_id, id, least(ended_at, next_end)
    FROM relationships_relationship work, LATERAL (
        SELECT min(at) AS next_end FROM relationships_event event
        WHERE event.relationship_id = work.id AND kind IN ('ended', 'end_dated') AND at > held
    ) history
    WHERE id IN (
        CASE WHEN TG_OP = 'DELETE' THEN OLD.relationship_id ELSE NEW.relationship_id END,
        CASE WHEN TG_OP = 'INSERT' THEN NEW.relationship_id ELSE OLD.relationship_id END
    ) AND (ended_at IS NOT NULL OR next_end IS NOT NULL);
    RETURN NULL;
END $$;

CREATE FUNCTION record_changes_caseload() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO caseload_caseloadchange (therapist_id, relationship, changed_from)
    SELECT therapist_id, relationship_id, timestamptz '1900-01-01 00:00:00+00'
    FROM relationships_participation WHERE client_id = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER caseload_of_relationship AFTER INSERT OR DELETE ON relationships_relationship
FOR EACH ROW EXECUTE FUNCTION relationship_changes_caseload();
CREATE TRIGGER caseload_of_changed_relationship
AFTER UPDATE OF therapist_id, started_at, ended_at, end_reason ON relationships_relationship
FOR EACH ROW WHEN (
    (OLD.therapist_id, OLD.started_at, OLD.ended_at, OLD.end_reason)
    IS DISTINCT FROM (NEW.therapist_id, NEW.started_at, NEW.ended_at, NEW.end_reason)
) EXECUTE FUNCTION relationship_changes_caseload();
CREATE TRIGGER caseload_of_participation AFTER INSERT OR DELETE ON relationships_participation
FOR EACH ROW EXECUTE FUNCTION participation_changes_caseload();
CREATE TRIGGER caseload_of_changed_participation
AFTER UPDATE OF relationship_id, client_id, joined_at, left_at ON relationships_participation
FOR EACH ROW WHEN (
    (OLD.relationship_id, OLD.client_id, OLD.joined_at, OLD.left_at)
    IS DISTINCT FROM (NEW.relationship_id, NEW.client_id, NEW.joined_at, NEW.left_at)
) EXECUTE FUNCTION participation_changes_caseload();
CREATE TRIGGER caseload_of_session AFTER INSERT ON diary_session
FOR EACH ROW WHEN (NEW.state = 'attended') EXECUTE FUNCTION session_changes_caseload();
CREATE TRIGGER caseload_of_lost_session AFTER DELETE ON diary_session
FOR EACH ROW WHEN (OLD.state = 'attended') EXECUTE FUNCTION session_changes_caseload();
CREATE TRIGGER caseload_of_changed_session
AFTER UPDATE OF relationship_id, starts_at, state ON diary_session
FOR EACH ROW WHEN (
    'attended' IN (OLD.state, NEW.state)
    AND (OLD.relationship_id, OLD.starts_at, OLD.state)
        IS DISTINCT FROM (NEW.relationship_id, NEW.starts_at, NEW.state)
) EXECUTE FUNCTION session_changes_caseload();
CREATE TRIGGER caseload_of_record AFTER UPDATE OF merged_into_id ON clients_client
FOR EACH ROW WHEN (OLD.person_id <> NEW.person_id) EXECUTE FUNCTION record_changes_caseload();
