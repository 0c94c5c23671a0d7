-- No two standing sessions of a therapist overlap; a session lasts four hours at most, so that what
-- overlaps is looked for among few; and it is its relationship's therapist's.
--
-- SQLite has one writer at a time: a trigger that looks is enough.

DROP TRIGGER IF EXISTS session_overlap_insert;
DROP TRIGGER IF EXISTS session_overlap_update;
DROP TRIGGER IF EXISTS session_length_insert;
DROP TRIGGER IF EXISTS session_length_update;
DROP TRIGGER IF EXISTS session_therapist_insert;
DROP TRIGGER IF EXISTS session_therapist_update;

-- apply

CREATE TRIGGER session_length_insert AFTER INSERT ON diary_session
WHEN NEW.ends_at > datetime(substr(NEW.starts_at, 1, 19), '+4 hours') || substr(NEW.starts_at, 20)
BEGIN SELECT RAISE(ABORT, 'session_lasts_four_hours_at_most'); END;

CREATE TRIGGER session_length_update AFTER UPDATE ON diary_session
WHEN NEW.ends_at > datetime(substr(NEW.starts_at, 1, 19), '+4 hours') || substr(NEW.starts_at, 20)
BEGIN SELECT RAISE(ABORT, 'session_lasts_four_hours_at_most'); END;

CREATE TRIGGER session_overlap_insert AFTER INSERT ON diary_session
WHEN NEW.state NOT IN ('cancelled', 'not_held') AND EXISTS (
    SELECT 1 FROM diary_session
    WHERE therapist_id = NEW.therapist_id AND id <> NEW.id
    AND state NOT IN ('cancelled', 'not_held')
    AND starts_at > datetime(substr(NEW.starts_at, 1, 19), '-4 hours')
    AND starts_at < NEW.ends_at AND ends_at > NEW.starts_at
)
BEGIN SELECT RAISE(ABORT, 'sessions_do_not_overlap'); END;

CREATE TRIGGER session_overlap_update AFTER UPDATE ON diary_session
WHEN NEW.state NOT IN ('cancelled', 'not_held') AND EXISTS (
    SELECT 1 FROM diary_session
    WHERE therapist_id = NEW.therapist_id AND id <> NEW.id
    AND state NOT IN ('cancelled', 'not_held')
    AND starts_at > datetime(substr(NEW.starts_at, 1, 19), '-4 hours')
    AND starts_at < NEW.ends_at AND ends_at > NEW.starts_at
)
BEGIN SELECT RAISE(ABORT, 'sessions_do_not_overlap'); END;

CREATE TRIGGER session_therapist_insert AFTER INSERT ON diary_session
WHEN NEW.therapist_id IS NOT (
    SELECT therapist_id FROM relationships_relationship WHERE id = NEW.relationship_id
)
BEGIN SELECT RAISE(ABORT, 'therapists differ'); END;

CREATE TRIGGER session_therapist_update AFTER UPDATE ON diary_session
WHEN NEW.therapist_id IS NOT (
    SELECT therapist_id FROM relationships_relationship WHERE id = NEW.relationship_id
)
BEGIN SELECT RAISE(ABORT, 'therapists differ'); END;
