-- Which sessions a therapist has had, for the figures: what they are made of as it is in the
-- table, so that its indexes are used; no client, and nothing of a relationship. What was recorded
-- by mistake is in no figure.

DROP VIEW IF EXISTS profiles_booking;

-- apply

CREATE VIEW profiles_booking AS
SELECT
    id,
    therapist_id,
    starts_at,
    state,
    booked_at,
    last_own_move AS moved_by_therapist_at,
    cancelled_at,
    cancelled_for_client
FROM diary_session
WHERE in_figures AND state <> 'mistaken';
