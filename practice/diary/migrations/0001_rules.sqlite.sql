-- No two standing sessions of a therapist overlap; a session lasts a day at most, so that what
-- overlaps is looked for among few; what another therapist held before the caseload was passed on
-- takes nobody's time; it is its relationship's therapist's;
-- and who is said to have come, or not, takes part in it.
--
-- SQLite has one writer at a time: a trigger that looks is enough.

DROP TRIGGER IF EXISTS session_overlap_insert;
DROP TRIGGER IF EXISTS session_overlap_update;
DROP TRIGGER IF EXISTS session_length_insert;
DROP TRIGGER IF EXISTS session_length_update;
DROP TRIGGER IF EXISTS session_therapist_insert;
DROP TRIGGER IF EXISTS session_therapist_update;
DROP TRIGGER IF EXISTS attendance_of_own_session_insert;
DROP TRIGGER IF EXISTS attendance_of_own_session_update;

-- apply

CREATE TRIGGER session_length_insert AFTER INSERT ON diary_session
WHEN NEW.ends_at > datetime(substr(NEW.starts_at, 1, 19), '+24 hours') || substr(NEW.starts_at, 20)
BEGIN SELECT RAISE(ABORT, 'session_lasts_a_day_at_most'); END;

CREATE TRIGGER session_length_update AFTER UPDATE ON diary_session
WHEN NEW.ends_at > datetime(substr(NEW.starts_at, 1, 19), '+24 hours') || substr(NEW.starts_at, 20)
BEGIN SELECT RAISE(ABORT, 'session_lasts_a_day_at_most'); END;

CREATE TRIGGER session_overlap_insert AFTER INSERT ON diary_session
WHEN NEW.state NOT IN ('cancelled', 'not_held', 'mistaken') AND NOT NEW.passed_on AND EXISTS (
    SELECT 1 FROM diary_session
    WHERE therapist_id = NEW.therapist_id AND id <> NEW.id
    AND state NOT IN ('cancelled', 'not_held', 'mistaken') AND NOT passed_on
    AND starts_at > datetime(substr(NEW.starts_at, 1, 19), '-24 hours')
    AND starts_at < NEW.ends_at AND ends_at > NEW.starts_at
)
BEGIN SELECT RAISE(ABORT, 'sessions_do_not_overlap'); END;

CREATE TRIGGER session_overlap_update AFTER UPDATE ON diary_session
WHEN NEW.state NOT IN ('cancelled', 'not_held', 'mistaken') AND NOT NEW.passed_on AND EXISTS (
    SELECT 1 FROM diary_session
    WHERE therapist_id = NEW.therapist_id AND id <> NEW.id
    AND state NOT IN ('cancelled', 'not_held', 'mistaken') AND NOT passed_on
    AND starts_at > datetime(substr(NEW.starts_at, 1, 19), '-24 hours')
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

CREATE TRIGGER attendance_of_own_session_insert AFTER INSERT ON diary_attendance
WHEN NOT EXISTS (
    SELECT 1 FROM diary_session session
    JOIN relationships_participation part ON part.relationship_id = session.relationship_id
    WHERE session.id = NEW.session_id AND part.id = NEW.participation_id
    AND session.therapist_id = NEW.therapist_id
)
BEGIN SELECT RAISE(ABORT, 'attendance of another session'); END;

CREATE TRIGGER attendance_of_own_session_update AFTER UPDATE ON diary_attendance
WHEN NOT EXISTS (
    SELECT 1 FROM diary_session session
    JOIN relationships_participation part ON part.relationship_id = session.relationship_id
    WHERE session.id = NEW.session_id AND part.id = NEW.participation_id
    AND session.therapist_id = NEW.therapist_id
)
BEGIN SELECT RAISE(ABORT, 'attendance of another session'); END;
