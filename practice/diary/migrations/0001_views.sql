-- Which times of a therapist are taken, for whoever wants a free one: of a session no more than that.

DROP VIEW IF EXISTS diary_takentime;

-- apply

CREATE VIEW diary_takentime AS
SELECT id, therapist_id, starts_at, ends_at FROM diary_session WHERE state NOT IN ('cancelled', 'not_held');
