"""JSON lines on standard error: whole, one per event, and never with a secret in them."""

import io
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.monitoring.log import Log, open_log
from importer.runs.prompts import StartedRun
from importer.secret import Secret
from tests.monitoring.builders import build_end


def read(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(stream: io.StringIO) -> Log:
    return open_log(as_json=True, stream=stream)


def test_a_run_is_told_from_start_to_end(log: Log, stream: io.StringIO) -> None:
    log = log.bind(job="nightly")
    log.run_started(StartedRun("r1", "a.csv", "trakt", 25, is_continued=False))
    log.waiting("over capacity (503)", 29.96)
    log.run_ended(build_end(run_id="r1"))
    started, waiting, ended = read(stream)
    assert [line["event"] for line in (started, waiting, ended)] == ["run_started", "waiting", "run_ended"]
    assert {line["job"] for line in (started, waiting, ended)} == {"nightly"}
    assert (started["run_id"], started["rows_to_send"], started["level"]) == ("r1", 25, "info")
    assert (waiting["reason"], waiting["seconds"]) == ("over capacity (503)", 30.0)
    assert (ended["exit_code"], ended["seconds"], ended["level"]) == (0, 2.0, "info")
    assert ended["counts"] == {"rated": 25, "unchanged": 9975}
    assert started["timestamp"].endswith("Z")


@pytest.mark.parametrize(("stopped", "exit_code", "level"), [("", 1, "warning"), ("no answer", 3, "error")])
def test_how_bad_it_is_stands_in_the_level(
    log: Log, stream: io.StringIO, stopped: str, exit_code: int, level: str
) -> None:
    log.run_ended(build_end(exit_code, stopped=stopped))
    assert [line["level"] for line in read(stream)] == [level]


def test_in_text_mode_only_warnings_and_notes_are_written(stream: io.StringIO) -> None:
    log = open_log(as_json=False, stream=stream).bind(job="nightly")
    log.run_started(StartedRun("r1", "a.csv", "trakt", 1, is_continued=False))
    log.run_ended(build_end())
    log.stopped("no answer", 3)
    log.warn_once("the metrics could not be written")
    log.warn_once("the metrics could not be written")  # who has read it once knows it
    log.note("nightly: next at 03:00")
    assert stream.getvalue().splitlines() == [
        "importer: the metrics could not be written",
        "importer: nightly: next at 03:00",
    ]
    assert not log.is_json


def test_binding_leaves_the_log_it_came_from_alone(log: Log, stream: io.StringIO) -> None:
    log.bind(job="nightly")
    log.note("nightly: next at 2026-03-02 03:00")
    assert "job" not in read(stream)[0]


def test_a_closed_stream_ends_no_run(log: Log, stream: io.StringIO) -> None:
    stream.close()
    log.stopped("no answer", 3)
    open_log(as_json=False, stream=stream).warn_once("nobody hears this")


WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=6).map(lambda word: f"5ECRET{word}")


@pytest.mark.parametrize(
    "place",
    [
        {"reason": Secret("{}")},
        {"reason": {"inner": [Secret("{}")]}},
        {"access_token": "{}"},
        {"headers": {"Authorization": "Bearer {}"}},
        {"headers": {"trakt-api-key": "{}"}},
        {"reason": "cannot reach https://me:{}@example.org/ratings"},
        {"reason": "mailto://me:{}@example.org refused"},
        {"reason": "GET https://example.org/?a=1&api_key={}&b=2 failed"},
        {"reason": "GET https://example.org/?access_token={}"},
        {"reasons": ["sent Bearer {} twice"]},
        {"password": {"is": "{}"}},
    ],
    ids=str,
)
@given(word=WORD)
def test_no_secret_is_written(place: dict[str, object], word: str) -> None:
    stream = io.StringIO()
    open_log(as_json=True, stream=stream)._write(
        logging.INFO, "something", **{key: _fill(value, word) for key, value in place.items()}
    )
    assert word not in stream.getvalue()
    assert "***" in stream.getvalue()


def _fill(value: object, word: str) -> object:
    if isinstance(value, Secret):
        return Secret(value.reveal().format(word))
    if isinstance(value, str):
        return value.format(word)
    if isinstance(value, dict):
        return {key: _fill(inner, word) for key, inner in value.items()}
    assert isinstance(value, list)
    return [_fill(inner, word) for inner in value]


def test_an_address_without_a_secret_stays_readable(log: Log, stream: io.StringIO) -> None:
    log.note("https://example.org/ratings.csv?page=2")
    assert read(stream)[0]["message"] == "https://example.org/ratings.csv?page=2"


@given(text=st.text())
def test_any_text_stays_on_one_line_of_valid_json(text: str) -> None:
    stream = io.StringIO()
    open_log(as_json=True, stream=stream).stopped(f"{text}\n\x1b[31m{text}", 1)
    assert len(stream.getvalue().split("\n")) == 2
    assert "\x1b" not in read(stream)[0]["reason"]


@pytest.mark.parametrize("as_json", [True, False])
def test_what_libraries_say_goes_through_the_log(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    open_log(as_json=as_json, stream=stream)
    logging.getLogger("filelock").error("cannot lock %s", "https://me:5ECRET@example.org/?key=5ECRET")
    logging.getLogger("apscheduler").info("of no interest")
    failed = KeyError("5ECRET")
    logging.getLogger("asyncio").error("Task exception was never retrieved", exc_info=failed)
    text = stream.getvalue()
    messages = [line["message"] for line in read(stream)] if as_json else text.splitlines()
    assert [message.removeprefix("importer: ") for message in messages] == [
        "filelock: cannot lock https://***@example.org/?key=***",
        "asyncio: Task exception was never retrieved (KeyError)",
    ]
    assert capsys.readouterr().err == ""


def test_a_second_log_takes_the_place_of_the_first(stream: io.StringIO) -> None:
    first = io.StringIO()
    open_log(as_json=True, stream=first)
    open_log(as_json=True, stream=stream)
    logging.getLogger("keyring").warning("no backend")
    assert first.getvalue() == ""
    assert len(read(stream)) == 1
