-- What chaining needs of everybody's entries: which there are, and to give them a place. The view
-- belongs to the owner of the tables; the server's role may read it and update two of its columns.

DROP VIEW IF EXISTS audit_unchained;

-- apply

CREATE VIEW audit_unchained AS
SELECT id, chain, seal, number, mac FROM audit_entry WHERE number IS NULL;
