-- The journal of one account. Applied to journals of versions before, too, so each statement must be harmless there.

CREATE TABLE IF NOT EXISTS run (
    number      INTEGER PRIMARY KEY,
    run_id      TEXT NOT NULL UNIQUE,
    fingerprint TEXT NOT NULL,               -- of the file's content and of the options that shape its jobs
    source      TEXT NOT NULL,
    destination TEXT NOT NULL,
    started_at  TEXT NOT NULL,
    ended_at    TEXT,                        -- NULL: stopped or crashed; the same command continues it
    settled     INTEGER NOT NULL DEFAULT 0,  -- 1: `held` knows all that this run did
    compared    INTEGER NOT NULL DEFAULT 0,  -- 1: its open rows were held against the account
    program     TEXT,                        -- the version of this program that read the rows
    repeatable  INTEGER NOT NULL DEFAULT 0,  -- 1: it has ended, and one more would settle each of its rows
    repeats     INTEGER                      -- the run whose rows these are once more; it has none of its own
);

-- What a run came to, counted when it ended, for nothing of it changes after that. Earlier versions did not count.
CREATE TABLE IF NOT EXISTS tally (
    run    INTEGER NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    rows   INTEGER NOT NULL,
    PRIMARY KEY (run, status, reason)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS row (
    run             INTEGER NOT NULL,
    row             INTEGER NOT NULL,
    line            INTEGER NOT NULL,
    kind, title, year, season, episode, imdb_id, tmdb_id, tvdb_id, trakt_id, rating, rated_at, second_kind,
    note            TEXT,                    -- what the reader decided about the row
    status          TEXT,                    -- NULL: no outcome yet
    reason          TEXT,
    message         TEXT,
    previous_rating,                         -- what stood at the account before this run; see previous_known
    previous_rated_at,
    previous_known  INTEGER NOT NULL DEFAULT 1,  -- 0: sent although the account could not be read
    carried         INTEGER NOT NULL DEFAULT 0,  -- 1: settled by an earlier run, taken over from its results
    attempts        INTEGER,
    http_status     INTEGER,
    sent_at         REAL,                    -- seconds since the epoch
    duration_ms     INTEGER,
    title_key       TEXT AS (                -- one title of one account; an IMDb id is unique over all kinds
        coalesce(
            'imdb:' || imdb_id,
            kind || ':tmdb:' || tmdb_id,
            kind || ':tvdb:' || tvdb_id,
            kind || ':trakt:' || trakt_id,
            kind || ':' || title || ':' || year
        ) || iif(season IS NULL, '', '/' || season || '/' || ifnull(episode, ''))
    ),
    PRIMARY KEY (run, row)
) WITHOUT ROWID;

-- Rows taken to be sent, from first to last: those without an outcome may have arrived. No two overlap.
CREATE TABLE IF NOT EXISTS mark (
    run       INTEGER NOT NULL,
    first_row INTEGER NOT NULL,
    last_row  INTEGER NOT NULL,
    PRIMARY KEY (run, first_row)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS held (
    title_key TEXT PRIMARY KEY,
    rating,                                  -- 0: the rating was removed
    rated_at  TEXT
) WITHOUT ROWID;

DROP VIEW IF EXISTS result;

DROP VIEW IF EXISTS marked;
CREATE VIEW marked AS
SELECT *,
    status IN ('unsure', 'failed') AND reason IS NOT 'not_stored' OR status IS NULL AND is_marked AS may_have_arrived,
    -- Whether one more run would settle the row, with nobody asked, and in the same way.
    NOT carried AND (
        status IN ('rated', 'unrated') AND typeof(rating) = 'integer'
        OR status = 'unchanged' AND reason = 'known_from_journal'
        OR status = 'duplicate' AND previous_rating IS NULL  -- else it took the account to see that
        OR status IN ('skipped', 'unsupported', 'invalid')
    ) IS TRUE AS is_repeatable
FROM (
    SELECT *, ifnull((
        SELECT last_row >= row.row FROM mark WHERE mark.run = row.run AND first_row <= row.row
        ORDER BY first_row DESC LIMIT 1  -- found at once, however many marks there are
    ), 0) AS is_marked
    FROM row
);

-- The results file, a line per row. A row without an outcome was not sent, or was and its answer is unknown.
-- What a run brought is unchanged in one that repeats it, in the words of `planning.UNCHANGED`.
CREATE VIEW result AS
SELECT
    number AS run, row, line,
    CASE
        WHEN repeats IS NULL THEN coalesce(status, iif(is_marked, 'unsure', 'not_sent'))
        WHEN status IN ('rated', 'unrated') THEN 'unchanged'
        ELSE status
    END AS status,
    CASE
        WHEN repeats IS NULL THEN iif(status IS NOT NULL, reason, iif(is_marked, 'no_answer', 'stopped'))
        WHEN status IN ('rated', 'unrated') THEN 'known_from_journal'
        ELSE reason
    END AS reason,
    coalesce(note || '; ' || told, told, note) AS message,
    kind, title, year, season, episode, imdb_id, tmdb_id, tvdb_id, trakt_id,
    iif(rating = 0, 'unrate', rating) AS rating,
    rated_at,
    iif(stood_there = 0, 'unrate', stood_there) AS previous_rating,
    iif(repeats IS NULL, attempts, NULL) AS attempts,
    iif(repeats IS NULL, http_status, NULL) AS http_status,
    iif(repeats IS NULL, strftime('%Y-%m-%dT%H:%M:%fZ', sent_at, 'unixepoch'), NULL) AS sent_at,
    iif(repeats IS NULL, duration_ms, NULL) AS duration_ms
FROM (
    SELECT number, repeats, marked.*,
        CASE
            WHEN repeats IS NULL THEN iif(status IS NOT NULL, nullif(message, ''), iif(is_marked,
                'sent, but the answer was never seen',
                'the run stopped before this row; the same command continues'))
            WHEN status IN ('rated', 'unrated') THEN 'an earlier run brought this very rating'
            ELSE nullif(message, '')
        END AS told,
        iif(repeats IS NOT NULL AND status IN ('rated', 'unrated'), rating, previous_rating) AS stood_there
    FROM run JOIN marked ON marked.run = coalesce(repeats, number)
);
