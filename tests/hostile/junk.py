"""Answers that no API gives: JSON of any kind and shape, cut anywhere, under any header."""

import orjson
from hypothesis import strategies as st

from importer.errors import ConnectionLostError, Loss
from importer.http import Response

DEEP = 1020
"""How deeply an answer may be nested before the parser refuses it (1024): deeper than Python may recurse."""

_FIELDS = st.sampled_from(
    [
        *(
            "status",
            "error",
            "message",
            "skipped",
            "rated",
            "rating",
            "rating_advanced",
            "rated_at",
            "inserted",
        ),
        *("title", "year", "imdb_id", "tmdb_id", "tvdb_id", "ids", "imdb", "tmdb", "trakt", "slug"),
        *("movie", "show", "season", "episode", "number", "movies", "shows", "seasons", "episodes"),
        *("added", "deleted", "updated", "existing", "not_found", "people"),
        *("access_token", "refresh_token", "expires_in", "created_at", "token_type", "scope"),
        *("device_code", "user_code", "verification_url", "interval", "user", "username", "name", "vip"),
    ]
)
_WORDS = st.sampled_from(
    [
        *(
            "success",
            "failure",
            "movie not found",
            "failed authentication",
            "invalid API key",
            "love",
            "hate",
        ),
        *(
            "tt0111161",
            "2014-09-01T12:00:00.000Z",
            "2014-09-01",
            "0001-01-01T00:00:00+14:00",
            "true",
            "9",
            "",
        ),
        *("https://trakt.tv/activate", "5055CC52", "\x1b]0;x\x07", "\u202e", "a b", "ü", "\x00", "9" * 400),
    ]
)
_ODD_NUMBERS = st.sampled_from(
    ["1e400", "-1e400", "NaN", "Infinity", "-Infinity", "9" * 30, "-0", "1e-400", "0.1e1", "01", str(2**64)]
)
_ODD_TEXTS = st.sampled_from(['"\\ud800"', '"\\udfff\\ud800"', '"\\u0000"', '"\x01"', '"', "'a'", '"\\x"'])
_LEAVES = (
    st.sampled_from(["null", "true", "false", "{}", "[]", "1", "8", "100"])
    | st.integers(-(2**70), 2**70).map(str)
    | st.floats().map(str)
    | (_WORDS | st.text(max_size=6)).map(lambda text: orjson.dumps(text).decode())
    | _ODD_NUMBERS
    | _ODD_TEXTS
)


def _array(items: list[str]) -> str:
    return f"[{','.join(items)}]"


def _object(pairs: list[tuple[str, str]]) -> str:
    # Written by hand, so that a key may stand there twice.
    return "{" + ",".join(f'"{key}":{value}' for key, value in pairs) + "}"


def _bury(text: str) -> str:
    return "[" * DEEP + text + "]" * DEEP


JSON_TEXTS = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4).map(_array)
        | st.lists(st.tuples(_FIELDS, inner), max_size=6).map(_object)
        | inner.map(_bury)
    ),
    max_leaves=25,
)

STATUSES = st.sampled_from([200, 201, 204, 400, 401, 403, 404, 409, 420, 429, 500, 503]) | st.integers(0, 999)

_HEADER_VALUES = (
    st.text()
    | st.from_regex(r"[0-9]+(\.[0-9]+)?", fullmatch=True)
    | st.sampled_from(
        [
            *("0", "9" * 5000, "٣", "²", "-1", "1e9", "inf", "nan", "\x1b[2J", "\udc80", "0x10", "1_0", "+5"),
            *("Mon, 01 Jan 2024 00:00:00 GMT", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"),
            *("Wed, 3 Apr 2002 12.34.56.78 +0800", "0 Jan 0 0:0:0 +9999", "Mon, 01 Jan 0001 00:00:00 +1400"),
            *("https://trakt.tv/vip", "https://trakt.tv/vip?token=", "https://evil.example.org/\x1b[2J"),
            *("text/html", '{"limit":10,"period":300,"remaining":0,"until":"2024-01-01T00:00:00Z"}'),
        ]
    )
)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            *("Retry-After", "Date", "Content-Type", "X-Ratelimit", "X-Account-Limit", "X-Upgrade-URL"),
            *("X-Pagination-Page-Count", "X-Pagination-Item-Count", "Location"),
        ]
    ),
    _HEADER_VALUES,
    max_size=4,
)


def answers(valid: list[bytes]) -> st.SearchStrategy[Response | ConnectionLostError]:
    """Any answer, or one of these cut off, spoilt by one byte, or with junk in the place of a value."""
    whole = st.sampled_from(valid)

    @st.composite
    def spoilt(draw: st.DrawFn) -> bytes:
        body = draw(whole)
        place = draw(st.integers(0, len(body) - 1))
        match draw(st.integers(0, 3)):
            case 0:
                return body[:place]
            case 1:
                return body[:place] + draw(st.binary(min_size=1, max_size=2)) + body[place + 1 :]
            case 2:
                return body + draw(st.binary(max_size=3))
            case _:
                head, colon, tail = body.partition(b":")
                end = max(tail.find(b","), 0) or len(tail.rstrip(b"}]"))
                return head + colon + draw(JSON_TEXTS).encode(errors="surrogatepass") + tail[end:]

    bodies = (
        whole
        | spoilt()
        | JSON_TEXTS.map(lambda text: text.encode(errors="surrogatepass"))
        | st.binary(max_size=50)
    )
    lost = st.sampled_from(Loss).map(lambda loss: ConnectionLostError(loss, "as it happens"))
    return st.builds(Response, STATUSES, HEADERS, bodies) | lost
