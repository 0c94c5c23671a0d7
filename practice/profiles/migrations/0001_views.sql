-- Who came when, for the figures of public profiles. Nothing of a relationship is in it: no figure
-- can know how one stands. Sessions brought in from elsewhere are in it if their therapist said so. Two records of one person are one client in it while they are merged.

DROP VIEW IF EXISTS profiles_clientvisit;

-- apply

CREATE VIEW profiles_clientvisit AS
SELECT
    session.id AS session,
    part.id AS part,
    session.therapist_id,
    client.person_id AS client,
    session.starts_at,
    session.state,
    session.complimentary,
    session.booked_at,
    session.last_own_move AS moved_by_therapist_at,
    CASE WHEN NOT session.cancelled_for_client THEN session.cancelled_at END
        AS cancelled_by_therapist_at
FROM diary_session session
JOIN relationships_participation part ON part.relationship_id = session.relationship_id
JOIN clients_client client ON client.id = part.client_id
WHERE session.in_figures;
