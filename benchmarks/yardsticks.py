"""The yardsticks: public libraries in their simplest use, without the importer."""

import asyncio
import csv
import datetime as dt
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pandas as pd
import uvloop
from pydantic import BaseModel, Field
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_exponential

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


class TypicalRating(BaseModel):
    """A row of the export, as such a script would check it."""

    imdb_id: str = Field(alias="Const")
    rating: int = Field(alias="Your Rating", ge=1, le=10)
    rated_at: dt.date = Field(alias="Date Rated")
    title: str = Field(alias="Title")
    year: int = Field(alias="Year")

    def dump(self) -> dict[str, Any]:
        """The rating as an item of `sync/ratings`."""
        moment = f"{self.rated_at}T12:00:00.000Z"
        return {"ids": {"imdb": self.imdb_id}, "rating": self.rating, "rated_at": moment}


def send_single_typically(file: str, url: str, connections: int) -> Figures:
    """The script that people write: from the file to a list of results, a `rate/movie` for each row."""
    who = {"username": "demo", "password": "89e495e7941cf9e40e6980d14a16bf023ccd4c91"}

    def build(rows: list[TypicalRating]) -> Iterator[tuple[list[TypicalRating], dict[str, Any]]]:
        for row in rows:
            yield [row], row.model_dump(exclude={"rated_at"}) | who

    return measure(
        lambda: uvloop.run(_send_typically(file, f"{url}/rate/movie/sandbox-key", build, connections))
    )


def send_batches_typically(file: str, url: str, connections: int) -> Figures:
    """The same with a `sync/ratings` for each hundred rows."""

    def build(rows: list[TypicalRating]) -> Iterator[tuple[list[TypicalRating], dict[str, Any]]]:
        for start in range(0, len(rows), 100):
            some = rows[start : start + 100]
            yield some, {"movies": [row.dump() for row in some]}

    return measure(lambda: uvloop.run(_send_typically(file, f"{url}/sync/ratings", build, connections)))


async def _send_typically(
    file: str,
    url: str,
    build: Callable[[list[TypicalRating]], Iterator[tuple[list[TypicalRating], dict[str, Any]]]],
    connections: int,
) -> None:
    """No journal, no comparison with the account, no pace, and results in the order of the answers."""
    rows = [TypicalRating.model_validate(row) for row in _read_rows(file)]
    results: list[tuple[str, str, int, int]] = []
    semaphore = asyncio.Semaphore(connections)

    @retry(
        stop=stop_after_attempt(5),
        wait=wait_exponential(),
        retry=retry_if_exception_type((aiohttp.ClientError, TimeoutError)),
    )
    async def post(session: aiohttp.ClientSession, body: dict[str, Any]) -> int:
        async with session.post(url, json=body) as answer:
            answer.raise_for_status()
            await answer.json()
            return answer.status

    async def rate(session: aiohttp.ClientSession, some: list[TypicalRating], body: dict[str, Any]) -> None:
        async with semaphore:
            status = await post(session, body)
        results.extend((row.imdb_id, row.title, row.rating, status) for row in some)

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(rate(session, some, body) for some, body in build(rows)))
    with Path(file).with_suffix(".results.csv").open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows(results)


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


def read_with_csv(file: str) -> Figures:
    """Read a table row by row, and keep none."""

    def read() -> None:
        with Path(file).open(encoding="utf-8", newline="") as source:
            deque(csv.reader(source), maxlen=0)

    return measure(read)


def copy_with_csv(file: str, into: str) -> Figures:
    """Read a table and write it again, row by row."""

    def copy() -> None:
        with (
            Path(file).open(encoding="utf-8", newline="") as source,
            Path(into).open("w", encoding="utf-8", newline="") as copied,
        ):
            csv.writer(copied).writerows(csv.reader(source))

    return measure(copy)
