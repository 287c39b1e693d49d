"""The rows of the table: the work, its yardstick, and the target.

A row prepares its files once, and then yields rounds without end; a round measures both sides, one right
after the other, so that a slow moment of the machine slows down both.
"""

import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

from benchmarks.children import (
    IMPORTER,
    ROOT,
    Figures,
    build_environment,
    run_child,
    running_sandbox,
    running_server,
)
from benchmarks.exports import write_dump, write_export
from benchmarks.row import Round, Rounds, Row
from benchmarks.warm import run_warm


def _import(file: Path, to: str, state: Path, *, verifies: bool = False) -> Figures:
    state.mkdir()
    with running_server() as url:
        return run_child(
            "work", "import_ratings", file=str(file), to=to, url=url, state=str(state), verifies=verifies
        )


def _send_bare(file: Path, function: str, connections: int) -> Figures:
    with running_server() as url:
        return run_child("yardsticks", function, file=str(file), url=url, connections=connections)


def _states(folder: Path) -> Iterator[Path]:
    """A new place for a journal each time; the one before is removed."""
    state = folder / "state"
    while True:
        shutil.rmtree(state, ignore_errors=True)
        yield state


def send_single(folder: Path, size: float, *, verifies: bool = False) -> Generator[Round]:
    """Row a."""
    rows = int(20_000 * size)
    file = write_export(folder / "ratings.csv", rows, only_movies=True)
    for state in _states(folder):
        bare = _send_bare(file, "send_single", 8)
        ours = _import(file, "trakt-v1", state, verifies=verifies)
        yield _compare_rates(bare, ours, _with_rates(rows, ours=ours, bare=bare))


def send_batches(folder: Path, size: float, *, verifies: bool = False) -> Generator[Round]:
    """Row b."""
    rows = int(20_000 * size)
    file = write_export(folder / "ratings.csv", rows, only_movies=True)
    for state in _states(folder):
        bare = _send_bare(file, "send_single", 8)
        batches = _send_bare(file, "send_batches", 4)
        ours = _import(file, "trakt", state, verifies=verifies)
        figures = _with_rates(rows, ours=ours, bare=bare, bare_batches=batches)
        yield _compare_rates(bare, ours, figures)


def _compare_rates(bare: Figures, ours: Figures, figures: dict[str, Figures]) -> Round:
    cpu_ratio = bare["cpu_seconds"] / ours["cpu_seconds"]
    return Round(bare["seconds"] / ours["seconds"], figures, cpu_ratio=cpu_ratio)


def _compare_times(ours: Figures, bare: Figures) -> Round:
    cpu_ratio = ours["cpu_seconds"] / bare["cpu_seconds"]
    return Round(ours["seconds"] / bare["seconds"], {"ours": ours, "bare": bare}, cpu_ratio=cpu_ratio)


def _with_rates(rows: int, **sides: Figures) -> dict[str, Figures]:
    return {name: figures | {"rows_per_second": rows / figures["seconds"]} for name, figures in sides.items()}


def keep_the_floor(folder: Path, size: float) -> Generator[Round]:
    """Row c."""
    rows = max(300, int(3_000 * size))
    file = write_export(folder / "ratings.csv", rows, only_movies=True)
    for state in _states(folder):
        state.mkdir()
        data = state / "sandbox.sqlite3"
        with running_sandbox("--data", str(data)) as (url, _):
            environment = build_environment(url, state)
            login = [*IMPORTER, "login", "trakt"]
            subprocess.run(login, cwd=ROOT, env=environment, check=True, capture_output=True)
            words = ["run", str(file), "--to", "trakt", "--out", str(state / "results.csv"), "--quiet"]
            begun = time.monotonic()
            subprocess.run([*IMPORTER, *words], cwd=ROOT, env=environment, check=True)
            seconds = time.monotonic() - begun
        with closing(sqlite3.connect(data)) as database:
            refused = database.execute("SELECT count(*) FROM requests WHERE status = 429").fetchone()[0]
        floor = rows / 100 - 1
        problems = [f"{refused} answers were 429"] if refused else []
        yield Round(seconds / floor, {"ours": {"seconds": seconds}, "floor": {"seconds": floor}}, problems)


