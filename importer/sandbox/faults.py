"""Fault scripts: which request goes wrong, and how.

    503x3      429:retry-after=2      reset@5      hang=5s%10      probe:503x2      read:html502/5

    script    = [target ":"] effect ["-after"] [times] [position] [option ...]
    target    = "rate" (the default; removing counts) | "probe" (account/test, GET /users/settings)
              | "read" (reading ratings back) | "token" (POST /oauth/token and /oauth/device/token)
              | "search" (GET /search/...)
    effect    = STATUS           e.g. 503, 429, 413, 302: this status with a line of plain text
              | "html" STATUS    a proxy's HTML page, e.g. html502, html200
              | "empty" STATUS   no body at all, e.g. empty200
              | "overcapacity"   503 with the documented JSON body (API page errors)
              | "reset"          the TCP connection is reset instead of an answer
              | "reset-reused"   the same, but only on a connection that has served a request before
              | "hang=" TIME     silence for 200ms, 5s, 1m; then the true answer, if the client still listens
              | "truncate"       the true answer, its JSON cut in the middle
              | "partial"        half of the promised bytes, then the connection closes
              | "close"          the true answer, then the server closes the connection without saying so
              | "large-headers"  the true answer with a Cache-Tag and a Content-Security-Policy of 11.5 kB
                                 each; large-headers=300kB: of 300 kB each
              | "unknown-encoding"   the true answer in a Content-Encoding that nobody knows
              | "broken-gzip"    the true answer, declared as gzip but not compressed
              | "same-page"      today's API, reading: the first page again, whichever was asked for
              | "overlap"        today's API, reading: the page begins half a page too early
              | "empty-list"     today's API, reading and search: [] beside the true page headers
              | "null-ids"       today's API, reading and search: ids are null, but for Trakt's own
              | "null-years"     today's API, reading and search: years are null
              | "null-ratings"   today's API, reading: ratings are null
              | "expire"         today's API: the access token of this request expires first, so 401
              | "notfound-without-ids"   today's API: the echo in not_found has no ids
              | "notfound-empty"         today's API: the echo in not_found is {}
              | "notfound-and-counted"   today's API: what was stored and counted stands in not_found as well
    times     = "x" N            at most N requests
    position  = "@" N            only request number N; with times: from number N on
              | "@" N "-" M      numbers N to M
              | "@" N "-"        number N and all that follow
              | "/" N            every N-th request
              | "%" P            P per cent of the requests (drawn with the seed, the same in every run)
    option    = ":retry-after=" SECONDS     (with a STATUS: 429:retry-after=2, html429:retry-after=4)
              | ":seed=" N                  (with "%" only)

Requests are counted from 1, for each target on its own, in the order of their arrival; requests that the
quota refuses are not counted. Without position and times a script fires once, at the next request: `reset`
is `resetx1`. Several scripts form a queue: each request gets the first script that matches it, so `503x2`
and `reset` spoil requests 1 and 2 and then 3. `%` and `/` have no end unless times are given.

The service does its work before a fault with `-after` (`reset-after`, `hang-after=5s`, `502-after`), and
before every fault that changes the true answer: the ratings are stored. Before all others nothing is
stored. The service itself carries out the effects of today's API, so they have no `-after`; the original
API ignores them.
"""

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from importer.sandbox.exchange import Target, Twist
from importer.sandbox.quota import parse_duration_seconds

_GRAMMAR = re.compile(
    r"""
    (?: (?P<target> rate|probe|read|token|search) : )?
    (?: (?P<effect> html|empty )? (?P<status> [2-5]\d\d )
      | (?P<named> [a-z-]+? ) )
    (?P<after> -after )?
    (?: = (?: (?P<duration> \d+ (?: \.\d+ )? (?: ms|s|m|h ) )
            | (?P<kilobytes> \d+ (?: \.\d+ )? ) kB ) )?
    (?: x (?P<times> [1-9]\d* ) )?
    (?: @ (?P<first> [1-9]\d* ) (?P<range> - (?P<last> [1-9]\d* )? )?
      | / (?P<every> [1-9]\d* )
      | % (?P<percent> \d+ (?: \.\d+ )? ) )?
    (?: : retry-after= (?P<retry_after> \d+ ) )?
    (?: : seed= (?P<seed> \d+ ) )?
    """,
    re.VERBOSE,
)


