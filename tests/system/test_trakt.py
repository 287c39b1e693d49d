"""Today's Trakt API from sign-in to results, with processes only."""

import subprocess
import sys
from pathlib import Path

from tests.system.conftest import ROOT


def test_the_demonstration_signs_in_and_imports_without_a_human(
    environment: dict[str, str], tmp_path: Path
) -> None:
    results = tmp_path / "results.csv"
    done = subprocess.run(
        [sys.executable, "-m", "tests.system.demo_v2", "samples/imdb-2024.csv", "--out", str(results)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "Signed in as demo" in done.stderr
    assert "123  rated" in done.stdout
    assert results.read_text("utf-8").count(",rated,") == 123
    for secret in ("sandbox-client", "sandbox-secret"):
        assert secret not in done.stdout + done.stderr
