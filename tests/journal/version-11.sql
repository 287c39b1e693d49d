-- A journal as version 11 wrote it: `Connection.iterdump`.
BEGIN TRANSACTION;
CREATE TABLE checksum (
    run  INTEGER NOT NULL,
    part NOT NULL,
    crc  INTEGER,                            -- NULL: it is being changed
    PRIMARY KEY (run, part)
) WITHOUT ROWID;
INSERT INTO "checksum" VALUES(0,'known',3752192248);
INSERT INTO "checksum" VALUES(0,'run',94763563);
INSERT INTO "checksum" VALUES(0,'schema',1298229986);
INSERT INTO "checksum" VALUES(0,'tally',743453895);
INSERT INTO "checksum" VALUES(1,0,3441240599);
INSERT INTO "checksum" VALUES(3,0,1458306721);
INSERT INTO "checksum" VALUES(4,0,2196242801);
INSERT INTO "checksum" VALUES(5,0,2796230903);
CREATE TABLE claim (
    run       INTEGER NOT NULL,
    first_row INTEGER NOT NULL,
    last_row  INTEGER NOT NULL,
    PRIMARY KEY (run, first_row)
) WITHOUT ROWID;
INSERT INTO "claim" VALUES(5,4,4);
CREATE TABLE doubted (
    title_key TEXT PRIMARY KEY,
    rating,
    rated_at  TEXT
) WITHOUT ROWID;
CREATE TABLE known (
    title_key TEXT PRIMARY KEY,
    rating,                                  -- 0: the rating was removed
    rated_at  TEXT
) WITHOUT ROWID;
INSERT INTO "known" VALUES('imdb:tt0000001',1,NULL);
INSERT INTO "known" VALUES('imdb:tt0000002',2,NULL);
INSERT INTO "known" VALUES('imdb:tt0000003',3,NULL);
INSERT INTO "known" VALUES('imdb:tt0000004',4,NULL);
INSERT INTO "known" VALUES('imdb:tt0000005',5,NULL);
CREATE TABLE own_date (
    run      INTEGER NOT NULL,
    row      INTEGER NOT NULL,
    rated_at TEXT,                           -- NULL: its row had none
    PRIMARY KEY (run, row)
) WITHOUT ROWID;
INSERT INTO "own_date" VALUES(3,2,NULL);
INSERT INTO "own_date" VALUES(3,6,NULL);
CREATE TABLE request (
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
INSERT INTO "request" VALUES(3,1,1.0,5,'POST',200,3,'');
CREATE TABLE row (
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
                                                 -- 2: the account's rating of its title and year, under other ids
    carried         INTEGER NOT NULL DEFAULT 0,  -- 1: closed by an earlier run, taken over from its results
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
INSERT INTO "row" VALUES(1,1,2,'movie','Title 1',NULL,NULL,NULL,'tt0000001',NULL,NULL,NULL,1,NULL,NULL,NULL,'rated',NULL,NULL,NULL,NULL,1,0,1,201,1700000000.0,42);
INSERT INTO "row" VALUES(1,2,3,'movie','Title 2',NULL,NULL,NULL,'tt0000002',NULL,NULL,NULL,2,NULL,NULL,'noted','rated',NULL,NULL,NULL,NULL,1,0,1,201,1700000000.0,42);
INSERT INTO "row" VALUES(1,3,4,'movie','Title 3',NULL,NULL,NULL,'tt0000003',NULL,NULL,NULL,3,NULL,NULL,NULL,'rated',NULL,NULL,NULL,NULL,1,0,1,201,1700000000.0,42);
INSERT INTO "row" VALUES(1,4,5,'movie','Title 4',NULL,NULL,NULL,'tt0000004',NULL,NULL,NULL,4,NULL,NULL,NULL,'rated',NULL,NULL,NULL,NULL,1,0,1,201,1700000000.0,42);
INSERT INTO "row" VALUES(1,5,6,'movie','Title 5',NULL,NULL,NULL,'tt0000005',NULL,NULL,NULL,5,NULL,NULL,NULL,'rated',NULL,NULL,NULL,NULL,1,0,1,201,1700000000.0,42);
INSERT INTO "row" VALUES(3,1,2,'movie',NULL,NULL,NULL,NULL,'tt0000001',NULL,NULL,NULL,1,NULL,NULL,NULL,'unchanged','known_from_journal','an earlier run sent this very rating',1,NULL,1,0,NULL,NULL,NULL,NULL);
INSERT INTO "row" VALUES(3,2,3,'movie',NULL,NULL,NULL,NULL,'tt0000002',NULL,NULL,NULL,9,NULL,NULL,NULL,'rated',NULL,NULL,2,'2024-05-01',1,0,1,201,1700000010.5,7);
INSERT INTO "row" VALUES(3,3,4,'movie',NULL,NULL,NULL,NULL,'tt0000013',NULL,NULL,NULL,4,NULL,NULL,NULL,'kept','policy_keep','kept',7,NULL,1,0,NULL,NULL,NULL,NULL);
INSERT INTO "row" VALUES(3,4,5,'show',NULL,NULL,1,NULL,'tt0000014',NULL,NULL,NULL,4,NULL,NULL,NULL,'failed','http_500','given up',5,NULL,2,0,5,500,1700000011.0,NULL);
INSERT INTO "row" VALUES(3,5,6,'movie','Heat','1995',NULL,NULL,'tt0113277',NULL,NULL,NULL,'11',NULL,NULL,NULL,'invalid','bad_rating','line 2: 11 is no rating',NULL,NULL,1,0,NULL,NULL,NULL,NULL);
INSERT INTO "row" VALUES(3,6,7,'movie',NULL,NULL,NULL,NULL,'tt0000003',NULL,NULL,NULL,0,NULL,NULL,NULL,'unrated',NULL,NULL,3,'2024-05-02T10:00:00Z',1,0,1,200,1700000010.5,7);
INSERT INTO "row" VALUES(4,2,3,'movie',NULL,NULL,NULL,NULL,'tt0000002',NULL,NULL,NULL,2,NULL,NULL,NULL,'rated',NULL,'restored',9,NULL,1,0,1,201,1700000020.0,7);
INSERT INTO "row" VALUES(4,6,7,'movie',NULL,NULL,NULL,NULL,'tt0000003',NULL,NULL,NULL,3,NULL,NULL,NULL,'rated',NULL,'restored',NULL,NULL,1,0,1,201,1700000020.0,7);
INSERT INTO "row" VALUES(5,1,2,'movie','Title 1',NULL,NULL,NULL,'tt0000101',NULL,NULL,NULL,5,NULL,NULL,NULL,'rated',NULL,NULL,NULL,NULL,0,0,1,201,1700000030.0,9);
INSERT INTO "row" VALUES(5,2,3,'movie','Title 2',NULL,NULL,NULL,'tt0000102',NULL,NULL,NULL,5,NULL,NULL,NULL,'rated',NULL,NULL,NULL,NULL,0,0,1,201,1700000030.0,9);
INSERT INTO "row" VALUES(5,3,4,'movie','Title 3',NULL,NULL,NULL,'tt0000103',NULL,NULL,NULL,5,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL);
INSERT INTO "row" VALUES(5,4,5,'movie','Title 4',NULL,NULL,NULL,'tt0000104',NULL,NULL,NULL,5,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL);
INSERT INTO "row" VALUES(5,5,6,'movie','Title 5',NULL,NULL,NULL,'tt0000105',NULL,NULL,NULL,5,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL);
INSERT INTO "row" VALUES(5,6,7,'movie','Title 6',NULL,NULL,NULL,'tt0000106',NULL,NULL,NULL,5,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL);
INSERT INTO "row" VALUES(5,7,8,'movie','Title 7',NULL,NULL,NULL,'tt0000107',NULL,NULL,NULL,5,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,0,NULL,NULL,NULL,NULL);
CREATE TABLE run (
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
INSERT INTO "run" VALUES(1,'20261130-085358-01d2','first','first.csv','trakt','2026-11-30T08:53:58+00:00','2026-11-30T08:53:58+00:00',1,1,'0.1.0',1,NULL,'import',NULL,NULL,NULL);
INSERT INTO "run" VALUES(2,'20261130-085358-d28d','first','first.csv','trakt','2026-11-30T08:53:58+00:00','2026-11-30T08:53:58+00:00',1,0,'0.1.0',1,1,'import',NULL,NULL,NULL);
INSERT INTO "run" VALUES(3,'20261130-085358-cda5','mixed','mixed.csv','trakt','2026-11-30T08:53:58+00:00','2026-11-30T08:53:58+00:00',1,1,'0.1.0',0,NULL,'import',NULL,NULL,NULL);
INSERT INTO "run" VALUES(4,'20261130-085358-ad0e','undo x','undo x.csv','trakt','2026-11-30T08:53:58+00:00','2026-11-30T08:53:58+00:00',1,1,'0.1.0',1,NULL,'import','20261130-085358-cda5',NULL,NULL);
INSERT INTO "run" VALUES(5,'20261130-085358-571f','stopped','stopped.csv','trakt','2026-11-30T08:53:58+00:00',NULL,0,0,'0.1.0',0,NULL,'import',NULL,NULL,NULL);
CREATE TABLE tally (
    run    INTEGER NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    rows   INTEGER NOT NULL,
    PRIMARY KEY (run, status, reason)
) WITHOUT ROWID;
INSERT INTO "tally" VALUES(1,'rated','',5);
INSERT INTO "tally" VALUES(2,'unchanged','known_from_journal',5);
INSERT INTO "tally" VALUES(3,'failed','http_500',1);
INSERT INTO "tally" VALUES(3,'invalid','bad_rating',1);
INSERT INTO "tally" VALUES(3,'kept','policy_keep',1);
INSERT INTO "tally" VALUES(3,'rated','',1);
INSERT INTO "tally" VALUES(3,'unchanged','known_from_journal',1);
INSERT INTO "tally" VALUES(3,'unrated','',1);
INSERT INTO "tally" VALUES(4,'rated','',2);
CREATE TABLE unlisted (
    key           TEXT PRIMARY KEY,          -- one of the row's keys, as `destinations/titles.py` builds them
    listed_key    TEXT,                      -- the key it is listed under instead; NULL: nobody has seen it yet
    rating,                                  -- what was sent
    rated_at      TEXT,
    seen_rating,                             -- what the list showed in its place
    seen_rated_at TEXT
) WITHOUT ROWID;
CREATE TABLE wait (
    run     INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    at      REAL NOT NULL,
    seconds REAL NOT NULL,
    reason  TEXT NOT NULL,
    PRIMARY KEY (run, number)
) WITHOUT ROWID;
CREATE VIEW row_state AS
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
    SELECT *, ifnull((
        SELECT last_row >= row.row FROM claim WHERE claim.run = row.run AND first_row <= row.row
        ORDER BY first_row DESC LIMIT 1  -- found at once, however many claims there are
    ), 0) AS is_claimed
    FROM row
);
CREATE VIEW result AS
SELECT
    run, row, line,
    coalesce(status, iif(is_claimed, 'unconfirmed', 'not_sent')) AS status,
    iif(status IS NOT NULL, reason, iif(is_claimed, 'no_answer', 'stopped')) AS reason,
    coalesce(note || '; ' || told, told, note) AS message,
    kind, title, year, season, episode, imdb_id, tmdb_id, tvdb_id, trakt_id,
    iif(rating = 0, 'unrate', rating) AS rating,
    rated_at,
    iif(previous_rating = 0, 'unrate', previous_rating) AS previous_rating,
    attempts,
    http_status,
    strftime('%Y-%m-%dT%H:%M:%fZ', sent_at, 'unixepoch') AS sent_at,
    duration_ms
FROM (
    SELECT *, iif(status IS NOT NULL, nullif(message, ''), iif(is_claimed,
        'sent, but the answer was never seen',
        'the run stopped before this row; the same command continues')) AS told
    FROM row_state
);
CREATE VIEW repeated_result AS
SELECT
    number AS run, row, line,
    iif(was_sent, 'unchanged', status) AS status,
    iif(was_sent, 'known_from_journal', reason) AS reason,
    iif(was_sent, coalesce(note || '; ', '') || 'an earlier run sent this very rating', message) AS message,
    kind, title, year, season, episode, imdb_id, tmdb_id, tvdb_id, trakt_id, rating, rated_at,
    iif(was_sent, rating, previous_rating) AS previous_rating,
    NULL AS attempts, NULL AS http_status, NULL AS sent_at, NULL AS duration_ms
FROM (
    SELECT run.number, result.*, row.note, result.status IN ('rated', 'unrated') AS was_sent
    FROM run JOIN result ON result.run = repeats JOIN row ON row.run = repeats AND row.row = result.row
);
COMMIT;
PRAGMA user_version = 11;
