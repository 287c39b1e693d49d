"""Measures what users wait for, beside yardsticks in the same run: `make bench`, or `python -m benchmarks`.

Prints one table of ratios and keeps every figure in benchmarks/results/ as JSON. The CPU column holds the
same ratios in processor time, which says more where other programs keep the machine busy.
"""

import argparse
import json
import os
import platform
import statistics
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from benchmarks.children import ROOT
from benchmarks.row import Round, Row
from benchmarks.rows import ROWS

RESULTS = ROOT / "benchmarks" / "results"


def main() -> None:
    words = _parse_words()
    machine = describe_machine()
    print(machine)
    print(f"{'row':6}{'work':27}{'median':>8} {'min - max':>15} {'CPU':>7}  {'unit':30}{'must reach':>11}")
    kept = []
    for row in _choose(words.rows):
        rounds = measure(row, words.rounds, 0.1 if words.quick else 1.0)
        print(build_line(row, rounds), flush=True)
        kept.append({"row": row.key, "target": row.target, "rounds": [asdict(each) for each in rounds]})
    now = datetime.now(UTC)
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{now:%Y%m%d-%H%M%S}.json"
    report = {"at": now.isoformat(), "machine": machine, "quick": words.quick, "rows": kept}
    file.write_text(json.dumps(report, indent=1))
    print(f"all figures: {file.relative_to(ROOT)}")


def _parse_words() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", default="", help="only these, such as a,e,d")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size; says less")
    return parser.parse_args()


def _choose(keys: str) -> Iterator[Row]:
    as_stored = [key.strip() for key in keys.split(",") if key.strip()]
    for row in ROWS:
        if not as_stored or row.key in as_stored or row.key[0] in as_stored:
            yield row


def measure(row: Row, count: int, size: float) -> list[Round]:
    """Measure a row `count` times, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        rounds = row.rounds(Path(folder), size)
        try:
            return list(islice(rounds, count))
        finally:
            rounds.close()


def build_line(row: Row, rounds: list[Round]) -> str:
    """One line of the table."""
    ratios = [each.ratio for each in rounds]
    median = statistics.median(ratios)
    problems = [problem for each in rounds for problem in each.problems]
    decision = "yes" if row.is_met_by(median) and not problems else "NO"
    target = f"{'>=' if row.is_floor else '<='} {row.target:g}"
    spread = f"{min(ratios):.3f} - {max(ratios):.3f}"
    cpu_ratios = [each.cpu_ratio for each in rounds if each.cpu_ratio is not None]
    cpu = f"{statistics.median(cpu_ratios):.3f}" if cpu_ratios else ""
    line = (
        f"{row.key:6}{row.work:27}{median:8.3f} {spread:>15} {cpu:>7}  {row.unit:30}{target:>11}  {decision}"
    )
    return "\n".join([line, *(f"      {problem}" for problem in problems)])


def describe_machine() -> str:
    """The interpreter and how it was built, and how many processors there are."""
    arguments = sysconfig.get_config_var("CONFIG_ARGS") or ""
    build = "with PGO" if "--enable-optimizations" in arguments else "without PGO"
    python = f"{platform.python_implementation()} {platform.python_version()} {build}"
    return f"{python}, {os.cpu_count()} processors, {platform.system()} {platform.machine()}"


if __name__ == "__main__":
    main()
