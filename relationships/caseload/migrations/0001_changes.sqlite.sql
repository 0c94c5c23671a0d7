-- From when on a caseload has to be counted anew: what begins or ends, from then; what is said anew
-- of when or why something began or ended, from the earlier of both; and who takes part. Sessions
-- count where work has ended. What a record is merged with changes all that it takes part in.
--
-- min() of two moments is null if one of them is: so each is given the other for none.

DROP TRIGGER IF EXISTS caseload_of_relationship;
DROP TRIGGER IF EXISTS caseload_of_lost_relationship;
DROP TRIGGER IF EXISTS caseload_of_changed_relationship;
DROP TRIGGER IF EXISTS caseload_of_participation;
DROP TRIGGER IF EXISTS caseload_of_lost_participation;
DROP TRIGGER IF EXISTS caseload_of_changed_participation;
DROP TRIGGER IF EXISTS caseload_of_session;
DROP TRIGGER IF EXISTS caseload_of_lost_session;
DROP TRIGGER IF EXISTS caseload_of_changed_session;
DROP TRIGGER IF EXISTS caseload_of_record;

-- apply

CREATE TRIGGER caseload_of_relationship AFTER INSERT ON relationships_relationship
BEGIN
    INSERT INTO caseload_caseloadchange (therapist_id, relationship, changed_from)
    VALUES (NEW.therapist_id, NEW.id, NEW.started_at);
END;

CREATE TRIGGER caseload_of_lost_relationship AFTER DELETE ON relationships_relationship
BEGIN
    INSERT INTO caseload_caseloadchange (therapist_id, relationship, changed_from)
    VALUES (OLD.therapist_id, OLD.id, '1900-01-01 00:00:00');
END;

CREATE TRIGGER caseload_of_changed_relationship
AFTER UPDATE OF therapist_id, started_at, ended_at, end_reason ON relationships_relationship
WHEN (OLD.therapist_id, OLD.started_at, OLD.end_reason)
    <> (NEW.therapist_id, NEW.started_at, NEW.end_reason)
    OR OLD.ended_at IS NOT NEW.ended_at
BEGIN
    INSERT INTO caseload_caseloadchange (therapist_id, relationship, changed_from)
    SELECT therapist, NEW.id, CASE
        WHEN OLD.therapist_id <> NEW.therapist_id THEN '1900-01-01 00:00:00'
        -- Work begins before it ends, so this is the least there is.
        WHEN OLD.started_at <> NEW.started_at THEN min(OLD.started_at, NEW.started_at)
        ELSE min(coalesce(OLD.ended_at, NEW.ended_at), coalesce(NEW.ended_at, OLD.ended_at)) END
    FROM (SELECT OLD.therapist_id AS therapist UNION SELECT NEW.therapist_id);
END;

CREATE TRIGGER caseload_of_participation AFTER INSERT ON relationships_participation
BEGIN
    INSERT INTO caseload_caseloadchange (therapist_id, relationship, changed_from)
    SELECT NEW.therapist_id, NEW.relationship_id, coalesce(NEW.joined_at, started_at)
    FROM relationships_relationship WHERE id = NEW.relationship_id;
END;

CREATE TRIGGER caseload_of_lost_participation AFTER DELETE ON relationships_participation
BEGIN
    INSERT INTO caseload_caseloadchange (therapist_id, relationship, changed_from)
    VALUES (OLD.therapist_id, OLD.relationship_id, '1900-01-01 00:00:00');
END;

CREATE TRIGGER caseload_of_changed_participation
AFTER UPDATE OF relationship_id, client_id, joined_at, left_at ON relationships_participation
WHEN (OLD.relationship_id, OLD.client_id) <> (NEW.relationship_id, NEW.client_id)
    OR OLD.joined_at IS NOT NEW.joined_at OR OLD.left_at IS NOT NEW.left_at
BEGIN
    INSERT INTO caseload_caseloadchange (therapist_id, relationship, changed_from)
    SELECT NEW.therapist_id, work, CASE
        WHEN (OLD.relationship_id, OLD.client_id) = (NEW.relationship_id, NEW.client_id)
            AND OLD.joined_at IS NEW.joined_at
        THEN min(coalesce(OLD.left_at, NEW.left_at), coalesce(NEW.left_at, OLD.left_at))
        ELSE '1900-01-01 00:00:00' END
    FROM (SELECT OLD.relationship_id AS work UNION SELECT NEW.relationship_id);
END;

-- A session is counted where the stretch of work ends in which it was held: no ending earlier than
-- it changes, and none at all of work that goes on.

CREATE TRIGGER caseload_of_session AFTER INSERT ON diary_session WHEN NEW.state = 'attended'
BEGIN
    INSERT INTO caseload_caseloadchange (therapist_id, relationship, changed_from)
    SELECT therapist_id, work, min(at) FROM (
        SELECT therapist_id, relationship_id AS work, at FROM relationships_event
        WHERE relationship_id = NEW.relationship_id AND kind IN ('ended', 'end_dated') AND at > NEW.starts_at
        UNION SELECT therapist_id, id, ended_at FROM relationships_relationship
        WHERE id = NEW.relationship_id AND ended_at IS NOT NULL
    ) GROUP BY therapist_id, work;
END;

CREATE TRIGGER caseload_of_lost_session AFTER DELETE ON diary_session WHEN OLD.state = 'attended'
BEGIN
    INSERT INTO caseload_caseloadchange (therapist_id, relationship, changed_from)
    SELECT therapist_id, work, min(at) FROM (
        SELECT therapist_id, relationship_id AS work, at FROM relationships_event
        WHERE relationship_id = OLD.relationship_id AND kind IN ('ended', 'end_dated') AND at > OLD.starts_at
        UNION SELECT therapist_id, id, ended_at FROM relationships_relationship
        WHERE id = OLD.relationship_id AND ended_at IS NOT NULL
    ) GROUP BY therapist_id, work;
END;

CREATE TRIGGER caseload_of_changed_session
AFTER UPDATE OF relationship_id, starts_at, state ON diary_session
WHEN 'attended' IN (OLD.state, NEW.state)
    AND (OLD.relationship_id, OLD.starts_at, OLD.state)
        <> (NEW.relationship_id, NEW.starts_at, NEW.state)
BEGIN
    INSERT INTO caseload_caseloadchange (therapist_id, relationship, changed_from)
    SELECT therapist_id, work, min(at) FROM (
        SELECT therapist_id, relationship_id AS work, at FROM relationships_event
        WHERE relationship_id IN (OLD.relationship_id, NEW.relationship_id) AND kind IN ('ended', 'end_dated') AND at > min(OLD.starts_at, NEW.starts_at)
        UNION SELECT therapist_id, id, ended_at FROM relationships_relationship
        WHERE id IN (OLD.relationship_id, NEW.relationship_id) AND ended_at IS NOT NULL
    ) GROUP BY therapist_id, work;
END;

CREATE TRIGGER caseload_of_record AFTER UPDATE OF merged_into_id ON clients_client
WHEN OLD.person_id <> NEW.person_id
BEGIN
    INSERT INTO caseload_caseloadchange (therapist_id, relationship, changed_from)
    SELECT therapist_id, relationship_id, '1900-01-01 00:00:00'
    FROM relationships_participation WHERE client_id = NEW.id;
END;
