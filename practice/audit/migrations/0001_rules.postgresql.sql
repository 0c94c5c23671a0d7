-- An entry changes once, when it is chained; heads only grow; only what a purge covers can go.
--
-- The one way to delete is behind a chained entry "purged" of the same chain that reaches so far.
-- Writing that entry by hand permits it, and breaks the chain: it needs a seal.

DROP TRIGGER IF EXISTS entry_begins_unchained ON audit_entry;
DROP TRIGGER IF EXISTS entry_changes_once ON audit_entry;
DROP TRIGGER IF EXISTS entry_not_deleted ON audit_entry;
DROP TRIGGER IF EXISTS entry_not_truncated ON audit_entry;
DROP TRIGGER IF EXISTS head_only_grows ON audit_chain;
DROP TRIGGER IF EXISTS head_not_deleted ON audit_chain;
DROP TRIGGER IF EXISTS head_not_truncated ON audit_chain;
DROP FUNCTION IF EXISTS audit_is_insert_only();
DROP FUNCTION IF EXISTS audit_begins_unchained();
DROP FUNCTION IF EXISTS audit_is_chained_once();
DROP FUNCTION IF EXISTS audit_goes_by_purge();
DROP FUNCTION IF EXISTS audit_head_grows();

-- apply

CREATE FUNCTION audit_is_insert_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is insert-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION audit_begins_unchained() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.number IS NULL THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit is insert-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION audit_is_chained_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.number IS NULL AND NEW.number IS NOT NULL
        AND to_jsonb(NEW) - '{number,mac}'::text[] = to_jsonb(OLD) - '{number,mac}'::text[]
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit is insert-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;

-- The table is named with its schema: a temporary table of the same name permits nothing.
CREATE FUNCTION audit_goes_by_purge() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may boolean;
BEGIN
    EXECUTE 'SELECT EXISTS (SELECT 1 FROM ' || quote_ident(TG_TABLE_SCHEMA)
        || '.audit_entry WHERE chain = $1 AND verb = ''purged'' AND through >= $2 '
        || 'AND number IS NOT NULL)'
    INTO may USING OLD.chain, OLD.number;
    IF may THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the audit is insert-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION audit_head_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.chain = OLD.chain AND NEW.length > OLD.length THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit is insert-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER entry_begins_unchained BEFORE INSERT ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_begins_unchained();
CREATE TRIGGER entry_changes_once BEFORE UPDATE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_is_chained_once();
CREATE TRIGGER entry_not_deleted BEFORE DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_goes_by_purge();
CREATE TRIGGER entry_not_truncated BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_insert_only();
CREATE TRIGGER head_only_grows BEFORE UPDATE ON audit_chain
    FOR EACH ROW EXECUTE FUNCTION audit_head_grows();
CREATE TRIGGER head_not_deleted BEFORE DELETE ON audit_chain
    FOR EACH ROW EXECUTE FUNCTION audit_is_insert_only();
CREATE TRIGGER head_not_truncated BEFORE TRUNCATE ON audit_chain
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_insert_only();

-- Also where session_replication_role says that triggers rest.
ALTER TABLE audit_entry
    ENABLE ALWAYS TRIGGER entry_begins_unchained,
    ENABLE ALWAYS TRIGGER entry_changes_once,
    ENABLE ALWAYS TRIGGER entry_not_deleted,
    ENABLE ALWAYS TRIGGER entry_not_truncated;
ALTER TABLE audit_chain
    ENABLE ALWAYS TRIGGER head_only_grows,
    ENABLE ALWAYS TRIGGER head_not_deleted,
    ENABLE ALWAYS TRIGGER head_not_truncated;
