"""The command in this process, in an empty folder, with settings of its own.

```python
run = build_command(tmp_path, monkeypatch, capsys, {"STARS_BASE_URL": server.url}, secrets=(KEY,))
exit_code, out, err = run("plan", "ratings.csv", "--to", "stars")
```
"""

import csv
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import pytest

from importer.cli import app
from importer.client import token_store

SLOW = frozenset({"aiohttp", "jinja2", "pandas", "rich", "structlog"})
"""What takes long to load."""

Importer = Callable[..., tuple[int, str, str]]
"""Runs the command: its exit code, standard output and standard error."""


def build_command(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: Mapping[str, str],
    *,
    secrets: Collection[str],
) -> Importer:
    """Build the command; none of the secrets may ever be printed."""
    forget_settings(monkeypatch)
    monkeypatch.chdir(folder)
    monkeypatch.setattr(token_store, "find_keyring", lambda: None)
    config = write(folder / "config.toml", "")
    for name, value in {"STATE_DIR": str(folder / "state"), "CONFIG_FILE": str(config), **settings}.items():
        monkeypatch.setenv(f"IMPORTER_{name}", value)
    return lambda *words: run_command(monkeypatch, capsys, words, secrets)


def forget_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the settings of whoever runs the tests."""
    for name in [each for each in os.environ if each.startswith("IMPORTER_")]:
        monkeypatch.delenv(name)


def inherit() -> dict[str, str]:
    """What a process of its own has of the environment: no settings of whoever runs the tests."""
    return {name: value for name, value in os.environ.items() if not name.startswith("IMPORTER_")}


def list_loaded(*words: str) -> tuple[str, set[str]]:
    """Run it in a process of its own: what it prints, and the modules that are loaded at its end."""
    code = (
        f"import sys; from importer.cli.app import app\ntry: app({[*words]})\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout, set(done.stderr.split())


def run_command(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: Collection[str],
    secrets: Collection[str],
) -> tuple[int, str, str]:
    """Run it once."""
    monkeypatch.setattr(sys, "argv", ["importer", *words])
    with pytest.raises(SystemExit) as ended:
        app.main()
    printed = capsys.readouterr()
    assert not any(secret in printed.out + printed.err for secret in secrets)
    assert isinstance(ended.value.code, int)
    return ended.value.code, printed.out, printed.err


def write(path: Path, text: str) -> Path:
    """Write a file that others may not read, as settings should be."""
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    return path


def read_statuses(path: Path) -> list[str]:
    """Read the statuses of a results file."""
    with path.open(newline="", encoding="utf-8") as file:
        return [line["status"] for line in csv.DictReader(file)]
