-- Which accounts are the client of anybody: not of whom, and not by what name.

DROP VIEW IF EXISTS clients_accountinuse;

-- apply

CREATE VIEW clients_accountinuse AS
SELECT DISTINCT account_id FROM clients_client WHERE account_id IS NOT NULL;
