-- The same rules as in 0001_rules.postgresql.sql, by triggers alone.

DROP TRIGGER IF EXISTS merged_record_insert;
DROP TRIGGER IF EXISTS merged_record_update;

-- apply

CREATE TRIGGER merged_record_insert AFTER INSERT ON clients_client
WHEN NEW.merged_into_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM clients_client
    WHERE id = NEW.merged_into_id AND therapist_id = NEW.therapist_id AND merged_into_id IS NULL
)
BEGIN SELECT RAISE(ABORT, 'merged into no person of this therapist'); END;

CREATE TRIGGER merged_record_update AFTER UPDATE ON clients_client
WHEN NEW.merged_into_id IS NOT NULL AND (
    EXISTS (SELECT 1 FROM clients_client WHERE merged_into_id = NEW.id)
    OR NOT EXISTS (
        SELECT 1 FROM clients_client
        WHERE id = NEW.merged_into_id AND therapist_id = NEW.therapist_id
        AND merged_into_id IS NULL
    )
)
BEGIN SELECT RAISE(ABORT, 'merged into no person of this therapist'); END;
