-- Whose numbers have to be worked out anew: everybody's who takes part in a session that is booked
-- or changed, or of which is said anew who came, whoever joins or leaves its work, and whose records are merged or separated. How a
-- relationship stands is none of it.

DROP TRIGGER IF EXISTS numbers_of_session;
DROP TRIGGER IF EXISTS numbers_of_moved_session;
DROP TRIGGER IF EXISTS numbers_of_lost_session;
DROP TRIGGER IF EXISTS numbers_of_attendance;
DROP TRIGGER IF EXISTS numbers_of_changed_attendance;
DROP TRIGGER IF EXISTS numbers_of_lost_attendance;
DROP TRIGGER IF EXISTS numbers_of_participation;
DROP TRIGGER IF EXISTS numbers_of_changed_participation;
DROP TRIGGER IF EXISTS numbers_of_leaving;
DROP TRIGGER IF EXISTS numbers_of_record;

-- apply

CREATE TRIGGER numbers_of_session AFTER INSERT ON diary_session
BEGIN
    INSERT INTO profiles_clientnumbers (therapist_id, client, settled_at,
        booked, clients, counted, returned, visits_of_returned, sessions_held)
    SELECT DISTINCT client.therapist_id, client.person_id, '9999-12-31 00:00:00', 0, 0, 0, 0, 0, 0
    FROM relationships_participation part
    JOIN clients_client client ON client.id = part.client_id
    WHERE part.relationship_id = NEW.relationship_id
    ON CONFLICT (client) DO UPDATE SET settled_at = excluded.settled_at;
END;

CREATE TRIGGER numbers_of_moved_session AFTER UPDATE OF relationship_id, starts_at, state, complimentary, booked_at, in_figures
ON diary_session
BEGIN
    INSERT INTO profiles_clientnumbers (therapist_id, client, settled_at,
        booked, clients, counted, returned, visits_of_returned, sessions_held)
    SELECT DISTINCT client.therapist_id, client.person_id, '9999-12-31 00:00:00', 0, 0, 0, 0, 0, 0
    FROM relationships_participation part
    JOIN clients_client client ON client.id = part.client_id
    WHERE part.relationship_id IN (OLD.relationship_id, NEW.relationship_id)
    ON CONFLICT (client) DO UPDATE SET settled_at = excluded.settled_at;
END;

CREATE TRIGGER numbers_of_lost_session AFTER DELETE ON diary_session
BEGIN
    INSERT INTO profiles_clientnumbers (therapist_id, client, settled_at,
        booked, clients, counted, returned, visits_of_returned, sessions_held)
    SELECT DISTINCT client.therapist_id, client.person_id, '9999-12-31 00:00:00', 0, 0, 0, 0, 0, 0
    FROM relationships_participation part
    JOIN clients_client client ON client.id = part.client_id
    WHERE part.relationship_id = OLD.relationship_id
    ON CONFLICT (client) DO UPDATE SET settled_at = excluded.settled_at;
END;

CREATE TRIGGER numbers_of_attendance AFTER INSERT ON diary_attendance
BEGIN
    INSERT INTO profiles_clientnumbers (therapist_id, client, settled_at,
        booked, clients, counted, returned, visits_of_returned, sessions_held)
    SELECT DISTINCT client.therapist_id, client.person_id, '9999-12-31 00:00:00', 0, 0, 0, 0, 0, 0
    FROM relationships_participation part
    JOIN clients_client client ON client.id = part.client_id
    WHERE part.relationship_id = (
        SELECT relationship_id FROM relationships_participation WHERE id = NEW.participation_id
    )
    ON CONFLICT (client) DO UPDATE SET settled_at = excluded.settled_at;
END;

