-- Two records of one person can be merged: one stays, the other is merged into it.
--
-- 1. Both belong to one therapist.
-- 2. The one that stays is itself merged into no other: there are no chains. Of two merges at once
--    that would make one, the second waits for the first, and sees it.

DROP TRIGGER IF EXISTS merged_into_a_person ON clients_client;
DROP FUNCTION IF EXISTS merged_into_a_person();
ALTER TABLE clients_client DROP CONSTRAINT IF EXISTS merged_records_one_therapist;

-- apply

CREATE FUNCTION merged_into_a_person() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    person bigint;
    is_chain boolean;
BEGIN
    EXECUTE 'SELECT merged_into_id FROM ' || quote_ident(TG_TABLE_SCHEMA)
        || '.clients_client WHERE id = $1 FOR NO KEY UPDATE'
    INTO person USING NEW.merged_into_id;
    EXECUTE 'SELECT EXISTS (SELECT 1 FROM ' || quote_ident(TG_TABLE_SCHEMA)
        || '.clients_client WHERE merged_into_id = $1)'
    INTO is_chain USING NEW.id;
    IF is_chain OR person IS NOT NULL THEN
        RAISE EXCEPTION 'merged records make no chains'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER merged_into_a_person BEFORE INSERT OR UPDATE OF merged_into_id ON clients_client
    FOR EACH ROW WHEN (NEW.merged_into_id IS NOT NULL)
    EXECUTE FUNCTION merged_into_a_person();

ALTER TABLE clients_client
    ADD CONSTRAINT merged_records_one_therapist
        FOREIGN KEY (merged_into_id, therapist_id) REFERENCES clients_client (id, therapist_id);
