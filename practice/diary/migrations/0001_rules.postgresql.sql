-- No two standing sessions of a therapist overlap; a session lasts four hours at most, so that what
-- overlaps is looked for among few; and it is its relationship's therapist's.

ALTER TABLE diary_session
    DROP CONSTRAINT IF EXISTS sessions_do_not_overlap,
    DROP CONSTRAINT IF EXISTS session_lasts_four_hours_at_most,
    DROP CONSTRAINT IF EXISTS session_one_therapist;

-- apply

-- This needs no extension when the therapist's id is a range of one.
ALTER TABLE diary_session
    ADD CONSTRAINT sessions_do_not_overlap EXCLUDE USING gist (
        int8range(therapist_id, therapist_id, '[]') WITH &&,
        tstzrange(starts_at, ends_at) WITH &&
    ) WHERE (state <> 'cancelled' AND state <> 'not_held'),
    ADD CONSTRAINT session_lasts_four_hours_at_most
        CHECK (ends_at <= starts_at + interval '4 hours'),
    ADD CONSTRAINT session_one_therapist
        FOREIGN KEY (relationship_id, therapist_id)
        REFERENCES relationships_relationship (id, therapist_id);
