-- What operators and support ask of deliveries: each attempt, who carried it, where it went and whether the code was used;
-- figures by the hour; destinations that nothing is sent to.
--
-- The rows of older versions lack all that, and no statement could add it: they go, the checkpoint with them, and the
-- projector folds the log again by itself.
TRUNCATE checkpoint, tenants, users, deliveries, audit, audit_hours;

ALTER TABLE deliveries
    -- Which of the channel's providers tried it last, or took it.
    ADD COLUMN provider     TEXT COLLATE "C",
    -- Of a text message: ISO 3166 alpha-2.
    ADD COLUMN country      TEXT COLLATE "C",
    -- Of a text message: the beginning of the number.
    ADD COLUMN prefix       TEXT COLLATE "C",
    ADD COLUMN accepted_at  BIGINT,
    ADD COLUMN delivered_at BIGINT,
    -- When its code was accepted.
    ADD COLUMN used_at      BIGINT;

-- Few, and asked for across tenants and modes.
CREATE INDEX deliveries_dead ON deliveries (request_seq) WHERE status = 'dead';
CREATE INDEX deliveries_dead_tenant ON deliveries (tenant, request_seq) WHERE status = 'dead';

-- One row per entry of a message's ledger, in the order of the log.
CREATE TABLE delivery_attempts (
    message     TEXT COLLATE "C" NOT NULL,
    seq         BIGINT           NOT NULL,
    -- Place inside the commit, from 0.
    idx         BIGINT           NOT NULL,
    tenant      TEXT COLLATE "C" NOT NULL,
    at          BIGINT           NOT NULL,
    result      TEXT COLLATE "C" NOT NULL,
    -- NULL: the entry is about the message as a whole.
    attempt     BIGINT,
    provider    TEXT COLLATE "C",
    provider_id TEXT COLLATE "C",
    cause       TEXT COLLATE "C",
    PRIMARY KEY (message, seq, idx)
);

-- Figures of the messages requested in an hour, by what they have in common; '' where that is not known. Sums over
-- `deliveries`, kept along with them for the newest 40 days.
CREATE TABLE delivery_usage (
    hour       BIGINT           NOT NULL,
    tenant     TEXT COLLATE "C" NOT NULL,
    mode       TEXT COLLATE "C" NOT NULL,
    channel    TEXT COLLATE "C" NOT NULL,
    provider   TEXT COLLATE "C" NOT NULL,
    country    TEXT COLLATE "C" NOT NULL,
    prefix     TEXT COLLATE "C" NOT NULL,
    requested  BIGINT           NOT NULL,
    accepted   BIGINT           NOT NULL,
    delivered  BIGINT           NOT NULL,
    bounced    BIGINT           NOT NULL,
    dead       BIGINT           NOT NULL,
    expired    BIGINT           NOT NULL,
    used       BIGINT           NOT NULL,
    -- From request to acceptance, summed over the accepted ones.
    latency_ms BIGINT           NOT NULL,
    PRIMARY KEY (hour, tenant, mode, channel, provider, country, prefix)
) WITH (fillfactor = 70);

CREATE INDEX delivery_usage_tenant ON delivery_usage (tenant, hour);

-- Destinations by their keyed hashes.
CREATE TABLE suppressions (
    tenant      TEXT COLLATE "C" NOT NULL,
    destination TEXT COLLATE "C" NOT NULL,
    channel     TEXT COLLATE "C" NOT NULL,
    cause       TEXT COLLATE "C" NOT NULL,
    -- The message that showed it.
    message     TEXT COLLATE "C",
    since       BIGINT           NOT NULL,
    -- NULL: nothing is sent there.
    released_at BIGINT,
    position    BIGINT           NOT NULL,
    PRIMARY KEY (tenant, destination)
);

CREATE INDEX suppressions_held ON suppressions (tenant, position) WHERE released_at IS NULL;

-- The policies of the other tables (0001), for these.
DO $policies$
DECLARE
    name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY['delivery_attempts', 'delivery_usage', 'suppressions'] LOOP
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