class Effect(StrEnum):
    """The effect of a fault."""

    STATUS = "status"
    HTML = "html"
    EMPTY = "empty"
    OVERCAPACITY = "overcapacity"
    RESET = "reset"
    RESET_REUSED = "reset-reused"
    HANG = "hang"
    TRUNCATE = "truncate"
    PARTIAL = "partial"
    CLOSE = "close"
    LARGE_HEADERS = "large-headers"
    UNKNOWN_ENCODING = "unknown-encoding"
    BROKEN_GZIP = "broken-gzip"
    TWIST = "twist"


_NAMED = {*Effect, *Twist} - {Effect.STATUS, Effect.HTML, Effect.EMPTY, Effect.TWIST}
_CHANGES_TRUE_ANSWER = {
    *(Effect.TRUNCATE, Effect.PARTIAL, Effect.CLOSE),
    *(Effect.LARGE_HEADERS, Effect.UNKNOWN_ENCODING, Effect.BROKEN_GZIP),
}
_TARGETS = {
    **{twist: {Target.READ} for twist in (Twist.SAME_PAGE, Twist.OVERLAP, Twist.NULL_RATINGS)},
    **{twist: {Target.READ, Target.SEARCH} for twist in (Twist.EMPTY_LIST, Twist.NULL_IDS, Twist.NULL_YEARS)},
    Twist.NOT_FOUND_WITHOUT_IDS: {Target.RATE},
    Twist.NOT_FOUND_EMPTY: {Target.RATE},
    Twist.NOT_FOUND_AND_COUNTED: {Target.RATE},
    Twist.EXPIRE: set(Target) - {Target.TOKEN},
}
_USUAL_HEADER_BYTES = 11_500
"""What was seen of Trakt's Cache-Tag in 2026, for 250 episodes."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One effect. With `after`, the service does its work first; with `twist`, it carries out the fault."""

    effect: Effect
    after: bool = False
    status: int = 0
    retry_after_seconds: int | None = None
    hang_seconds: float = 0
    header_bytes: int = _USUAL_HEADER_BYTES
    twist: Twist | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """The request numbers that a script matches."""

    first: int = 1
    last: int | None = None
    every: int = 1
    percent: float = 100
    seed: int = 0

    def holds(self, number: int) -> bool:
        """Whether this number is one of them. A draw depends on seed and number alone."""
        if number < self.first or (self.last is not None and number > self.last) or number % self.every:
            return False
        return self.percent >= 100 or random.Random(f"{self.seed}/{number}").random() * 100 < self.percent  # noqa: S311


@dataclass(slots=True)
class FaultScript:
    """One parsed script, and how often it may still fire (None: always)."""

    target: Target
    fault: Fault
    position: Position
    times_left: int | None

    def fires(self, number: int) -> bool:
        """Whether this request gets the fault. If so, that is counted."""
        if self.times_left == 0 or not self.position.holds(number):
            return False
        if self.times_left is not None:
            self.times_left -= 1
        return True


@dataclass(slots=True)
class Faults:
    """All scripts of a server, and the number of requests to each target."""

    scripts: list[FaultScript]
    _seen: dict[Target, int] = field(default_factory=dict)

    def next_fault(self, target: Target) -> Fault | None:
        """Count one request to this target and return its fault, if any."""
        number = self._seen[target] = self._seen.get(target, 0) + 1
        for script in self.scripts:
            if script.target is target and script.fires(number):
                return script.fault
        return None


