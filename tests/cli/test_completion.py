"""Completion, as a shell asks for it, and the manual pages."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def complete(*words: str) -> list[str]:
    """Let bash complete the last word, with the printed script."""
    script = (
        f'PATH={BIN}:$PATH; eval "$(importer completion bash)"; COMP_WORDS=("$@"); '
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _importer_completion importer; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", script, "bash", "importer", *words], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="it needs bash")
@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("ru",), ["run", "runs"]),
        (("run", "--on-c"), ["--on-conflict"]),
        (("run", "--to", "trakt"), ["trakt", "trakt-v1", "trakt-file"]),
        (("run", "x.csv", "--on-conflict", "ne"), ["newest"]),
        (("notify", ""), ["test"]),
        (("help", "und"), ["undo"]),
    ],
)
def test_bash_completes(words: tuple[str, ...], found: list[str]) -> None:
    assert complete(*words) == found


@pytest.mark.skipif(shutil.which("bash") is None, reason="it needs bash")
def test_bash_completes_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPORTER_STATE_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert complete("undo", "") == ["last"]
    Path("ratings.csv").write_text("imdb_id,rating\ntt0111161,9\n")
    subprocess.run([BIN / "importer", "run", "ratings.csv", "--to", "imdb-file"], check=True)
    last, run_id = complete("undo", "")
    assert (last, complete("show", run_id[:1])) == ("last", [run_id])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_each_shell_has_its_script(shell: str) -> None:
    done = subprocess.run([BIN / "importer", "completion", shell], capture_output=True, text=True, check=True)
    assert "_IMPORTER_COMPLETE" in done.stdout
    assert f"complete_{shell}" in done.stdout


@pytest.mark.skipif(shutil.which("help2man") is None, reason="NO MANUAL PAGES TESTED: no help2man")
def test_manual_pages_have_what_help_shows(tmp_path: Path) -> None:
    subprocess.run(
        ["sh", "release/man.sh", str(tmp_path)], check=True, cwd=ROOT, env=os.environ | {"BIN": str(BIN)}
    )
    page = (tmp_path / "importer-run.1").read_text("utf-8")
    assert "Import FILE and report what became of every row" in page
    assert '.SS "Where the ratings go:"' in page
    assert "\\fB\\-\\-to\\fR" in page
    assert (tmp_path / "importer.1").exists()
