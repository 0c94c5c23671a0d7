-- Which times of a therapist are taken, for whoever wants a free one: of a session no more than that.
-- And how much is new to a therapist, which their account is read with: nothing of what it is.

DROP VIEW IF EXISTS diary_unread;
DROP VIEW IF EXISTS diary_takentime;

-- apply

CREATE VIEW diary_takentime AS
SELECT id, therapist_id, starts_at, ends_at FROM diary_session
WHERE state NOT IN ('cancelled', 'not_held', 'mistaken') AND NOT passed_on;

CREATE VIEW diary_unread AS
SELECT id, therapist_id FROM diary_news;