def parse_faults(scripts: Iterable[str]) -> Faults:
    """Parse every script. Raises ValueError, which quotes the first wrong one."""
    return Faults([parse_fault(script) for script in scripts])


def parse_fault(script: str) -> FaultScript:
    """Parse one script of the grammar above. Raises ValueError."""
    match = _GRAMMAR.fullmatch(script)
    if match is None:
        raise ValueError(
            f"not a fault script: {script!r} (examples: 503x3, 429:retry-after=2, hang=5s, probe:503x2)"
        )
    part = match.groupdict()
    _refuse_nonsense(script, part)
    target = Target(part["target"] or Target.RATE)
    return FaultScript(target, _read_fault(part), _read_position(part), _read_times(part))


def _refuse_nonsense(script: str, part: dict[str, str | None]) -> None:
    """Refuse combinations that the pattern allows although they mean nothing."""
    wrong = _wrong_effect(part) or _wrong_position(part)
    if wrong is not None:
        raise ValueError(f"not a fault script: {script!r}: {wrong}")


def _wrong_effect(part: dict[str, str | None]) -> str | None:
    named, target = part["named"], Target(part["target"] or Target.RATE)
    if named is not None and named not in _NAMED:
        return "there is no such effect"
    if (part["kilobytes"] is not None) and named != "large-headers":
        return "only large-headers has a size (large-headers=300kB)"
    if (named == "hang") != (part["duration"] is not None):
        return "hang, and only hang, needs a time (hang=5s)"
    if part["effect"] is None and part["status"] is not None and part["status"].startswith("2"):
        return "a 2xx status alone is no fault (html200 and empty200 are)"
    if part["retry_after"] is not None and part["status"] is None:
        return "retry-after needs a status (429:retry-after=2)"
    if named in set(Twist) and part["after"]:
        return "it happens within the work, not after it"
    if named in set(Twist) and target not in _TARGETS[Twist(named)]:
        return f"it is only for {', '.join(sorted(_TARGETS[Twist(named)]))} (read:same-page)"
    return None


def _wrong_position(part: dict[str, str | None]) -> str | None:
    if part["seed"] is not None and part["percent"] is None:
        return "seed needs a percentage (reset%10:seed=7)"
    if part["range"] is not None and part["times"] is not None:
        return "give either a number of times or a range"
    if part["last"] is not None and int(part["last"]) < int(part["first"] or 1):
        return "the range ends before it begins"
    if part["percent"] is not None and not 0 < float(part["percent"]) <= 100:
        return "a percentage lies above 0 and up to 100"
    return None


def _read_fault(part: dict[str, str | None]) -> Fault:
    twist = Twist(part["named"]) if part["named"] in set(Twist) else None
    effect = Effect.TWIST if twist else Effect(part["named"] or part["effect"] or Effect.STATUS)
    # To change an answer there must be one, so the work is always done first.
    after = part["after"] is not None or effect in _CHANGES_TRUE_ANSWER
    return Fault(
        effect,
        after,
        status=503 if effect is Effect.OVERCAPACITY else int(part["status"] or 0),
        retry_after_seconds=int(part["retry_after"]) if part["retry_after"] else None,
        hang_seconds=parse_duration_seconds(part["duration"]) if part["duration"] else 0,
        header_bytes=int(float(part["kilobytes"]) * 1000) if part["kilobytes"] else _USUAL_HEADER_BYTES,
        twist=twist,
    )


def _read_position(part: dict[str, str | None]) -> Position:
    first = int(part["first"] or 1)
    last = int(part["last"]) if part["last"] else None
    # With times, a single number (`429x2@10`) is the first of them, not the only one.
    if part["first"] and not part["range"] and not part["times"]:
        last = first
    return Position(
        first, last, int(part["every"] or 1), float(part["percent"] or 100), int(part["seed"] or 0)
    )


def _read_times(part: dict[str, str | None]) -> int | None:
    if part["times"]:
        return int(part["times"])
    positioned = part["first"] or part["every"] or part["percent"]
    return None if positioned else 1
