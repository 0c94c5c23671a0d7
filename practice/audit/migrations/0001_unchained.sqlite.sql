-- What chaining needs of everybody's entries: which there are, and to give them a place.

DROP VIEW IF EXISTS audit_unchained;

-- apply

CREATE VIEW audit_unchained AS
SELECT id, chain, seal, number, mac FROM audit_entry WHERE number IS NULL;

-- PostgreSQL updates a view as plain as this by itself.
CREATE TRIGGER unchained_gets_a_place INSTEAD OF UPDATE ON audit_unchained
BEGIN UPDATE audit_entry SET number = NEW.number, mac = NEW.mac WHERE id = OLD.id; END;
