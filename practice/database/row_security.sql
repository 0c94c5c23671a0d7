-- Row-level security: PostgreSQL itself shows everybody only the rows that are theirs.
--
-- The owner of the tables runs this at the end of every `migrate` (row_security.py), as a whole.
-- The server connects as a member of stillwater_app, who neither owns the tables nor passes by.
--
-- Who asks is told by settings, for one transaction (practice/accounts/access.py):
--
--   stillwater.account     the account that is signed in
--   stillwater.therapist   the therapist that it is, while it acts as one; then it is nobody's client
--   stillwater.invitation  the fingerprint of the invitation whose link a visitor holds
--
-- Where nothing is told, nothing is seen. What belongs to nobody's caseload (accounts, therapists'
-- names, browser sessions, the shared cache) is not bound. What everybody may know of what is not
-- theirs, such as which times are taken, is in views with no more than that (0001_views.sql).

DO $$ BEGIN
    CREATE ROLE stillwater_app NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;  -- roles belong to the whole server: another of its databases may have made this one
END $$;


-- Rights.

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM stillwater_app;
GRANT USAGE ON SCHEMA public TO stillwater_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO stillwater_app;

DO $$
DECLARE
    here regclass;
    is_table boolean;
BEGIN
    FOR here, is_table IN
        SELECT oid, relkind = 'r' FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')
    LOOP
        -- Whoever could write to a view would write past the policies of its tables.
        EXECUTE format('GRANT SELECT ON %s TO stillwater_app', here);
        IF is_table THEN
            EXECUTE format('GRANT INSERT, UPDATE, DELETE ON %s TO stillwater_app', here);
        END IF;
    END LOOP;
END $$;

REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM stillwater_app;
-- Of a history a note can be blanked and all can go, where an erasure record says so (0001_rules).
REVOKE UPDATE ON relationships_event FROM stillwater_app;
GRANT UPDATE (note) ON relationships_event TO stillwater_app;
REVOKE UPDATE, DELETE ON relationships_erasure FROM stillwater_app;
REVOKE UPDATE, DELETE ON audit_entry FROM stillwater_app;
REVOKE DELETE ON audit_chain FROM stillwater_app;
-- All that chaining needs of everybody's entries: which there are, and to give them a place.
GRANT UPDATE (number, mac) ON audit_unchained TO stillwater_app;


-- Who asks.

CREATE OR REPLACE FUNCTION acting_therapist() RETURNS bigint LANGUAGE sql STABLE
RETURN nullif(current_setting('stillwater.therapist', true), '')::bigint;

-- The account, unless it acts as a therapist.
CREATE OR REPLACE FUNCTION acting_account() RETURNS bigint LANGUAGE sql STABLE
RETURN CASE WHEN acting_therapist() IS NULL
    THEN nullif(current_setting('stillwater.account', true), '')::bigint END;

CREATE OR REPLACE FUNCTION held_invitation() RETURNS text LANGUAGE sql STABLE
RETURN nullif(current_setting('stillwater.invitation', true), '');

-- Two records of one person are one to them while they are merged (clients_client.person_id).
-- These look at other tables than their policy's own, and policies that read each other's tables
-- would call each other for ever. So they run as the owner, with a search path that leads to no
-- table of anybody else's making.

CREATE OR REPLACE FUNCTION therapists_of_account() RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT therapist_id FROM clients_client WHERE account_id = acting_account();
END $$;

CREATE OR REPLACE FUNCTION relationships_of_account() RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT part.relationship_id
    FROM clients_client own
    JOIN clients_client client ON client.person_id = own.person_id
    JOIN relationships_participation part ON part.client_id = client.id
    WHERE own.account_id = acting_account();
END $$;

-- The account's own records, and everybody else in their relationships while they take part, of whom
-- pages say the first names; of each person all records that are merged.
CREATE OR REPLACE FUNCTION people_of_account() RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT record.id
    FROM clients_client own
    JOIN clients_client client ON client.person_id = own.person_id
    LEFT JOIN relationships_participation part ON part.client_id = client.id
    LEFT JOIN relationships_participation beside ON beside.relationship_id = part.relationship_id
        AND (beside.left_at IS NULL OR part.joined_at IS NULL OR beside.left_at > part.joined_at)
        AND (part.left_at IS NULL OR beside.joined_at IS NULL OR beside.joined_at < part.left_at)
    LEFT JOIN clients_client other ON other.id = beside.client_id
    JOIN clients_client record ON record.person_id = coalesce(other.person_id, own.person_id)
    WHERE own.account_id = acting_account();
END $$;

-- The account's own parts in their relationships, and nobody else's.
CREATE OR REPLACE FUNCTION participations_of_account() RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT part.id
    FROM clients_client own
    JOIN clients_client client ON client.person_id = own.person_id
    JOIN relationships_participation part ON part.client_id = client.id
    WHERE own.account_id = acting_account();
