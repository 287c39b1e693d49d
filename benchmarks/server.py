"""A server of both APIs that costs next to nothing, so that what is measured is the client.

A bare protocol on uvloop: it accepts every request, stores ratings of movies and returns them.
Prints its URL, and ends when its standard input closes: `python -m benchmarks.server`.
"""

import asyncio
import math
import sys
import time
from collections.abc import Callable
from typing import Any, cast

import orjson
import uvloop

_RATED_V1 = orjson.dumps(
    {
        "status": "success",
        "message": "rated Some Title (1999)",
        "type": "movie",
        "rating": 8,
        "ratings": {"percentage": 93, "votes": 120, "loved": 112, "hated": 8},
        **dict.fromkeys(("facebook", "twitter", "tumblr", "path"), False),
    }
)
_ACTIVITIES = orjson.dumps(
    {kind: {"rated_at": "2026-11-30T03:00:00.000Z"} for kind in ("movies", "shows", "seasons", "episodes")}
)
_BEARER = b"authorization: bearer "
_NOT_FOUND: dict[str, list[object]] = {"movies": [], "shows": [], "seasons": [], "episodes": []}


class Account:
    """The ratings, which are everybody's, and the arrival of each POST of one."""

    def __init__(self) -> None:
        self.movies: dict[str, tuple[int, str | None]] = {}
        self.arrivals: list[float] = []

    def answer(self, method: str, path: str, body: bytes, head: bytes) -> bytes:
        """Answer one request."""
        path, _, query = path.partition("?")
        if method == "GET":
            return self._answer_get(path, query, head)
        place = next(place for start, place in _POSTS.items() if path.startswith(start))
        return place(self, body)

    def rate_one(self, body: bytes) -> bytes:
        """`rate/movie` of v1."""
        self.arrivals.append(time.monotonic())
        item = orjson.loads(body)
        self.movies[item["imdb_id"]] = (item["rating"], None)
        return _build_answer(_RATED_V1)

    def rate_some(self, body: bytes) -> bytes:
        """`rate/movies` of v1."""
        self.arrivals.append(time.monotonic())
        for item in orjson.loads(body)["movies"]:
            self.movies[item["imdb_id"]] = (item["rating"], None)
        return _build_answer(b'{"status":"success","message":"rated","skipped":0}')

    def add(self, body: bytes) -> bytes:
        """`/sync/ratings` of v2."""
        self.arrivals.append(time.monotonic())
        items = orjson.loads(body)["movies"]
        for item in items:
            self.movies[item["ids"]["imdb"]] = (item["rating"], item.get("rated_at"))
        added = {"movies": len(items), "shows": 0, "seasons": 0, "episodes": 0}
        return _build_answer(orjson.dumps({"added": added, "not_found": _NOT_FOUND}), status=b"201 Created")

    def show_all(self, _: bytes) -> bytes:
        """`user/ratings/movies` of v1."""
        return _build_answer(
            orjson.dumps(
                [
                    {"title": "", "year": 0, "imdb_id": imdb_id, "tmdb_id": "", "rating_advanced": rating}
                    for imdb_id, (rating, _) in self.movies.items()
                ]
            )
        )

    def test(self, _: bytes) -> bytes:
        """`account/test` of v1."""
        return _build_answer(b'{"status":"success","message":"all good"}')

    def _answer_get(self, path: str, query: str, head: bytes) -> bytes:
        if path == "/arrivals":
            return _build_answer(orjson.dumps(self.arrivals))
        if path == "/users/settings":
            return _build_answer(_build_user(head))
        if path == "/sync/last_activities":
            return _build_answer(_ACTIVITIES)
        asked = dict(pair.split("=") for pair in query.split("&"))
        page, limit = int(asked["page"]), int(asked["limit"])
        if path not in {"/sync/ratings/movies", "/sync/ratings/all"}:
            return _build_page([], 1, 0)
        first = (page - 1) * limit
        chosen = list(self.movies.items())[first : first + limit]
        entries = [
            {"rated_at": rated_at, "rating": rating, "type": "movie", "movie": {"ids": {"imdb": imdb_id}}}
            for imdb_id, (rating, rated_at) in chosen
        ]
        return _build_page(entries, limit, len(self.movies))


_POSTS: dict[str, Callable[[Account, bytes], bytes]] = {
    "/sync/ratings": Account.add,
    "/rate/movies": Account.rate_some,
    "/rate/movie": Account.rate_one,
    "/user/ratings/movies": Account.show_all,
    "/account/test": Account.test,
}


def _build_user(head: bytes) -> bytes:
    """Everybody is called as their token."""
    token = head[head.lower().find(_BEARER) + len(_BEARER) :].partition(b"\r")[0].decode()
    return orjson.dumps({"user": {"username": token, "name": token, "vip": True}})


def _build_page(entries: list[dict[str, Any]], limit: int, count: int) -> bytes:
    pages = math.ceil(count / limit)
    head = b"X-Pagination-Page-Count: %d\r\nX-Pagination-Item-Count: %d\r\n" % (pages, count)
    return _build_answer(orjson.dumps(entries), more=head)


def _build_answer(body: bytes, *, status: bytes = b"200 OK", more: bytes = b"") -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n%b" % (
        status,
        more,
        len(body),
        body,
    )


class Connection(asyncio.Protocol):
    """One kept-alive connection; knows just as much HTTP as its clients here speak."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport for the answers."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by name

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            _, found, length = head.lower().partition(b"content-length:")
            whole = end + 4 + (int(length.partition(b"\r")[0]) if found else 0)
            if len(self._buffer) < whole:
                return
            method, path, _ = head.partition(b"\r\n")[0].decode().split(" ")
            body, self._buffer = self._buffer[end + 4 : whole], self._buffer[whole:]
            self._transport.write(self._account.answer(method, path, body, head))


async def main() -> None:
    account, loop, closed = Account(), asyncio.get_running_loop(), asyncio.Event()
    server = await loop.create_server(lambda: Connection(account), "127.0.0.1", 0)
    loop.add_reader(sys.stdin.fileno(), closed.set)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await closed.wait()


if __name__ == "__main__":
    uvloop.run(main())
