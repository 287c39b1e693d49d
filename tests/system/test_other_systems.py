"""Windows and macOS, played here: what they have not is taken away, and the commands must do without."""

import ast
import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.cli.app import COMMANDS
from importer.errors import SettingsError
from importer.files import is_device_name
from importer.interrupts import on_signals
from importer.sync import jobs_file
from importer.web.uploads import safe_name
from tests.command import write
from tests.system.conftest import ROOT

SOURCES = sorted((ROOT / "importer").rglob("*.py"))

UNIX_MODULES = {"fcntl", "pwd", "grp", "resource", "termios", "tty", "pty", "syslog", "uvloop"}
UNIX_NAMES = {
    *("O_NOFOLLOW", "O_DIRECTORY", "O_CLOEXEC", "O_NONBLOCK", "ST_RDONLY"),
    *("chown", "fchmod", "fchown", "fork", "getegid", "geteuid", "getgid", "getuid", "getpgid", "killpg"),
    *("lchown", "mkfifo", "nice", "posix_fadvise", "setsid", "statvfs", "sysconf", "uname", "umask"),
}

TAKEN_AWAY = {
    "chown",
    "getegid",
    "geteuid",
    "getgid",
    "getuid",
    "killpg",
    "mkfifo",
    "setsid",
    "statvfs",
    "ST_RDONLY",
}
"""Those that no library here needs in its version for Unix; of the others the code is read."""

# Loaded before the program, and before every process that it starts. Libraries with code of their own for
# Windows are loaded as they are here; an event loop that takes no handler of signals is that of Windows.
WITHOUT_UNIX = f"""
import asyncio, os, signal, sys, tempfile, subprocess, selectors, shutil, pathlib, asyncio.unix_events
import filelock, platformdirs.unix
for name in {sorted(UNIX_MODULES)}:
    sys.modules[name] = None
for name in {sorted(TAKEN_AWAY)}:
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGHUP", "SIGUSR1", "SIGUSR2"):
    if hasattr(signal, name):
        delattr(signal, name)
def refuse(*_):
    raise NotImplementedError
asyncio.unix_events._UnixSelectorEventLoop.add_signal_handler = refuse
asyncio.unix_events._UnixSelectorEventLoop.remove_signal_handler = refuse
"""


@pytest.fixture
def windows(tmp_path: Path, environment: dict[str, str]) -> dict[str, str]:
    """An environment whose Python has nothing of Unix, and writes as a Western console of Windows."""
    folder = tmp_path / "windows"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(WITHOUT_UNIX)
    return environment | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}", "PYTHONIOENCODING": "cp1252"}


def run(folder: Path, environment: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "importer", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="cp1252",
        errors="replace",
        stdin=subprocess.DEVNULL,
        check=False,
    )


def test_a_run_and_what_follows_it_need_nothing_of_unix(tmp_path: Path, windows: dict[str, str]) -> None:
    sample = str(ROOT / "samples" / "imdb-2024.csv")
    config = write(tmp_path / "config.toml", f'[jobs.nightly]\nsource = "{sample}"\nto = "sandbox"\n')
    windows["IMPORTER_CONFIG_FILE"] = str(config)
    for words, exit_code in (
        (("run", sample, "--to", "sandbox", "--out", "results.csv"), 1),
        (("undo", "last", "--yes"), 0),
        (("retry", "results.csv", "--to", "sandbox"), 1),
        (("sync",), 1),
        (("runs",), 0),
        (("report", "last"), 0),
        (("status",), 0),
        (("doctor", sample), 0),
    ):
        done = run(tmp_path, windows, *words)
        assert "Traceback" not in done.stderr, done.stderr
        assert "unexpected" not in done.stderr, (words, done.stderr)
        assert done.returncode == exit_code, (words, done.stdout, done.stderr)
    assert not [path for path in tmp_path.rglob("*") if not is_safe_on_ntfs(path.name)]


def is_safe_on_ntfs(name: str) -> bool:
    return not re.search(r'[<>:"/\\|?*\x00-\x1f]|[. ]$', name) and not is_device_name(name)


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii"])
def test_no_console_is_too_narrow(tmp_path: Path, environment: dict[str, str], encoding: str) -> None:
    """Kinopoisk's titles are Cyrillic, and none of these has a letter of them."""
    narrow = environment | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "LC_ALL": "C"}
    done = run(tmp_path, narrow, "run", str(ROOT / "samples" / "kinopoisk.csv"), "--to", "imdb-file")
    assert "Traceback" not in done.stderr
    assert done.returncode == 1
    for words in (("show", "last"), ("formats",), ("destinations",), ("runs",)):
        done = run(tmp_path, narrow, *words)
        assert (done.returncode, "Error" in done.stderr) == (0, False), done.stderr


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_can_be_shown_by_the_oldest_console(name: str) -> None:
    from importer.cli.app import load_command  # noqa: PLC0415 - all of them are loaded

    text = load_command(name).__doc__ or ""
    text.encode("cp437")