END $$;

-- Whether the account takes part in a relationship at a moment; at infinity it still does.
CREATE OR REPLACE FUNCTION account_takes_part(work bigint, moment timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM relationships_participation part
        JOIN clients_client client ON client.id = part.client_id
        JOIN clients_client own ON own.person_id = client.person_id
        WHERE part.relationship_id = work AND own.account_id = acting_account()
        AND (part.joined_at IS NULL OR part.joined_at <= moment)
        AND (part.left_at IS NULL OR part.left_at > moment)
    );
END $$;

CREATE OR REPLACE FUNCTION invited_client() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (SELECT client_id FROM clients_invitation WHERE fingerprint = held_invitation());
END $$;

CREATE OR REPLACE FUNCTION inviting_therapist() RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN (SELECT therapist_id FROM clients_invitation WHERE fingerprint = held_invitation());
END $$;

-- Whether what an entry of the audit is about, e.g. "client:bcdfghjkmn", is the therapist's.
CREATE OR REPLACE FUNCTION is_of_therapist(about text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    named text := split_part(about, ':', 2);
BEGIN
    RETURN CASE split_part(about, ':', 1)
        WHEN 'client' THEN EXISTS (SELECT FROM clients_client
            WHERE public_id = named AND therapist_id = acting_therapist())
        WHEN 'relationship' THEN EXISTS (SELECT FROM relationships_relationship
            WHERE public_id = named AND therapist_id = acting_therapist())
        WHEN 'session' THEN EXISTS (SELECT FROM diary_session
            WHERE public_id = named AND therapist_id = acting_therapist())
        WHEN 'datedhours' THEN EXISTS (SELECT FROM booking_datedhours
            WHERE public_id = named AND therapist_id = acting_therapist())
        WHEN 'import' THEN EXISTS (SELECT FROM imports_import
            WHERE public_id = named AND therapist_id = acting_therapist())
        ELSE false
    END;
END $$;

REVOKE EXECUTE ON FUNCTION
    therapists_of_account, relationships_of_account, people_of_account,
    participations_of_account, account_takes_part, invited_client, inviting_therapist, is_of_therapist
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    therapists_of_account, relationships_of_account, people_of_account,
    participations_of_account, account_takes_part, invited_client, inviting_therapist, is_of_therapist
TO stillwater_app;


-- Every table with a therapist: the therapist's rows are the therapist's.
--
-- In a SELECT of its own, here and below, a function is called once a query and not once a row. As
-- a CASE the condition is none for an index: which index is used is left to what the query itself
-- asks for, and the planner does not count the same condition twice.

DO $$
DECLARE
    here text;
    policy text;
BEGIN
    FOR here, policy IN SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public'
    LOOP
        EXECUTE format('DROP POLICY %I ON %I', policy, here);
    END LOOP;
    FOR here IN
        SELECT relname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE attname = 'therapist_id' AND relkind = 'r' AND relnamespace = 'public'::regnamespace
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', here);
        EXECUTE format('CREATE POLICY a_therapist ON %I '
            || 'USING (CASE WHEN therapist_id = (SELECT acting_therapist()) THEN true '
            || 'ELSE false END)', here);
    END LOOP;
END $$;


-- What clients see and do of what is theirs, beyond that.

CREATE POLICY client_sees ON clients_client FOR SELECT
USING (id = ANY (ARRAY(SELECT people_of_account())));
-- An account can be taken from a record, but not put on one, nor the record moved elsewhere.
CREATE POLICY client_changes ON clients_client FOR UPDATE
USING (account_id = (SELECT acting_account()))
WITH CHECK (
    (account_id = (SELECT acting_account()) OR account_id IS NULL)
    AND therapist_id = ANY (ARRAY(SELECT therapists_of_account()))
);

CREATE POLICY client_sees ON accounts_contact FOR SELECT
USING (therapist_id = ANY (ARRAY(SELECT therapists_of_account())));

CREATE POLICY client_sees ON relationships_relationship FOR SELECT
USING (id = ANY (ARRAY(SELECT relationships_of_account())));

CREATE POLICY client_sees ON relationships_participation FOR SELECT
USING (relationship_id = ANY (ARRAY(SELECT relationships_of_account())));

-- Whether somebody came is known to nobody but them and their therapist.
CREATE POLICY client_sees ON diary_attendance FOR SELECT
USING (participation_id = ANY (ARRAY(SELECT participations_of_account())));

-- The sessions at which they take part: not those after they have left, nor before they joined.
CREATE POLICY client_sees ON diary_session FOR SELECT
USING (
    relationship_id = ANY (ARRAY(SELECT relationships_of_account()))
    AND account_takes_part(relationship_id, starts_at)
);
CREATE POLICY client_books ON diary_session FOR INSERT
WITH CHECK (
    relationship_id = ANY (ARRAY(SELECT relationships_of_account()))
    AND account_takes_part(relationship_id, 'infinity')
);
CREATE POLICY client_changes ON diary_session FOR UPDATE
USING (
    relationship_id = ANY (ARRAY(SELECT relationships_of_account()))
    AND account_takes_part(relationship_id, starts_at)
)
WITH CHECK (
    relationship_id = ANY (ARRAY(SELECT relationships_of_account()))
    AND account_takes_part(relationship_id, 'infinity')
    AND therapist_id = ANY (ARRAY(SELECT therapists_of_account()))
);

-- A client tells their therapist what they have done, and reads nothing of it.
CREATE POLICY client_tells ON diary_news FOR INSERT
WITH CHECK (
    therapist_id = ANY (ARRAY(SELECT therapists_of_account()))
    AND EXISTS (
        SELECT FROM diary_session told
        WHERE told.id = session_id AND told.therapist_id = diary_news.therapist_id
    )
);

-- What a client was sent, and nobody else; with whichever record of theirs.
CREATE POLICY client_sees ON notifications_message FOR SELECT USING (
    client_id IN (
        SELECT record.id FROM clients_client own
        JOIN clients_client record ON record.person_id = own.person_id
        WHERE own.account_id = (SELECT acting_account())
    )
);
-- Whether their therapist is told by mail of what they do: their pages say so beforehand.
CREATE POLICY client_sees ON notifications_messagesettings FOR SELECT
USING (therapist_id = ANY (ARRAY(SELECT therapists_of_account())));
CREATE POLICY client_sees ON notifications_told FOR SELECT USING (
    message_id IN (SELECT id FROM notifications_message WHERE client_id IS NOT NULL)
);


-- Whoever holds the link of an invitation: it, and the client that it is for.

CREATE POLICY invited_sees ON clients_invitation FOR SELECT
USING (fingerprint = (SELECT held_invitation()));
CREATE POLICY invited_accepts ON clients_invitation FOR UPDATE
USING (fingerprint = (SELECT held_invitation()))
WITH CHECK (
    fingerprint = (SELECT held_invitation())
    AND therapist_id = (SELECT inviting_therapist())
    AND client_id = (SELECT invited_client())
);

CREATE POLICY invited_sees ON clients_client FOR SELECT
USING (id = (SELECT invited_client()));
CREATE POLICY invited_accepts ON clients_client FOR UPDATE
USING (id = (SELECT invited_client()))
WITH CHECK (id = (SELECT invited_client()) AND therapist_id = (SELECT inviting_therapist()));

CREATE POLICY invited_tells ON diary_news FOR INSERT
WITH CHECK (
    client_id = (SELECT invited_client()) AND therapist_id = (SELECT inviting_therapist())
);


-- Everybody.

CREATE POLICY public ON booking_bookingrules FOR SELECT USING (true);
CREATE POLICY public ON booking_weeklyhours FOR SELECT USING (true);
-- Numbers without a name, of which profiles are made; what they are made of is in a view, as well.
CREATE POLICY public ON profiles_clientnumbers FOR SELECT USING (true);
CREATE POLICY public ON profiles_therapistnumbers FOR SELECT USING (true);
CREATE POLICY public ON profiles_profile FOR SELECT USING (
    is_published OR therapist_id = ANY (ARRAY(SELECT therapists_of_account()))
);
-- How a therapist is reached, where their public page says so.
CREATE POLICY public ON accounts_contact FOR SELECT USING (
    EXISTS (
        SELECT FROM profiles_profile shown
        WHERE shown.therapist_id = accounts_contact.therapist_id
            AND shown.is_published AND shown.shows_contact
    )
);


-- The audit: whoever does something writes it down, in their own practice, in that of their
-- therapist, or as an entry of the installation, which is nobody's.

CREATE POLICY everybody_writes ON audit_entry FOR INSERT WITH CHECK (
    therapist_id IS NULL
    OR therapist_id = ANY (ARRAY(SELECT therapists_of_account()))
    OR therapist_id = (SELECT inviting_therapist())
);

-- Everybody sees when their own account signed in.
CREATE POLICY owner_sees ON audit_entry FOR SELECT USING (
    verb IN ('signed_in', 'signed_out', 'sign_in_failed')
    AND about = (SELECT 'account:' || nullif(current_setting('stillwater.account', true), ''))
);

-- Whoever was refused belongs to no practice: a therapist sees who tried to open what is theirs.
CREATE POLICY refused_at_own ON audit_entry FOR SELECT USING (
    verb = 'refused' AND therapist_id IS NULL AND is_of_therapist(about)
);
