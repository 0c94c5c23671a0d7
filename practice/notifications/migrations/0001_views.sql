-- That something of a therapist waits to be told or sent, and since when: nothing of what it is.

DROP VIEW IF EXISTS notifications_waiting;

-- apply

CREATE VIEW notifications_waiting AS
SELECT id, therapist_id, tell_at AS at FROM diary_session WHERE tell_at IS NOT NULL
UNION ALL
SELECT -id, therapist_id, next_attempt_at FROM notifications_message WHERE state = 'waiting';
