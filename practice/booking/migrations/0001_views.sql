-- On which days a therapist is away, and which hours of a date they have opened or blocked, for
-- whoever wants a free time: not why.

DROP VIEW IF EXISTS booking_openorblocked;

-- apply

CREATE VIEW booking_openorblocked AS
SELECT id, therapist_id, 'blocked' AS kind, first_day, last_day, NULL AS starts, NULL AS ends
FROM booking_timeoff
UNION ALL
SELECT id, therapist_id, kind, day, day, starts, ends FROM booking_datedhours;
