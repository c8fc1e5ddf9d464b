-- What operators and support ask of deliveries: each attempt, who carried it, where it went and whether the code was used;
-- figures by the hour; destinations that nothing is sent to.
--
-- The rows of older versions lack all that, and no statement could add it: they go, the checkpoint with them, and the
-- projector folds the log again by itself.
DELETE FROM checkpoint;
DELETE FROM tenants;
DELETE FROM users;
DELETE FROM deliveries;
DELETE FROM audit;
DELETE FROM audit_hours;

-- Which of the channel's providers tried it last, or took it.
ALTER TABLE deliveries ADD COLUMN provider TEXT;
-- Of a text message: ISO 3166 alpha-2.
ALTER TABLE deliveries ADD COLUMN country TEXT;
-- Of a text message: the beginning of the number.
ALTER TABLE deliveries ADD COLUMN prefix TEXT;
ALTER TABLE deliveries ADD COLUMN accepted_at INTEGER;
ALTER TABLE deliveries ADD COLUMN delivered_at INTEGER;
-- When its code was accepted.
ALTER TABLE deliveries ADD COLUMN used_at INTEGER;

-- Few, and asked for across tenants and modes.
CREATE INDEX deliveries_dead ON deliveries (request_seq) WHERE status = 'dead';
CREATE INDEX deliveries_dead_tenant ON deliveries (tenant, request_seq) WHERE status = 'dead';

-- One row per entry of a message's ledger, in the order of the log.
CREATE TABLE delivery_attempts (
    message     TEXT    NOT NULL ON CONFLICT ROLLBACK,
    seq         INTEGER NOT NULL ON CONFLICT ROLLBACK,
    -- Place inside the commit, from 0.
    idx         INTEGER NOT NULL ON CONFLICT ROLLBACK,
    tenant      TEXT    NOT NULL ON CONFLICT ROLLBACK,
    at          INTEGER NOT NULL ON CONFLICT ROLLBACK,
    result      TEXT    NOT NULL ON CONFLICT ROLLBACK,
    -- NULL: the entry is about the message as a whole.
    attempt     INTEGER,
    provider    TEXT,
    provider_id TEXT,
    cause       TEXT,
    PRIMARY KEY (message, seq, idx) ON CONFLICT ROLLBACK
) STRICT, WITHOUT ROWID;

-- Figures of the messages requested in an hour, by what they have in common; '' where that is not known. Sums over
-- `deliveries`, kept along with them for the newest 40 days.
CREATE TABLE delivery_usage (
    hour       INTEGER NOT NULL ON CONFLICT ROLLBACK,
    tenant     TEXT    NOT NULL ON CONFLICT ROLLBACK,
    mode       TEXT    NOT NULL ON CONFLICT ROLLBACK,
    channel    TEXT    NOT NULL ON CONFLICT ROLLBACK,
    provider   TEXT    NOT NULL ON CONFLICT ROLLBACK,
    country    TEXT    NOT NULL ON CONFLICT ROLLBACK,
    prefix     TEXT    NOT NULL ON CONFLICT ROLLBACK,
    requested  INTEGER NOT NULL ON CONFLICT ROLLBACK,
    accepted   INTEGER NOT NULL ON CONFLICT ROLLBACK,
    delivered  INTEGER NOT NULL ON CONFLICT ROLLBACK,
    bounced    INTEGER NOT NULL ON CONFLICT ROLLBACK,
    dead       INTEGER NOT NULL ON CONFLICT ROLLBACK,
    expired    INTEGER NOT NULL ON CONFLICT ROLLBACK,
    used       INTEGER NOT NULL ON CONFLICT ROLLBACK,
    -- From request to acceptance, summed over the accepted ones.
    latency_ms INTEGER NOT NULL ON CONFLICT ROLLBACK,
    PRIMARY KEY (hour, tenant, mode, channel, provider, country, prefix) ON CONFLICT ROLLBACK
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_usage_tenant ON delivery_usage (tenant, hour);

-- Destinations by their keyed hashes.
CREATE TABLE suppressions (
    tenant      TEXT    NOT NULL,
    destination TEXT    NOT NULL,
    channel     TEXT    NOT NULL,
    cause       TEXT    NOT NULL,
    -- The message that showed it.
    message     TEXT,
    since       INTEGER NOT NULL,
    -- NULL: nothing is sent there.
    released_at INTEGER,
    position    INTEGER NOT NULL,
    PRIMARY KEY (tenant, destination)
) STRICT, WITHOUT ROWID;

CREATE INDEX suppressions_held ON suppressions (tenant, position) WHERE released_at IS NULL;
