-- Who came when, for the figures of public profiles. Nothing of a relationship is in it: no figure
-- can know how one stands. Sessions brought in from elsewhere are in it if their therapist said so,
-- and what was recorded by mistake is not. Two records of one person are one client in it while they
-- are merged. Of a session of several people each has what became of it for them: one may have missed
-- what others attended. Whoever joined has no session of before; whoever left has those that were
-- booked by then, as sessions that did not take place for them, so that leaving moves nothing.

DROP VIEW IF EXISTS profiles_clientvisit;

-- apply

CREATE VIEW profiles_clientvisit AS
SELECT
    session.id AS session,
    part.id AS part,
    session.therapist_id,
    client.person_id AS client,
    session.starts_at,
    CASE
        WHEN part.left_at <= session.starts_at THEN 'not_held'
        WHEN session.number_missed > 0 AND session.state = 'attended' AND EXISTS (
            SELECT 1 FROM diary_attendance attendance
            WHERE attendance.session_id = session.id
            AND attendance.participation_id = part.id AND NOT attendance.came
        ) THEN 'missed'
        ELSE session.state
    END AS state,
    session.complimentary,
    session.booked_at,
    session.last_own_move AS moved_by_therapist_at,
    CASE WHEN NOT session.cancelled_for_client THEN session.cancelled_at END
        AS cancelled_by_therapist_at
FROM diary_session session
JOIN relationships_participation part ON part.relationship_id = session.relationship_id
    AND (part.joined_at IS NULL OR part.joined_at <= session.starts_at)
    AND (part.left_at IS NULL OR part.left_at > session.starts_at OR part.left_at > session.booked_at)
JOIN clients_client client ON client.id = part.client_id
WHERE session.in_figures AND session.state <> 'mistaken';
