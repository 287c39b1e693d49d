"""The grammar of fault scripts, and which requests they hit. No server needed."""

import pytest

from importer.sandbox.exchange import Target, Twist
from importer.sandbox.faults import Effect, Fault, parse_fault, parse_faults

HITS_OF_12 = [
    ("503", [1]),
    ("503x3", [1, 2, 3]),
    ("503@5", [5]),
    ("503@5-8", [5, 6, 7, 8]),
    ("503@9-", [9, 10, 11, 12]),
    ("429x2@10", [10, 11]),
    ("502/5", [5, 10]),
    ("502x1/5", [5]),
    ("502/1", list(range(1, 13))),
    ("reset%100", list(range(1, 13))),
]


@pytest.mark.parametrize(("script", "hits"), HITS_OF_12)
def test_a_position_says_which_requests_are_hit(script: str, hits: list[int]) -> None:
    faults = parse_faults([script])
    assert [n for n in range(1, 13) if faults.next_fault(Target.RATE)] == hits


MEANINGS = [
    ("503", Fault(Effect.STATUS, status=503)),
    ("413", Fault(Effect.STATUS, status=413)),
    ("302", Fault(Effect.STATUS, status=302)),
    ("502-after", Fault(Effect.STATUS, after=True, status=502)),
    ("429:retry-after=2", Fault(Effect.STATUS, status=429, retry_after_seconds=2)),
    ("429x3@2:retry-after=0", Fault(Effect.STATUS, status=429, retry_after_seconds=0)),
    ("html502", Fault(Effect.HTML, status=502)),
    ("html429:retry-after=4", Fault(Effect.HTML, status=429, retry_after_seconds=4)),
    ("empty503x2:retry-after=1", Fault(Effect.EMPTY, status=503, retry_after_seconds=1)),
    ("expire@3", Fault(Effect.TWIST, twist=Twist.EXPIRE)),
    ("notfound-without-ids/2", Fault(Effect.TWIST, twist=Twist.NOT_FOUND_WITHOUT_IDS)),
    ("html200", Fault(Effect.HTML, status=200)),
    ("empty200", Fault(Effect.EMPTY, status=200)),
    ("overcapacity", Fault(Effect.OVERCAPACITY, status=503)),
    ("reset", Fault(Effect.RESET)),
    ("reset-after", Fault(Effect.RESET, after=True)),
    ("hang=5s", Fault(Effect.HANG, hang_seconds=5)),
    ("hang=200msx2", Fault(Effect.HANG, hang_seconds=0.2)),
    ("hang-after=1.5m@3", Fault(Effect.HANG, after=True, hang_seconds=90)),
    ("truncate", Fault(Effect.TRUNCATE, after=True)),
    ("partial", Fault(Effect.PARTIAL, after=True)),
    ("close/1", Fault(Effect.CLOSE, after=True)),
    ("reset-reused/1", Fault(Effect.RESET_REUSED)),
    ("large-headers", Fault(Effect.LARGE_HEADERS, after=True, header_bytes=11_500)),
    ("read:large-headers=300kB@2", Fault(Effect.LARGE_HEADERS, after=True, header_bytes=300_000)),
    ("unknown-encoding", Fault(Effect.UNKNOWN_ENCODING, after=True)),
    ("broken-gzip", Fault(Effect.BROKEN_GZIP, after=True)),
    ("read:same-page@2", Fault(Effect.TWIST, twist=Twist.SAME_PAGE)),
    ("search:null-years", Fault(Effect.TWIST, twist=Twist.NULL_YEARS)),
]


@pytest.mark.parametrize(("script", "fault"), MEANINGS)
def test_an_effect_says_what_goes_wrong(script: str, fault: Fault) -> None:
    assert parse_fault(script).fault == fault


@pytest.mark.parametrize(
    ("script", "target"),
    [
        ("503", Target.RATE),
        ("rate:503", Target.RATE),
        ("probe:503x2", Target.PROBE),
        ("read:reset", Target.READ),
        ("read:expire", Target.READ),
        ("token:reset-after", Target.TOKEN),
        ("search:html503", Target.SEARCH),
        ("notfound-without-ids", Target.RATE),
    ],
)
def test_a_target_is_counted_on_its_own(script: str, target: Target) -> None:
    faults = parse_faults([script])
    for other in Target:
        assert (faults.next_fault(other) is not None) == (other is target)


WRONG = [
    "",
    "503 ",
    "x3",
    "503x0",
    "503x",
    "503@0",
    "503@8-5",
    "503x2@5-8",
    "503/0",
    "503%0",
    "503%101",
    "503%10x2",
    "503@5/2",
    "99",
    "100",
    "200",
    "204",
    "600",
    "html",
    "html99",
    "overcapacity502",
    "hang",
    "hang=5",
    "hang=s",
    "hang=5d",
    "reset=5s",
    "503=5s",
    "reset:retry-after=2",
    "429:retry-after=",
    "429:retry-after=-1",
    "429:retry-after=soon",
    "503:seed=7",
    "reset%10:seed=x",
    "reset%10:seed=7:seed=8",
    "write:503",
    "expire-after",
    "expire:retry-after=2",
    "token:expire",
    "notfound-without-ids-after",
    "read:notfound-without-ids",
    "notfound",
    "same-page",
    "search:overlap",
    "probe:null-ids",
    "read:notfound-empty",
    "read:notfound-and-counted",
    "search:null-ratings",
    "read:overlap-after",
    "large-headers=5s",
    "hang=5kB",
    "reset=5kB",
    "twist",
    "status",
    "empty",
    "probe:",
    "RESET",
    "reset,503",
    "٥٠٣",
]


@pytest.mark.parametrize("script", WRONG)
def test_a_script_outside_the_grammar_is_refused_and_quoted(script: str) -> None:
    with pytest.raises(ValueError, match=r"not a fault script") as caught:
        parse_fault(script)
    assert repr(script) in str(caught.value)


def test_scripts_queue_up_behind_each_other() -> None:
    faults = parse_faults(["503x2", "reset", "404@2"])
    hits = [faults.next_fault(Target.RATE) for _ in range(4)]
    assert [it and (it.effect, it.status) for it in hits] == [
        (Effect.STATUS, 503),
        (Effect.STATUS, 503),
        (Effect.RESET, 0),
        None,
    ]


def hits_of(script: str, requests: int = 2000) -> list[int]:
    faults = parse_faults([script])
    return [n for n in range(requests) if faults.next_fault(Target.RATE)]


def test_a_percentage_is_kept_and_repeats_with_its_seed() -> None:
    assert 150 < len(hits_of("reset%10")) < 250
    assert hits_of("reset%10:seed=7") == hits_of("reset%10:seed=7")
    assert hits_of("reset%10:seed=7") != hits_of("reset%10:seed=8")
    assert hits_of("resetx3%10:seed=7") == hits_of("reset%10:seed=7")[:3]
    assert 0 < len(hits_of("reset%0.5")) < 40
