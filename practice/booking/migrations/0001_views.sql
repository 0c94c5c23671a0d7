-- On which days a therapist is away, for whoever wants a free time: not why.

DROP VIEW IF EXISTS booking_daysoff;

-- apply

CREATE VIEW booking_daysoff AS
SELECT id, therapist_id, first_day, last_day FROM booking_timeoff;
