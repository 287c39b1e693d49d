-- The journal of one account. Applied to journals of versions before, too, so each statement must be harmless there.

CREATE TABLE IF NOT EXISTS run (
    number      INTEGER PRIMARY KEY,
    run_id      TEXT NOT NULL UNIQUE,
    fingerprint TEXT NOT NULL,               -- of the file's content and of the options that shape its jobs
    source      TEXT NOT NULL,
    destination TEXT NOT NULL,
    started_at  TEXT NOT NULL,
    ended_at    TEXT,                        -- NULL: stopped or crashed; the same command continues it
    settled     INTEGER NOT NULL DEFAULT 0,  -- 1: `known` has all that this run did
    compared    INTEGER NOT NULL DEFAULT 0,  -- 1: its rows were compared with the account; 2: and then read back
    program     TEXT,                        -- the version of this program that read the rows
    repeatable  INTEGER NOT NULL DEFAULT 0,  -- 1: it has ended, and one more would close each of its rows
    repeats     INTEGER,                     -- the run whose rows these are once more; it has none of its own
    kind        TEXT NOT NULL DEFAULT 'import',  -- import, retry, undo, plan or sync
    undo_of     TEXT,                        -- the run_id of the run that this one undoes
    rated_titles INTEGER,                    -- the titles that the account had rated when it was compared
    rated_kinds TEXT                         -- the kinds of these titles
);

-- What a run came to, counted when it ended, for nothing of it changes after that. Earlier versions did not count.
CREATE TABLE IF NOT EXISTS tally (
    run    INTEGER NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    rows   INTEGER NOT NULL,
    PRIMARY KEY (run, status, reason)
) WITHOUT ROWID;

-- The rows as they were read. A row is inserted once; what becomes of it stands beside it.
CREATE TABLE IF NOT EXISTS row (
    id        INTEGER PRIMARY KEY,           -- the run and the row: as one number they are the quickest to find
    run       INTEGER AS (id >> 32),
    row       INTEGER AS (id & 4294967295),
    line      INTEGER NOT NULL,
    kind, title, year, season, episode, imdb_id, tmdb_id, tvdb_id, trakt_id, rating, rated_at, second_kind,
    note      TEXT,                          -- what the reader decided about the row
    title_key TEXT AS (                      -- one title of one account; an IMDb id is unique over all kinds
        coalesce(
            imdb_id,
            kind || ':tmdb:' || tmdb_id,
            kind || ':tvdb:' || tvdb_id,
            kind || ':trakt:' || trakt_id,
            kind || ':' || title || ':' || year
        ) || iif(season IS NULL, '', '/' || season || '/' || ifnull(episode, ''))
    )
);

-- What became of the rows from first to last, one line for a whole request. Each row is in one line of its run, and
-- no line has a row that is not there; a newer line takes the place of what it covers. The last row is the key: the
-- state of row 7 is the first line whose `last_row` is not less.
CREATE TABLE IF NOT EXISTS state (
    run         INTEGER NOT NULL,
    last_row    INTEGER NOT NULL,
    first_row   INTEGER NOT NULL,
    is_claimed  INTEGER NOT NULL,            -- 1: claimed to be sent: without an outcome it may have arrived
    status      TEXT,                        -- NULL: no outcome yet
    reason      TEXT,
    message     TEXT,
    attempts    INTEGER,
    http_status INTEGER,
    sent_at     REAL,                        -- seconds since the epoch
    duration_ms INTEGER,
    carried     INTEGER NOT NULL,            -- 1: closed by an earlier run, taken over from its results
    PRIMARY KEY (run, last_row)
) WITHOUT ROWID;

-- What stood at the account before this run. A row without a line had no rating there.
CREATE TABLE IF NOT EXISTS previous (
    run      INTEGER NOT NULL,
    row      INTEGER NOT NULL,
    rating,
    rated_at,
    known    INTEGER NOT NULL DEFAULT 1,     -- 0: sent although the account could not be read
                                             -- 2: the account's rating of its title and year, under other ids
    PRIMARY KEY (run, row)
) WITHOUT ROWID;

-- The ratings that the account is known to have, from what runs sent.
CREATE TABLE IF NOT EXISTS known (
    title_key TEXT PRIMARY KEY,
    rating,                                  -- 0: the rating was removed
    rated_at  TEXT
) WITHOUT ROWID;

-- What was known of a title before a row that may have arrived: if the account still has it, it is ours.
CREATE TABLE IF NOT EXISTS doubted (
    title_key TEXT PRIMARY KEY,
    rating,
    rated_at  TEXT
) WITHOUT ROWID;

-- The date in its row of a rating that an earlier run sent and this row replaces, where the account dates it otherwise,
-- as a service does that dates ratings when they arrive. An undo brings back a rating as old as that.
CREATE TABLE IF NOT EXISTS own_date (
    run      INTEGER NOT NULL,
    row      INTEGER NOT NULL,
    rated_at TEXT,                           -- NULL: its row had none
    PRIMARY KEY (run, row)
) WITHOUT ROWID;

-- Ratings that were taken, and that the account's list does not show under the ids they were sent with.
CREATE TABLE IF NOT EXISTS unlisted (
    key           TEXT PRIMARY KEY,          -- one of the row's keys, as `destinations/titles.py` builds them
    listed_key    TEXT,                      -- the key it is listed under instead; NULL: nobody has seen it yet
    rating,                                  -- what was sent
    rated_at      TEXT,
    seen_rating,                             -- what the list showed in its place
    seen_rated_at TEXT
) WITHOUT ROWID;

