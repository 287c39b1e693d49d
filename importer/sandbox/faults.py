"""Fault scripts: which request goes wrong, and how. Parses them and decides; `misbehave.py` carries it out.

    script    = [target ":"] effect ["-after"] [times] [position] [option ...]
    target    = "rate" (the default; removing counts) | "probe" (account test; v2: GET /users/settings)
              | "read" (reading ratings back) | "token" (POST /oauth/token and /oauth/device/token)
              | "search" (GET /search/...)
    effect    = STATUS           e.g. 503, 429, 413, 302: this status with a line of plain text
              | "html" STATUS    a proxy's HTML page, e.g. html502, html200
              | "empty" STATUS   no body at all, e.g. empty200
              | "overcapacity"   503 with the documented JSON body (API page errors)
              | "reset"          the TCP connection is reset instead of an answer
              | "hang=" TIME     silence for 200ms, 5s, 1m; then the true answer, if the client still listens
              | "truncate"       the true answer, its JSON cut in the middle
              | "partial"        half of the promised bytes, then the line drops
              | "expire"         v2: the access token of this request has expired from now on, hence 401
              | "notfound-without-ids"   v2: what was not found is echoed without its ids
    times     = "x" N            at most N requests
    position  = "@" N            only request number N; with times: from number N on
              | "@" N "-" M      numbers N to M
              | "@" N "-"        number N and all that follow
              | "/" N            every N-th request
              | "%" P            P per cent of the requests (drawn with the seed, the same in every run)
    option    = ":retry-after=" SECONDS     (with a STATUS: 429:retry-after=2, html429:retry-after=4)
              | ":seed=" N                  (with "%" only)

Requests are counted from 1, for each target on its own, in the order of their arrival; those that the
quota refuses are not counted. Without position and times a script fires once, at the next request: `reset`
is `resetx1`. Several scripts stand in a queue: for each request the first that wants it gets it, so
`503x2` and then `reset` spoil requests 1 and 2 and then 3. The position of `%` and `/` has no end unless
times are given.

The API does its work before a fault with `-after` (`reset-after`, `hang-after=5s`, `502-after`), and before
`truncate` and `partial`: the ratings are stored. Before all others nothing is stored. `expire` and
`notfound-without-ids` are no faults of the line, so they have no `-after`; v1 has no tokens and no echo and
does as ever.
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
      | (?P<named> overcapacity|reset|truncate|partial|hang|expire|notfound-without-ids ) )
    (?P<after> -after )?
    (?: = (?P<duration> \d+ (?: \.\d+ )? (?: ms|s|m|h ) ) )?
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
    """What goes wrong."""

    STATUS = "status"
    HTML = "html"
    EMPTY = "empty"
    OVERCAPACITY = "overcapacity"
    RESET = "reset"
    HANG = "hang"
    TRUNCATE = "truncate"
    PARTIAL = "partial"
    EXPIRE = "expire"
    NOT_FOUND_WITHOUT_IDS = "notfound-without-ids"


_TWISTS = {Effect(twist.value): twist for twist in Twist}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing going wrong. With `after`, the API has done its work before it does."""

    effect: Effect
    after: bool = False
    status: int = 0
    retry_after_seconds: int | None = None
    hang_seconds: float = 0

    @property
    def twist(self) -> Twist | None:
        """What the API itself does for this fault; None for those that `misbehave.py` carries out."""
        return _TWISTS.get(self.effect)


@dataclass(frozen=True, slots=True)
class Position:
    """Which request numbers a script wants, as long as it may still fire."""

    first: int = 1
    last: int | None = None
    every: int = 1
    percent: float = 100
    seed: int = 0

    def holds(self, number: int) -> bool:
        """Whether this request number is one of them; seed and number alone decide a draw."""
        if number < self.first or (self.last is not None and number > self.last) or number % self.every:
            return False
        return self.percent >= 100 or random.Random(f"{self.seed}/{number}").random() * 100 < self.percent  # noqa: S311


@dataclass(slots=True)
class FaultScript:
    """One parsed script: what, where, and how often it may still happen (None: for ever)."""

    target: Target
    fault: Fault
    position: Position
    times_left: int | None

    def fires(self, number: int) -> bool:
        """Whether this request gets the fault; if so, that was one of its times."""
        if self.times_left == 0 or not self.position.holds(number):
            return False
        if self.times_left is not None:
            self.times_left -= 1
        return True


@dataclass(slots=True)
class Faults:
    """All scripts of a server, and how many requests each target has seen."""

    scripts: list[FaultScript]
    _seen: dict[Target, int] = field(default_factory=dict)

    def next_fault(self, target: Target) -> Fault | None:
        """Count one request to this target and say what goes wrong with it, if anything."""
        number = self._seen[target] = self._seen.get(target, 0) + 1
        for script in self.scripts:
            if script.target is target and script.fires(number):
                return script.fault
        return None


def parse_faults(scripts: Iterable[str]) -> Faults:
    """Parse every script; the first that is wrong raises a ValueError that quotes it."""
    return Faults([parse_fault(script) for script in scripts])


def parse_fault(script: str) -> FaultScript:
    """Parse one script of the grammar in this module's docstring."""
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
    """What the pattern lets through although it means nothing."""
    wrong = _wrong_effect(part) or _wrong_position(part)
    if wrong is not None:
        raise ValueError(f"not a fault script: {script!r}: {wrong}")


def _wrong_effect(part: dict[str, str | None]) -> str | None:
    named, target = part["named"], part["target"] or Target.RATE
    if (named == "hang") != (part["duration"] is not None):
        return "hang, and only hang, needs a time (hang=5s)"
    if part["effect"] is None and part["status"] is not None and part["status"].startswith("2"):
        return "a 2xx status alone is no fault (html200 and empty200 are)"
    if part["retry_after"] is not None and part["status"] is None:
        return "retry-after needs a status (429:retry-after=2)"
    if named in set(Twist) and part["after"]:
        return "it happens within the work, not after it"
    if named == Twist.EXPIRE and target == Target.TOKEN:
        return "these calls carry no access token that could expire"
    if named == Twist.NOT_FOUND_WITHOUT_IDS and target != Target.RATE:
        return "only ratings have such an echo"
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
    effect = Effect(part["named"] or part["effect"] or Effect.STATUS)
    # A cut answer needs an answer to cut, so the work is always done first.
    after = part["after"] is not None or effect in {Effect.TRUNCATE, Effect.PARTIAL}
    return Fault(
        effect,
        after,
        status=503 if effect is Effect.OVERCAPACITY else int(part["status"] or 0),
        retry_after_seconds=int(part["retry_after"]) if part["retry_after"] else None,
        hang_seconds=parse_duration_seconds(part["duration"]) if part["duration"] else 0,
    )


def _read_position(part: dict[str, str | None]) -> Position:
    first = int(part["first"] or 1)
    last = int(part["last"]) if part["last"] else None
    # A single number with times (`429x2@10`) is where the times begin, not the only place.
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
