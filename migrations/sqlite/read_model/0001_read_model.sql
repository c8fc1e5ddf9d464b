-- The read model: everything here can be thrown away and folded again from the event log.
--
-- Instants are milliseconds since the Unix epoch. Columns of type BLOB are ciphertexts under keys kept elsewhere.

-- In the tables written most, a broken constraint gives the whole transaction up (ON CONFLICT ROLLBACK) and there are
-- no CHECKs: otherwise every statement keeps a journal of its own, to be able to give up just itself.

-- How far the log has been folded; written in the transaction that writes the rows.
CREATE TABLE checkpoint (
    name TEXT    NOT NULL PRIMARY KEY,
    seq  INTEGER NOT NULL CHECK (seq >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE tenants (
    tenant     TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    preset     TEXT,
    created_at INTEGER NOT NULL,
    suspended  INTEGER NOT NULL CHECK (suspended IN (0, 1)),
    position   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    tenant           TEXT    NOT NULL ON CONFLICT ROLLBACK,
    user_token       TEXT    NOT NULL ON CONFLICT ROLLBACK,
    mode             TEXT    NOT NULL ON CONFLICT ROLLBACK,
    account          TEXT,
    account_panel_id BLOB,
    role             TEXT    NOT NULL ON CONFLICT ROLLBACK,
    registered_at    INTEGER NOT NULL ON CONFLICT ROLLBACK,
    -- NULL once the user is erased.
    panel_id         BLOB,
    email            BLOB,
    phone            BLOB,
    locale           TEXT,
    erased           INTEGER NOT NULL ON CONFLICT ROLLBACK,
    -- NULL: as the tenant's policy says.
    use_2fa          INTEGER,
    may_toggle       INTEGER,
    -- JSON: method -> factor id and time of enrolment.
    methods          TEXT    NOT NULL ON CONFLICT ROLLBACK,
    -- Since when a confirmed factor is in force; NULL when none is.
    enabled_at       INTEGER,
    -- NULL: there is no set of recovery codes.
    recovery_left    INTEGER,
    -- JSON: factor kind -> wrong codes in a row and the lock they led to.
    failures         TEXT    NOT NULL ON CONFLICT ROLLBACK,
    -- The longest lock of any factor, which may have run out; the greatest integer: until somebody unlocks it.
    locked_until     INTEGER,
    last_verified_at INTEGER,
    last_failed_at   INTEGER,
    -- The user's newest commit.
    position         INTEGER NOT NULL ON CONFLICT ROLLBACK,
    PRIMARY KEY (tenant, user_token) ON CONFLICT ROLLBACK
) STRICT, WITHOUT ROWID;

-- None of these has a column that an ordinary verification changes.
CREATE INDEX users_mode ON users (tenant, mode, user_token);
CREATE INDEX users_account ON users (tenant, account, user_token) WHERE account IS NOT NULL;
CREATE INDEX users_locked ON users (tenant, mode, user_token) WHERE locked_until IS NOT NULL;

CREATE TABLE deliveries (
    message      TEXT    NOT NULL PRIMARY KEY,
    tenant       TEXT    NOT NULL,
    user_token   TEXT    NOT NULL,
    mode         TEXT    NOT NULL CHECK (mode IN ('live', 'test')),
    channel      TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    purpose      TEXT,
    status       TEXT    NOT NULL,
    requested_at INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    provider_id  TEXT,
    cause        TEXT,
    -- The commit that asked for it: the order of every listing.
    request_seq  INTEGER NOT NULL,
    position     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX deliveries_mode ON deliveries (tenant, mode, request_seq);
CREATE INDEX deliveries_user ON deliveries (tenant, user_token, request_seq);
CREATE INDEX deliveries_status ON deliveries (tenant, mode, status, request_seq);

-- One row per event, in the order of the log.
CREATE TABLE audit (
    seq         INTEGER NOT NULL ON CONFLICT ROLLBACK,
    -- Place inside the commit, from 0.
    idx         INTEGER NOT NULL ON CONFLICT ROLLBACK,
    tenant      TEXT    NOT NULL ON CONFLICT ROLLBACK,
    -- '-': belongs to the tenant as a whole and is seen in both modes.
    mode        TEXT    NOT NULL ON CONFLICT ROLLBACK,
    user_token  TEXT,
    at          INTEGER NOT NULL ON CONFLICT ROLLBACK,
    kind        TEXT    NOT NULL ON CONFLICT ROLLBACK,
    actor       TEXT    NOT NULL ON CONFLICT ROLLBACK,
    actor_token TEXT,
    request_id  TEXT,
    method      TEXT,
    reason      TEXT,
    -- JSON without anything sealed, hashed or secret.
    details     TEXT    NOT NULL ON CONFLICT ROLLBACK,
    private     BLOB,
    PRIMARY KEY (seq, idx) ON CONFLICT ROLLBACK
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_mode ON audit (tenant, mode, seq, idx);
CREATE INDEX audit_kind ON audit (tenant, mode, kind, seq, idx);
CREATE INDEX audit_user ON audit (tenant, user_token, seq, idx) WHERE user_token IS NOT NULL;
CREATE INDEX audit_request ON audit (tenant, request_id, seq, idx) WHERE request_id IS NOT NULL;
CREATE INDEX audit_actor_token ON audit (tenant, actor_token, seq, idx) WHERE actor_token IS NOT NULL;
-- What helpers did is rare and often asked for.
CREATE INDEX audit_helper ON audit (tenant, mode, actor, seq, idx) WHERE actor IN ('account_admin', 'support');

-- Where the events of an hour lie in the log. Order is by position alone; this only narrows a search by time.
CREATE TABLE audit_hours (
    hour      INTEGER NOT NULL PRIMARY KEY,
    first_seq INTEGER NOT NULL,
    last_seq  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
