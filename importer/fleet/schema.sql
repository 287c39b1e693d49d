-- The depot of a fleet in PostgreSQL. Applied at each start, so each statement must be harmless a second time.

CREATE TABLE IF NOT EXISTS account (
    name       text COLLATE "C" PRIMARY KEY,
    keys       jsonb NOT NULL,
    sealed     bytea,
    due_at     timestamptz NOT NULL,
    fence      bigint NOT NULL DEFAULT 0,
    held_until timestamptz,                  -- NULL: given back; past: its worker died or was cut off
    holder     text NOT NULL DEFAULT '',
    deaths     integer NOT NULL DEFAULT 0,   -- since the last ending
    losses     bigint NOT NULL DEFAULT 0,    -- ever
    saves      bigint NOT NULL DEFAULT 0,
    parked     text CHECK (parked IN ('signed_out', 'set_aside')),
    note       text NOT NULL DEFAULT '',
    ended_at   timestamptz,
    ending     jsonb,
    run_id     text NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS account_due ON account (due_at) WHERE parked IS NULL AND held_until IS NULL;
CREATE INDEX IF NOT EXISTS account_held ON account (held_until) WHERE held_until IS NOT NULL;

-- Large values lie apart, so that a beat or a claim writes a small row. They are compressed already.
CREATE TABLE IF NOT EXISTS content (
    name    text COLLATE "C" PRIMARY KEY REFERENCES account ON DELETE CASCADE,
    content bytea NOT NULL
);
CREATE TABLE IF NOT EXISTS saved (
    name text COLLATE "C" PRIMARY KEY REFERENCES account ON DELETE CASCADE,
    copy bytea NOT NULL
);
ALTER TABLE saved ALTER COLUMN copy SET STORAGE EXTERNAL;

CREATE TABLE IF NOT EXISTS fleet (
    only_one     boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    version      integer NOT NULL,
    share        double precision,
    paused_until timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO fleet (version) VALUES (1) ON CONFLICT DO NOTHING;
