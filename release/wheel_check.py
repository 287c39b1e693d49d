"""Install the wheel as users do, far from the checkout, and see that it does what it says.

    python -m release.wheel_check

    core    the wheel alone: how large it is, a sample imported into the sandbox
    whole   the wheel with all its parts: the web page, and a third of the tests against what is installed

Each step says what it took. Exit code 0, or 1 with the step that failed.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from importer.text import count

ROOT = Path(__file__).parents[1]
MOST_MEGABYTES = 120
"""What the core may take, pip included."""

TESTED_WITH = ("aioresponses", "cryptography", "hypothesis", "pytest", "pytest-asyncio", "pytest-timeout")
TESTS = ("tests/readers", "tests/destinations")
TOO_SLOW = ("test_commands.py", "test_on_sandbox.py")
"""They are run by `make test`; here a third of all tests shall do."""


class CheckError(Exception):
    """A step failed."""


def main() -> None:
    """Build the wheel, and check it in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="wheel-check-") as folder:
        try:
            _check(Path(folder))
        except CheckError as error:
            sys.exit(f"wheel-check: {error}")


def _check(folder: Path) -> None:
    _copy_tests(folder / "tests")  # those of the same moment as what is built
    with _step("build"):
        _run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder / "dist"], ROOT)
    (wheel,) = (folder / "dist").glob("*.whl")
    pins = folder / "pins.txt"
    pins.write_text("".join(_list_pins()), "utf-8")
    python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    with _step("core installed"):
        venv.create(folder / "venv", with_pip=True)
        _install(python, pins, [str(wheel)])
    size = _measure(folder / "venv")
    print(f"    {size:.0f} MB")
    if size > MOST_MEGABYTES:
        raise CheckError(f"the core takes {size:.0f} MB, more than {MOST_MEGABYTES}")
    with _step("sample imported"):
        _import_sample(python, folder / "sample")
    with _step("all parts installed"):
        _install(python, pins, [f"{wheel}[all]", *TESTED_WITH, "pytest-xdist", "PyYAML"])
    with _step("first page"):
        _open_first_page(python, folder / "web")
    with _step("tests"):
        print(f"    {_test(python, folder / 'tests')} tests against {python.parent}")


@contextmanager
def _step(name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"{name}: {time.monotonic() - began:.1f} s", flush=True)


def _list_pins() -> Iterator[str]:
    """The locked versions without their hashes, since the wheel has none yet."""
    for name in ("requirements.lock", "locks/fleet.lock", "locks/dev.lock"):
        for line in (ROOT / name).read_text("utf-8").splitlines():
            if re.match(r"[A-Za-z0-9]", line):
                yield line.rstrip("\\ ") + "\n"


def _install(python: Path, pins: Path, wanted: Sequence[str]) -> None:
    pip: list[str | Path] = [
        python,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-c",
        pins,
    ]
    _run([*pip, *wanted], pins.parent)


def _measure(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _import_sample(python: Path, folder: Path) -> None:
    """Import into the sandbox; exit code 1, since some rows of the sample are meant to fail."""
    folder.mkdir()
    sample = shutil.copy(ROOT / "samples" / "imdb-2024.csv", folder)
    command = python.with_name("rating-importer")
    _run([command, "run", sample, "--to", "sandbox", "--out", "results.csv"], folder, exit_code=1)
    rows = (folder / "results.csv").read_text("utf-8").splitlines()
    rated = [row for row in rows if ",rated," in row]
    if len(rated) < len(rows) // 2:
        raise CheckError(f"only {count(len(rated), 'row')} of {len(rows)} rated")


def _open_first_page(python: Path, folder: Path) -> None:
    """Start `importer web`, follow the address it prints, and stop it."""
    folder.mkdir()
    command: list[str | Path] = [python.with_name("importer"), "web", "--no-open", "--port", "0"]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=_environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            addresses = (re.search(r"http://\S+", line) for line in server.stdout)
            address = next((found[0] for found in addresses if found), None)
            if address is None:
                raise CheckError("importer web printed no address")
            opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
            with opener.open(address, timeout=30) as answer:
                page = answer.read().decode()
            if "<html" not in page:
                raise CheckError(f"importer web: no page at its address: {page[:100]}")
        finally:
            server.terminate()


def _copy_tests(folder: Path) -> None:
    """Copy them beside no `importer` folder, so that only the installed one can be imported."""
    for name in ("tests", "samples", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, folder)


def _test(python: Path, folder: Path) -> int:
    where = _run([python, "-c", "import importer; print(importer.__file__)"], folder)
    if not Path(where.strip()).is_relative_to(python.parents[1]):
        raise CheckError(f"the tests would import {where}")
    ignored = [f"--ignore-glob=*/{name}" for name in TOO_SLOW]
    out = _run([python, "-m", "pytest", "-p", "no:cacheprovider", *ignored, *TESTS], folder)
    return sum(map(int, re.findall(r"(\d+) passed", out)))


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IMPORTER_", "PYTHON"))}
    return kept | {"IMPORTER_STATE_DIR": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}


def _run(command: Sequence[str | Path], folder: Path, exit_code: int = 0) -> str:
    done = subprocess.run(
        command, cwd=folder, env=_environment(folder), capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode != exit_code:
        words = " ".join(map(str, command))
        raise CheckError(
            f"{words}\nended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        )
    return done.stdout


if __name__ == "__main__":
    main()