def keep_pace(per_second: int, seconds: float) -> Rounds:
    """Row d, at one rate."""

    def rounds(_: Path, size: float) -> Generator[Round]:
        while True:
            with running_server() as url:
                found = run_child("pace", "keep_pace", url=url, per_second=per_second, seconds=seconds * size)
            problems = [
                f"{most:.0f} in one {kind} second"
                for kind in ("fixed", "sliding")
                if (most := found[f"most_{kind}"]) > per_second
            ]
            yield Round(found["share"], {"ours": found}, problems)

    return rounds


def read_export(folder: Path, size: float) -> Generator[Round]:
    """Row e."""
    file = str(write_export(folder / "ratings.csv", int(1_000_000 * size)))
    while True:
        bare = run_child("yardsticks", "read_with_pandas", file=file)
        ours = run_child("work", "read_to_jobs", file=file)
        yield _compare_times(ours, bare)


def keep_memory_flat(folder: Path, size: float) -> Generator[Round]:
    """Row f."""
    few = write_export(folder / "few.csv", 10_000, only_movies=True)
    many = write_export(folder / "many.csv", int(1_000_000 * size), only_movies=True)
    states = _states(folder)
    while True:
        of_few = _import(few, "trakt", next(states))
        of_many = _import(many, "trakt", next(states))
        yield Round(of_many["peak_mib"] / of_few["peak_mib"], {"many": of_many, "few": of_few})


def write_results(folder: Path, size: float) -> Generator[Round]:
    """Row g."""
    file = write_export(folder / "ratings.csv", int(1_000_000 * size), only_movies=True)
    state = folder / "state"
    _import(file, "trakt", state)
    while True:
        bare = run_child("yardsticks", "write_with_csv", state=str(state))
        ours = run_child("work", "write_results_file", state=str(state))
        yield _compare_times(ours, bare)


def show_help(_: Path, size: float) -> Generator[Round]:
    """Row h."""
    while True:
        bare = ours = 0.0
        for _number in range(max(3, int(10 * size))):
            bare += _time_of([sys.executable, "-c", "pass"])
            ours += _time_of([str(Path(sys.executable).with_name("importer")), "--help"])
        yield Round(ours / bare, {"ours": {"seconds": ours}, "python": {"seconds": bare}})


