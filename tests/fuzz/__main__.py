"""Fuzzes each target for its share of the time. Every input has a seed of its own, which a failure prints.

python -m tests.fuzz --seconds 600
python -m tests.fuzz --target readers --input 2031677:418        the one input that failed
"""

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from random import Random, SystemRandom

from tests.fuzz.targets import TARGETS


def main() -> int:
    """Fuzz, and return 1 if something was found."""
    words = argparse.ArgumentParser(description="Fuzz readers, answers, settings and journals.")
    words.add_argument("--seconds", type=float, default=120.0, help="for all targets together")
    words.add_argument("--seed", type=int, default=SystemRandom().randrange(10_000_000))
    words.add_argument("--target", choices=TARGETS)
    words.add_argument("--input", help="SEED:NUMBER of one input")
    given = words.parse_args()
    targets = [given.target] if given.target else list(TARGETS)
    sys.stdout.write(f"seed {given.seed}\n")
    failed = 0
    for target in targets:
        if given.input:
            failed += not run_input(target, given.input)
            continue
        end = time.monotonic() + given.seconds / len(targets)
        count = found = 0
        while time.monotonic() < end and found < 5:
            found += not run_input(target, f"{given.seed}:{count}")
            count += 1
        sys.stdout.write(f"{target}: {count:,} inputs, {found} failed\n")
        failed += found
    return int(failed > 0)


def run_input(target: str, name: str) -> bool:
    """Run one input; if it fails, say how to run it again."""
    fuzz: Callable[[Random, Path], None] = TARGETS[target]
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        try:
            fuzz(Random(f"{target}:{name}"), Path(folder))
        except Exception:  # noqa: BLE001  whatever it is, it was found
            sys.stdout.write(f"{target} failed: python -m tests.fuzz --target {target} --input {name}\n")
            sys.stdout.write(traceback.format_exc())
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