CREATE TRIGGER numbers_of_changed_attendance AFTER UPDATE ON diary_attendance
BEGIN
    INSERT INTO profiles_clientnumbers (therapist_id, client, settled_at,
        booked, clients, counted, returned, visits_of_returned, sessions_held)
    SELECT DISTINCT client.therapist_id, client.person_id, '9999-12-31 00:00:00', 0, 0, 0, 0, 0, 0
    FROM relationships_participation part
    JOIN clients_client client ON client.id = part.client_id
    WHERE part.relationship_id = (
        SELECT relationship_id FROM relationships_participation WHERE id = OLD.participation_id
    )
    ON CONFLICT (client) DO UPDATE SET settled_at = excluded.settled_at;
END;

CREATE TRIGGER numbers_of_lost_attendance AFTER DELETE ON diary_attendance
BEGIN
    INSERT INTO profiles_clientnumbers (therapist_id, client, settled_at,
        booked, clients, counted, returned, visits_of_returned, sessions_held)
    SELECT DISTINCT client.therapist_id, client.person_id, '9999-12-31 00:00:00', 0, 0, 0, 0, 0, 0
    FROM relationships_participation part
    JOIN clients_client client ON client.id = part.client_id
    WHERE part.relationship_id = (
        SELECT relationship_id FROM relationships_participation WHERE id = OLD.participation_id
    )
    ON CONFLICT (client) DO UPDATE SET settled_at = excluded.settled_at;
END;

CREATE TRIGGER numbers_of_participation AFTER INSERT ON relationships_participation
WHEN EXISTS (SELECT 1 FROM diary_session WHERE relationship_id = NEW.relationship_id)
BEGIN
    INSERT INTO profiles_clientnumbers (therapist_id, client, settled_at,
        booked, clients, counted, returned, visits_of_returned, sessions_held)
    SELECT DISTINCT client.therapist_id, client.person_id, '9999-12-31 00:00:00', 0, 0, 0, 0, 0, 0
    FROM relationships_participation part
    JOIN clients_client client ON client.id = part.client_id
    WHERE part.relationship_id = NEW.relationship_id
    ON CONFLICT (client) DO UPDATE SET settled_at = excluded.settled_at;
END;

CREATE TRIGGER numbers_of_changed_participation
AFTER UPDATE OF joined_at, left_at ON relationships_participation
WHEN EXISTS (SELECT 1 FROM diary_session WHERE relationship_id = NEW.relationship_id)
BEGIN
    INSERT INTO profiles_clientnumbers (therapist_id, client, settled_at,
        booked, clients, counted, returned, visits_of_returned, sessions_held)
    SELECT DISTINCT client.therapist_id, client.person_id, '9999-12-31 00:00:00', 0, 0, 0, 0, 0, 0
    FROM relationships_participation part
    JOIN clients_client client ON client.id = part.client_id
    WHERE part.relationship_id = NEW.relationship_id
    ON CONFLICT (client) DO UPDATE SET settled_at = excluded.settled_at;
END;

CREATE TRIGGER numbers_of_leaving BEFORE DELETE ON relationships_participation
BEGIN
    INSERT INTO profiles_clientnumbers (therapist_id, client, settled_at,
        booked, clients, counted, returned, visits_of_returned, sessions_held)
    SELECT DISTINCT client.therapist_id, client.person_id, '9999-12-31 00:00:00', 0, 0, 0, 0, 0, 0
    FROM relationships_participation part
    JOIN clients_client client ON client.id = part.client_id
    WHERE part.relationship_id = OLD.relationship_id
    ON CONFLICT (client) DO UPDATE SET settled_at = excluded.settled_at;
END;

CREATE TRIGGER numbers_of_record AFTER UPDATE OF merged_into_id ON clients_client
WHEN OLD.person_id <> NEW.person_id
BEGIN
    INSERT INTO profiles_clientnumbers (therapist_id, client, settled_at,
        booked, clients, counted, returned, visits_of_returned, sessions_held)
    VALUES (NEW.therapist_id, OLD.person_id, '9999-12-31 00:00:00', 0, 0, 0, 0, 0, 0),
        (NEW.therapist_id, NEW.person_id, '9999-12-31 00:00:00', 0, 0, 0, 0, 0, 0)
    ON CONFLICT (client) DO UPDATE SET settled_at = excluded.settled_at;
END;
