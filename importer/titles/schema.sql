-- The title index. An id is the number of an IMDb id: 113277 is tt0113277.

CREATE TABLE made (what TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE type (number INTEGER PRIMARY KEY, word TEXT NOT NULL);

-- All titles but episodes. `names` are the normal forms of all its names, a line for each, of those that can
-- be rated; `original` is NULL where it is the title. `votes` is NULL where no file of ratings was read.
CREATE TABLE title (
    id INTEGER PRIMARY KEY,
    type INTEGER NOT NULL,
    year INTEGER,
    votes INTEGER,
    title TEXT NOT NULL,
    original TEXT,
    names TEXT
);

CREATE TABLE episode (id INTEGER PRIMARY KEY, show INTEGER, season INTEGER, number INTEGER);

-- From the hash of a normal form to the titles of this name: a third of the size of the form itself. By year (0 if
-- there is none), since hundreds of titles share some names.
CREATE TABLE name (hash INTEGER, year INTEGER, title INTEGER, PRIMARY KEY (hash, year, title)) WITHOUT ROWID;

-- The words of all names and the year ("1995y"), for names that are nearly the same. Its rowid is the title.
CREATE VIRTUAL TABLE near USING fts5 (
    words, content = '', detail = none, columnsize = 0,
    tokenize = "unicode61 remove_diacritics 0 categories 'L* N* M* Co'"
);

-- All words with the number of titles, to be found by their first or last half.
CREATE TABLE word (word TEXT PRIMARY KEY, titles INTEGER NOT NULL, last_half TEXT NOT NULL) WITHOUT ROWID;