-- What went over the network, for charts alone: no checksum has it, and nothing is decided by it.
CREATE TABLE IF NOT EXISTS request (
    run    INTEGER NOT NULL,
    number INTEGER NOT NULL,                 -- from 1 in each run, in the order of the answers
    at     REAL NOT NULL,                    -- seconds since the epoch
    ms     INTEGER NOT NULL,
    method TEXT NOT NULL,
    status INTEGER,                          -- NULL: no answer
    rows   INTEGER NOT NULL,                 -- 0: a question
    reason TEXT NOT NULL,                    -- why it was not the last of its rows; else empty
    PRIMARY KEY (run, number)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS wait (
    run     INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    at      REAL NOT NULL,
    seconds REAL NOT NULL,
    reason  TEXT NOT NULL,
    PRIMARY KEY (run, number)
) WITHOUT ROWID;

-- What `checksums.py` computes of each part: of a table (run 0), or of a block of a run's rows, or of their states.
CREATE TABLE IF NOT EXISTS checksum (
    run   INTEGER NOT NULL,
    part  TEXT NOT NULL,
    block INTEGER NOT NULL,
    crc   INTEGER,                           -- NULL: it is being changed
    PRIMARY KEY (run, part, block)
) WITHOUT ROWID;

-- A row with what became of it. The sets of statuses are spelled here and nowhere else. `ORDER BY last_row, id` and
-- `last_row >` beside `row >` find the rows of a run in order, from any place on, without sorting.
CREATE VIEW IF NOT EXISTS row_state AS
SELECT *,
    status IN ('rated', 'unrated') AND NOT carried AS is_accepted,  -- the destination said that it took it
    status IN ('rated', 'unrated', 'unconfirmed') OR status = 'failed' AND reason = 'not_stored' AND attempts
        OR status IS NULL AND is_claimed AS may_have_changed,       -- what an undo looks at
    status IN ('unconfirmed', 'failed') AND reason IS NOT 'not_stored'
        OR status IS NULL AND is_claimed AS may_have_arrived,
    -- Whether one more run would close the row, with nobody asked, and in the same way.
    NOT carried AND (
        status IN ('rated', 'unrated') AND typeof(rating) = 'integer'
        OR status = 'unchanged' AND reason = 'known_from_journal'
        OR status = 'duplicate' AND previous_rating IS NULL  -- else it took the account to see that
        OR status IN ('skipped', 'unsupported', 'invalid')
    ) IS TRUE AS is_repeatable
FROM (
    SELECT
        row.id, state.run, row.row, line, row.kind, title, year, season, episode, imdb_id, tmdb_id, tvdb_id, trakt_id,
        row.rating, row.rated_at, second_kind, note, title_key,
        last_row, is_claimed, status, reason, message, attempts, http_status, sent_at, duration_ms, carried,
        iif(reason = 'known_from_journal', row.rating, previous.rating) AS previous_rating,
        previous.rated_at AS previous_rated_at,
        ifnull(known, 1) AS previous_known
    FROM state
    CROSS JOIN run ON number = state.run
    CROSS JOIN row
        ON id BETWEEN (ifnull(repeats, number) << 32) + first_row AND (ifnull(repeats, number) << 32) + last_row
    LEFT JOIN previous ON previous.run = row.run AND previous.row = row.row
);

-- What the results file says of the rows of a state. Those without an outcome were not sent, or were and the answer is
-- unknown:
--     status  claim  >  status, reason           told
--     rated   -         rated                    what the answer said
--     -       yes       unconfirmed, no_answer   sent, but the answer was never seen
--     -       no        not_sent, stopped        the run stopped before this row
CREATE VIEW IF NOT EXISTS outcome AS
SELECT
    run, last_row, first_row,
    coalesce(status, iif(is_claimed, 'unconfirmed', 'not_sent')) AS status,
    iif(status IS NOT NULL, reason, iif(is_claimed, 'no_answer', 'stopped')) AS reason,
    iif(status IS NOT NULL, nullif(message, ''), iif(is_claimed,
        'sent, but the answer was never seen',
        'the run stopped before this row; the same command continues')) AS told,
    attempts, http_status,
    strftime('%Y-%m-%dT%H:%M:%fZ', sent_at, 'unixepoch') AS sent_at,
    duration_ms
FROM state;

-- The results file, a line per row. A run that repeats another has states of its own, and the rows of that one.
CREATE VIEW IF NOT EXISTS result AS
SELECT
    run, row, line, status, reason,
    coalesce(note || '; ' || told, told, note) AS message,
    kind, title, year, season, episode, imdb_id, tmdb_id, tvdb_id, trakt_id,
    iif(rating = 0, 'unrate', rating) AS rating,
    rated_at,
    iif(previous_rating = 0, 'unrate', previous_rating) AS previous_rating,
    attempts, http_status, sent_at, duration_ms
FROM (
    SELECT
        outcome.run, row.row, line, status, reason, note,
        iif(undo_of IS NOT NULL AND status IN ('rated', 'unrated'),
            iif(row.rating = 0, 'removed', 'restored') || ifnull('; ' || told, ''), told) AS told,
        row.kind, title, year, season, episode, imdb_id, tmdb_id, tvdb_id, trakt_id, row.rating, row.rated_at,
        iif(reason = 'known_from_journal', row.rating, previous.rating) AS previous_rating,
        attempts, http_status, sent_at, duration_ms
    FROM outcome
    CROSS JOIN run ON number = outcome.run
    CROSS JOIN row
        ON id BETWEEN (ifnull(repeats, number) << 32) + first_row AND (ifnull(repeats, number) << 32) + last_row
    LEFT JOIN previous ON previous.run = row.run AND previous.row = row.row
);
