"""The yardsticks: public libraries in their simplest use, without the importer."""

import asyncio
import csv
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import aiohttp
import orjson
import pandas as pd
import uvloop

from benchmarks.children import Figures, measure

COLUMNS = ["Const", "Your Rating", "Date Rated", "Title", "Title Type", "Year"]
RESULTS = (
    "SELECT row, line, status, reason, message, kind, title, year, season, episode, imdb_id, tmdb_id,"
    " tvdb_id, trakt_id, rating, rated_at, previous_rating, attempts, http_status, sent_at, duration_ms"
    " FROM result ORDER BY row"
)
BLOCK_ROWS = 1000


def send_single(file: str, url: str, connections: int) -> Figures:
    """A bare aiohttp loop: a `rate/movie` for each row."""
    bodies = [
        orjson.dumps(
            {
                "rating": int(row["Your Rating"]),
                "imdb_id": row["Const"],
                "title": row["Title"],
                "year": int(row["Year"]),
                "username": "demo",
                "password": "89e495e7941cf9e40e6980d14a16bf023ccd4c91",
            }
        )
        for row in _read_rows(file)
    ]
    return measure(lambda: uvloop.run(_post_all(f"{url}/rate/movie/sandbox-key", bodies, connections)))


def send_batches(file: str, url: str, connections: int) -> Figures:
    """A bare aiohttp loop: a `sync/ratings` for each hundred rows."""
    items = (
        {
            "ids": {"imdb": row["Const"]},
            "rating": int(row["Your Rating"]),
            "rated_at": f"{row['Date Rated']}T12:00:00.000Z",
        }
        for row in _read_rows(file)
    )
    bodies = [orjson.dumps({"movies": batch}) for batch in iter(lambda: list(islice(items, 100)), [])]
    return measure(lambda: uvloop.run(_post_all(f"{url}/sync/ratings", bodies, connections)))


async def _post_all(url: str, bodies: Iterable[bytes], connections: int) -> None:
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections), headers={"Content-Type": "application/json"}
    ) as session:
        waiting = iter(bodies)

        async def work() -> None:
            for body in waiting:
                async with session.post(url, data=body) as answer:
                    await answer.read()
                    assert answer.ok

        await asyncio.gather(*(work() for _ in range(connections)))


def _read_rows(file: str) -> Iterator[dict[str, str]]:
    with Path(file).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def read_with_pandas(file: str) -> Figures:
    """`pandas.read_csv` of the needed columns as strings."""
    return measure(lambda: pd.read_csv(file, usecols=COLUMNS, dtype=str, keep_default_na=False))


def write_with_csv(state: str) -> Figures:
    """`csv.writer` fed with the same rows, straight from the journal; and how long the writing alone took."""
    alone = 0.0
    (journal,) = (Path(state) / "journals").glob("*.sqlite3")

    def write() -> None:
        nonlocal alone
        with (
            closing(sqlite3.connect(journal)) as database,
            (Path(state) / "plain.csv").open("w", encoding="utf-8", newline="") as file,
        ):
            writer = csv.writer(file)
            found = database.execute(RESULTS)
            while rows := found.fetchmany(BLOCK_ROWS):
                begun = time.perf_counter()
                writer.writerows(rows)
                alone += time.perf_counter() - begun

    return measure(write) | {"writing_alone_seconds": alone}