def _time_of(words: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def run_again(folder: Path, size: float) -> Generator[Round]:
    """Row i."""
    file = write_export(folder / "ratings.csv", int(100_000 * size), only_movies=True)
    finished, state = folder / "finished", folder / "state"
    with running_server() as url:
        arguments = {"file": str(file), "to": "trakt", "url": url}
        finished.mkdir()
        run_child("work", "import_ratings", **arguments, state=str(finished), verifies=False)
        while True:
            shutil.copytree(finished, state)
            bare = run_child("work", "read_to_jobs", file=str(file))
            ours = run_child("work", "import_ratings", **arguments, state=str(state))
            yield _compare_times(ours, bare)
            shutil.rmtree(state)


def beat_the_typical(to: str, function: str, connections: int) -> Rounds:
    """Row j, at one kind of request."""

    def rounds(folder: Path, size: float) -> Generator[Round]:
        rows = int(20_000 * size)
        file = write_export(folder / "ratings.csv", rows, only_movies=True)
        for state in _states(folder):
            typical = _send_bare(file, function, connections)
            ours = _import(file, to, state)
            yield _compare_rates(typical, ours, _with_rates(rows, ours=ours, typical=typical))

    return rounds


def run_with_one_line_more(folder: Path, size: float) -> Generator[Round]:
    """Row k."""
    rows = int(20_000 * size)
    file = write_export(folder / "ratings.csv", rows, only_movies=True)
    lines = file.read_text(encoding="utf-8").splitlines()
    longer = folder / "longer.csv"
    longer.write_text("\n".join([*lines, lines[-1].replace("tt9", "tt8"), ""]), encoding="utf-8")
    for state in _states(folder):
        state.mkdir()
        with running_server() as url:
            arguments = {"to": "trakt", "url": url, "state": str(state)}
            run_child("work", "import_ratings", file=str(file), **arguments)
            bare = run_child("work", "read_to_jobs", file=str(longer))
            ours = run_child("work", "import_ratings", file=str(longer), **arguments, verifies=False)
        yield _compare_times(ours, bare)


def keep_the_journal_small(folder: Path, size: float) -> Generator[Round]:
    """Row l."""
    rows = int(100_000 * size)
    file = write_export(folder / "ratings.csv", rows, only_movies=True)
    for state in _states(folder):
        ours = _import(file, "trakt", state)
        in_all = sum(journal.stat().st_size for journal in (state / "journals").glob("*.sqlite3*"))
        yield Round(in_all / rows, {"ours": ours | {"journal_bytes": in_all}})


def split_by_user(folder: Path, size: float) -> Generator[Round]:
    """Row s1. What counts is the processor's time; the figures also have a pass that writes what it reads."""
    file = str(write_dump(folder / "dump.csv", int(2_000_000 * size)))
    for into in _states(folder):
        bare = run_child("yardsticks", "read_with_csv", file=file)
        copied = run_child("yardsticks", "copy_with_csv", file=file, into=str(folder / "copy.csv"))
        ours = run_child("work", "split_by_user", file=file, into=str(into))
        ratio = ours["cpu_seconds"] / bare["cpu_seconds"]
        yield Round(ratio, {"ours": ours, "bare": bare, "copied": copied})


def split_in_flat_memory(folder: Path, size: float) -> Generator[Round]:
    """Row s2."""
    few = str(write_dump(folder / "few.csv", int(500_000 * size)))
    many = str(write_dump(folder / "many.csv", int(4_000_000 * size)))
    states = _states(folder)
    while True:
        of_few = run_child("work", "split_by_user", file=few, into=str(next(states)))
        of_many = run_child("work", "split_by_user", file=many, into=str(next(states)))
        yield Round(of_many["peak_mib"] / of_few["peak_mib"], {"many": of_many, "few": of_few})


ROWS = [
    Row("a", "one rating a request", "of bare aiohttp's requests/s", 0.65, send_single, is_floor=True),
    Row("b", "100 ratings a request", "x bare single requests/s", 4, send_batches, is_floor=True),
    Row("c", "3,000 ratings, 1 POST/s", "x the floor", 1.10, keep_the_floor),
    Row("d1", "limiter, 1/s", "of the budget", 0.99, keep_pace(1, 15), is_floor=True),
    Row("d10", "limiter, 10/s", "of the budget", 0.99, keep_pace(10, 8), is_floor=True),
    Row("d200", "limiter, 200/s", "of the budget", 0.99, keep_pace(200, 5), is_floor=True),
    Row("d1000", "limiter, 1000/s", "of the budget", 0.98, keep_pace(1000, 5), is_floor=True),
    Row("e", "reading 1,000,000 rows", "x pandas.read_csv", 2.5, read_export),
    Row("f", "memory, 1,000,000 rows", "x that of 10,000", 1.10, keep_memory_flat),
    Row("g", "writing 1,000,000 results", "x csv.writer", 1.5, write_results),
    Row("h", "importer --help", "x python -c pass", 7, show_help),
    Row("i", "100,000 rows once more", "x reading them", 3, run_again),
    Row(
        "j1",
        "one rating a request",
        "x a typical script's requests/s",
        1.25,
        beat_the_typical("trakt-v1", "send_single_typically", 8),
        is_floor=True,
    ),
    Row(
        "j100",
        "100 ratings a request",
        "x a typical script's rows/s",
        0.65,
        beat_the_typical("trakt", "send_batches_typically", 4),
        is_floor=True,
    ),
    Row("k", "20,000 rows and one more", "x reading them", 3, run_with_one_line_more),
    Row("l", "the journal of 100,000 rows", "bytes a row", 110, keep_the_journal_small),
    Row("w", "500 idle sync jobs in threads", "of a process each (CPU)", 1 / 40, run_warm),
    Row("s1", "splitting 2,000,000 rows", "x the CPU of csv, only read", 2.5, split_by_user),
    Row("s2", "memory, splitting 4,000,000", "x that of 500,000", 1.15, split_in_flat_memory),
]
