-- The read model: everything here can be thrown away and folded again from the event log.
--
-- Instants are milliseconds since the Unix epoch. Columns of type BYTEA are ciphertexts under keys kept elsewhere.
--
-- Texts are ordered byte by byte (COLLATE "C"), numbers and flags are BIGINT: what SQLite does by itself, so that one set
-- of statements and one set of decoders serve both.
--
-- Nothing here names the schema: a rebuild makes the same tables in another one and then exchanges the two.

-- How far the log has been folded; written in the transaction that writes the rows.
CREATE TABLE checkpoint (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    seq  BIGINT           NOT NULL CHECK (seq >= 0)
) WITH (fillfactor = 10);

CREATE TABLE tenants (
    tenant     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name       TEXT COLLATE "C" NOT NULL,
    preset     TEXT COLLATE "C",
    created_at BIGINT           NOT NULL,
    suspended  BIGINT           NOT NULL CHECK (suspended IN (0, 1)),
    position   BIGINT           NOT NULL
);

-- Pages are filled to a part, so that a verification rewrites a row within its page and touches no index.
CREATE TABLE users (
    tenant           TEXT COLLATE "C" NOT NULL,
    user_token       TEXT COLLATE "C" NOT NULL,
    mode             TEXT COLLATE "C" NOT NULL,
    account          TEXT COLLATE "C",
    account_panel_id BYTEA,
    role             TEXT COLLATE "C" NOT NULL,
    registered_at    BIGINT           NOT NULL,
    -- NULL once the user is erased.
    panel_id         BYTEA,
    email            BYTEA,
    phone            BYTEA,
    locale           TEXT COLLATE "C",
    erased           BIGINT           NOT NULL,
    -- NULL: as the tenant's policy says.
    use_2fa          BIGINT,
    may_toggle       BIGINT,
    -- JSON: method -> factor id and time of enrolment.
    methods          TEXT COLLATE "C" NOT NULL,
    -- Since when a confirmed factor is in force; NULL when none is.
    enabled_at       BIGINT,
    -- NULL: there is no set of recovery codes.
    recovery_left    BIGINT,
    -- JSON: factor kind -> wrong codes in a row and the lock they led to.
    failures         TEXT COLLATE "C" NOT NULL,
    -- The longest lock of any factor, which may have run out; the greatest integer: until somebody unlocks it.
    locked_until     BIGINT,
    last_verified_at BIGINT,
    last_failed_at   BIGINT,
    -- The user's newest commit.
    position         BIGINT           NOT NULL,
    PRIMARY KEY (tenant, user_token)
) WITH (fillfactor = 70);

-- None of these has a column that an ordinary verification changes.
CREATE INDEX users_mode ON users (tenant, mode, user_token);
CREATE INDEX users_account ON users (tenant, account, user_token) WHERE account IS NOT NULL;
CREATE INDEX users_locked ON users (tenant, mode, user_token) WHERE locked_until IS NOT NULL;

CREATE TABLE deliveries (
    message      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant       TEXT COLLATE "C" NOT NULL,
    user_token   TEXT COLLATE "C" NOT NULL,
    mode         TEXT COLLATE "C" NOT NULL CHECK (mode IN ('live', 'test')),
    channel      TEXT COLLATE "C" NOT NULL,
    kind         TEXT COLLATE "C" NOT NULL,
    purpose      TEXT COLLATE "C",
    status       TEXT COLLATE "C" NOT NULL,
    requested_at BIGINT           NOT NULL,
    updated_at   BIGINT           NOT NULL,
    expires_at   BIGINT           NOT NULL,
    attempts     BIGINT           NOT NULL,
    provider_id  TEXT COLLATE "C",
    cause        TEXT COLLATE "C",
    -- The commit that asked for it: the order of every listing.
    request_seq  BIGINT           NOT NULL,
    position     BIGINT           NOT NULL
);

CREATE INDEX deliveries_mode ON deliveries (tenant, mode, request_seq);
CREATE INDEX deliveries_user ON deliveries (tenant, user_token, request_seq);
CREATE INDEX deliveries_status ON deliveries (tenant, mode, status, request_seq);

-- One row per event, in the order of the log.
CREATE TABLE audit (
    seq         BIGINT           NOT NULL,
    -- Place inside the commit, from 0.
    idx         BIGINT           NOT NULL,
    tenant      TEXT COLLATE "C" NOT NULL,
    -- '-': belongs to the tenant as a whole and is seen in both modes.
    mode        TEXT COLLATE "C" NOT NULL,
    user_token  TEXT COLLATE "C",
    at          BIGINT           NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    actor       TEXT COLLATE "C" NOT NULL,
    actor_token TEXT COLLATE "C",
    request_id  TEXT COLLATE "C",
    method      TEXT COLLATE "C",
    reason      TEXT COLLATE "C",
    -- JSON without anything sealed, hashed or secret.
    details     TEXT COLLATE "C" NOT NULL,
    private     BYTEA,
    PRIMARY KEY (seq, idx)
);

CREATE INDEX audit_mode ON audit (tenant, mode, seq, idx);
CREATE INDEX audit_kind ON audit (tenant, mode, kind, seq, idx);
CREATE INDEX audit_user ON audit (tenant, user_token, seq, idx) WHERE user_token IS NOT NULL;
CREATE INDEX audit_request ON audit (tenant, request_id, seq, idx) WHERE request_id IS NOT NULL;
CREATE INDEX audit_actor_token ON audit (tenant, actor_token, seq, idx) WHERE actor_token IS NOT NULL;
-- What helpers did is rare and often asked for.
CREATE INDEX audit_helper ON audit (tenant, mode, actor, seq, idx) WHERE actor IN ('account_admin', 'support');

-- Where the events of an hour lie in the log. Order is by position alone; this only narrows a search by time.
CREATE TABLE audit_hours (
    hour      BIGINT           NOT NULL PRIMARY KEY,
    first_seq BIGINT           NOT NULL,
    last_seq  BIGINT           NOT NULL
);

-- A second line behind every query's own condition on the tenant: rows are seen by those who say whose they are
-- (`SET LOCAL twofold.tenant`), or by those who say that they mean all of them (`SET LOCAL twofold.scope = 'all'`) and may
-- write the checkpoint as well: the owner and the projectors. Forced, because the owner would be exempt otherwise.
-- The conditions are sub-selects, so that they are worked out once for a statement and not once for a row.
DO $policies$
DECLARE
    name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY['tenants', 'users', 'deliveries', 'audit'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY of_tenant ON %I FOR SELECT
            USING (tenant = (SELECT current_setting(''twofold.tenant'', true)))', name);
        EXECUTE format('CREATE POLICY everything ON %I
            USING ((SELECT current_setting(''twofold.scope'', true) = ''all''
                AND has_table_privilege(''checkpoint''::regclass, ''UPDATE'')))', name);
    END LOOP;
END
$policies$;
