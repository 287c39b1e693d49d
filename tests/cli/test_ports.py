"""A port that is taken: the command must change, so the exit code is 2, and the message says how."""

import socket
from pathlib import Path

import pytest

from tests.command import build_command


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("web", "--no-open"),
            "Address already in use. Choose another with --port; --port 0 takes a free one.",
        ),
        (("sandbox",), "the sandbox cannot start: Address already in use"),
    ],
)
def test_a_port_that_is_taken_is_a_usage_error(
    words: tuple[str, ...],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    importer = build_command(tmp_path, monkeypatch, capsys, {}, secrets=())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, _, err = importer(*words, "--port", str(taken.getsockname()[1]))
    assert code == 2
    assert err.strip().endswith(told)
    assert "error while attempting" not in err