def list_unix_imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            named = [alias.name for alias in node.names]
            names = named if isinstance(node, ast.Import) else [node.module or ""]
            yield from ((name, node.lineno) for name in names if name.partition(".")[0] in UNIX_MODULES)


ASKED_BEFORE = {"cli/schedule_files.py": {"getuid", "getgid"}}
"""What a caller has asked for: `schedule_files` refuses --docker where there is no getuid."""


def find_guard(code: str, line: int) -> bool:
    """Whether the function around a line asks what the system has."""
    lines = code.splitlines()
    start = next(
        (at for at in range(line - 1, -1, -1) if re.match(r"\s*(async )?def |(if|try)\b", lines[at])), 0
    )
    end = next((at for at in range(line, len(lines)) if re.match(r"(async )?def |class |@", lines[at])), None)
    guards = r"ImportError|AttributeError|hasattr\(os|os\.name|sys\.platform|is None"
    return re.search(guards, "\n".join(lines[start:end])) is not None


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(ROOT / "importer").as_posix())
def test_what_is_of_unix_only_is_guarded(source: Path) -> None:
    code = source.read_text("utf-8")
    tree = ast.parse(code)
    unguarded = [found for found in list_unix_imports(tree) if not find_guard(code, found[1])]
    unguarded += [
        (node.attr, node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        and node.attr
        in UNIX_NAMES - ASKED_BEFORE.get(source.relative_to(ROOT / "importer").as_posix(), set())
        and not find_guard(code, node.lineno)
    ]
    assert unguarded == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(ROOT / "importer").as_posix())
def test_no_sql_numbers_what_is_filled_in(source: Path) -> None:
    """Python 3.14 takes `?1` for a name and refuses a sequence of values."""
    texts = (
        node.value
        for node in ast.walk(ast.parse(source.read_text("utf-8")))
        if isinstance(node, ast.Constant)
    )
    assert not [text for text in texts if isinstance(text, str) and re.search(r"[=<>(] ?\?\d", text)]


def test_an_unguarded_import_would_be_found() -> None:
    code = "import fcntl\n\n\ndef lock() -> None:\n    fcntl.lockf(1, 2)\n"
    assert list(list_unix_imports(ast.parse(code))) == [("fcntl", 1)]
    assert not find_guard(code, 1)


def test_a_loop_without_signals_still_hears_them(monkeypatch: pytest.MonkeyPatch) -> None:
    async def wait() -> None:
        loop = asyncio.get_running_loop()
        heard = asyncio.Event()

        def refuse(*_: object) -> None:
            raise NotImplementedError

        monkeypatch.setattr(loop, "add_signal_handler", refuse)
        before = signal.getsignal(signal.SIGTERM)
        with on_signals({signal.SIGTERM: heard.set}):
            signal.raise_signal(signal.SIGTERM)
            await heard.wait()
        assert signal.getsignal(signal.SIGTERM) == before

    with asyncio.Runner() as runner:  # asyncio's own loop: uvloop's takes no patch
        runner.run(wait())


@pytest.mark.parametrize("name", ["con", "NUL", "aux.csv", "Com1.csv.gz", "lpt\u00b9", "prn .txt"])
def test_names_of_devices_are_known(name: str) -> None:
    assert is_device_name(name)
    assert not is_device_name(f"file-{name}")
    assert not is_device_name(safe_name(name))


@pytest.mark.parametrize("name", ["console.csv", "auxiliary", "com.csv", "nulls.csv", "com10"])
def test_names_that_only_look_like_devices_are_not(name: str) -> None:
    assert not is_device_name(name)
    assert safe_name(name) == name


@pytest.mark.parametrize("name", ["a:b.csv", "x?.csv", "end. ", "end.", 'q".csv', "a|b.csv"])
def test_an_uploads_name_is_safe_on_ntfs(name: str) -> None:
    assert is_safe_on_ntfs(safe_name(name))


def test_a_job_is_not_called_like_a_device_on_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write(tmp_path / "config.toml", '[jobs.aux]\nsource = "/a.csv"\nto = "sandbox"\n')
    assert list(jobs_file.load_jobs({}, config)) == ["aux"]
    monkeypatch.setattr(jobs_file, "_HAS_DEVICE_NAMES", True)
    with pytest.raises(SettingsError, match="Windows keeps this name for a device"):
        jobs_file.load_jobs({}, config)
