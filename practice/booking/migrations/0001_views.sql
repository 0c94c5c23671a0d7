-- On which days a therapist is away, and which times of a date they have opened or blocked, for
-- whoever wants a free time: not why.

DROP VIEW IF EXISTS booking_daysoff;
DROP VIEW IF EXISTS booking_openorblocked;

-- apply

CREATE VIEW booking_daysoff AS
SELECT id, therapist_id, first_day, last_day FROM booking_timeoff;

CREATE VIEW booking_openorblocked AS
SELECT id, therapist_id, kind, day, starts, ends FROM booking_datedhours;
