-- From a version before 12, whose rows had their states in them, and whose table `row` is called `old_row` here.

INSERT INTO row (
    id, line, kind, title, year, season, episode, imdb_id, tmdb_id, tvdb_id, trakt_id, rating, rated_at,
    second_kind, note
) SELECT
    (run << 32) + row, line, kind, title, year, season, episode, imdb_id, tmdb_id, tvdb_id, trakt_id, rating, rated_at,
    second_kind, note
FROM old_row;

INSERT INTO previous SELECT run, row, previous_rating, previous_rated_at, previous_known FROM old_row
WHERE previous_known <> 1 OR previous_rating IS NOT NULL OR previous_rated_at IS NOT NULL;

-- The view says these words now.
UPDATE old_row SET message = ltrim(substr(message, iif(rating = 0, 8, 9)), '; ')
WHERE run IN (SELECT number FROM run WHERE undo_of IS NOT NULL) AND status IN ('rated', 'unrated')
    AND message GLOB iif(rating = 0, 'removed', 'restored') || '*';

INSERT INTO state (
    run, first_row, last_row, is_claimed, status, reason, message, attempts, http_status, sent_at, duration_ms, carried
) SELECT
    run, min(row), max(row), is_claimed, status, reason, message, attempts, http_status, sent_at, duration_ms, carried
FROM (
    -- Neighbours with one state have one place.
    SELECT *, row - row_number() OVER (
        PARTITION BY
            run, is_claimed, status, reason, message, attempts, http_status, sent_at, duration_ms, carried
        ORDER BY row
    ) AS place
    FROM (
        SELECT *, status IS NULL AND ifnull((
            SELECT last_row >= old_row.row FROM claim
            WHERE claim.run = old_row.run AND first_row <= old_row.row ORDER BY first_row DESC LIMIT 1
        ), 0) AS is_claimed
        FROM old_row
    )
)
GROUP BY run, place, is_claimed, status, reason, message, attempts, http_status, sent_at, duration_ms, carried;

INSERT INTO state (
    run, first_row, last_row, is_claimed, status, reason, message, carried
) SELECT
    number, first_row, last_row, 0,
    iif(was_sent, 'unchanged', status),
    iif(was_sent, 'known_from_journal', reason),
    iif(was_sent, 'an earlier run sent this very rating', message), 0
FROM (
    SELECT number, state.*, status IN ('rated', 'unrated') AS was_sent
    FROM run JOIN state ON state.run = repeats
);

DROP TABLE old_row;
DROP TABLE claim;

-- The keys of IMDb ids are these ids.
UPDATE known SET title_key = substr(title_key, 6) WHERE title_key GLOB 'imdb:*';
UPDATE doubted SET title_key = substr(title_key, 6) WHERE title_key GLOB 'imdb:*';
