"""One end of a run reaches everybody, and nobody who cannot be reached spoils it."""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from importer.errors import AuthorizationError, ImporterError, Remedy, UsageError
from importer.journal.results import Tally
from importer.model import Status
from importer.monitoring import announce as announcing
from importer.monitoring.announce import Recipients, announce
from importer.monitoring.log import open_log
from importer.monitoring.notify import Notification, NotifyOn
from importer.monitoring.run_end import build_failed_start, build_run_end
from importer.report.summary import Summary
from importer.secret import Secret
from tests.monitoring.builders import BEGAN_AT, build_end

ADDRESS = Secret("json://me:5ECRETword@127.0.0.1:1")


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def recipients(tmp_path: Path, stream: io.StringIO) -> Recipients:
    log = open_log(as_json=True, stream=stream)
    return Recipients(log, tmp_path / "health", tmp_path / "importer.prom", [ADDRESS], NotifyOn.RECOVERY)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Notification]:
    notices: list[Notification] = []

    def send(addresses: Sequence[Secret], notification: Notification) -> list[str]:
        assert list(addresses) == [ADDRESS]
        notices.append(notification)
        return []

    monkeypatch.setattr(announcing, "send_notification", send)
    return notices


def test_everybody_is_told(
    recipients: Recipients, stream: io.StringIO, sent: list[Notification], tmp_path: Path
) -> None:
    announce(build_end(1), recipients)
    assert json.loads(stream.getvalue())["event"] == "run_ended"
    assert json.loads((tmp_path / "health/nightly.json").read_text())["exit_code"] == 1
    assert 'rating_importer_last_run_exit_code{job="nightly"} 1.0' in (tmp_path / "importer.prom").read_text()
    assert len(sent) == 1


def test_what_is_new_is_told_once(recipients: Recipients, sent: list[Notification]) -> None:
    misses = {"rated": 5, "not_found": 2}
    announce(build_end(), recipients)
    for _ in range(3):
        announce(build_end(1, counts=misses), recipients)
    announce(build_end(3, stopped="no answer"), recipients)
    announce(build_end(), recipients)
    announce(build_end(), recipients)
    assert [notification.title.removeprefix("importer: nightly ") for notification in sent] == [
        "left rows that did not succeed",
        "stopped early",
        "is well again",
    ]


def test_what_cannot_be_written_or_sent_is_a_warning(
    recipients: Recipients, stream: io.StringIO, tmp_path: Path
) -> None:
    (tmp_path / "health").write_text("a file where the folder should be")
    announce(build_end(1), replace(recipients, notify=[Secret("carrier-pigeon://5ECRETword")]))
    ended, files, notification = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (ended["event"], files["level"], notification["level"]) == ("run_ended", "warning", "warning")
    assert "could not be written" in files["message"]
    assert "notification 1 of 1" in notification["message"]
    assert "5ECRET" not in stream.getvalue()


def test_a_metrics_file_in_no_folder_is_a_warning(
    recipients: Recipients, stream: io.StringIO, tmp_path: Path
) -> None:
    announce(build_end(), replace(recipients, metrics=tmp_path / "none/importer.prom"))
    assert "none/" in json.loads(stream.getvalue().splitlines()[1])["message"]


def test_a_summary_becomes_the_end_of_a_run() -> None:
    tallies = [
        Tally(Status.RATED, "", 5, []),
        Tally(
            Status.INVALID,
            "bad_rating",
            2,
            [(4, "Heat", "line 4, column Rating: 11 is no rating"), (9, None, "")],
        ),
        Tally(Status.NOT_SENT, "stopped", 3, [(7, "Alien", "the run stopped")]),
    ]
    summary = Summary("r1", "a.csv", "trakt", tallies, 5, 1.0, stopped="no answer")
    end = build_run_end("nightly", summary, 3, began_at=BEGAN_AT, ended_at=BEGAN_AT + timedelta(seconds=1))
    assert (end.run_id, end.exit_code, end.stopped, end.seconds) == ("r1", 3, "no answer", 1.0)
    assert end.counts == {"rated": 5, "invalid": 2, "not_sent": 3}
    assert end.reasons == [
        "3 rows not sent, stopped: the run stopped",
        "2 rows invalid, bad rating; line 4, Heat: column Rating: 11 is no rating",
    ]


def test_an_error_before_the_run_is_an_end_too() -> None:
    error = AuthorizationError("sign in again with `importer login trakt`")
    end = build_failed_start("nightly", error, began_at=BEGAN_AT, ended_at=BEGAN_AT)
    assert (end.exit_code, end.run_id, end.stopped) == (3, "", str(error))
    assert not end.is_good


@pytest.mark.parametrize(
    ("error", "needs_yes"),
    [(UsageError("it would change 9 of 10", Remedy.ASK_NOTHING), True), (UsageError("say --yes"), False)],
)
def test_an_end_at_a_question_is_known_from_its_remedy(error: ImporterError, needs_yes: bool) -> None:
    began = build_failed_start("nightly", error, began_at=BEGAN_AT, ended_at=BEGAN_AT)
    summary = Summary("r1", "a.csv", "trakt", [], 0, 1.0, stopped=str(error))
    went_on = build_run_end("nightly", summary, 2, began_at=BEGAN_AT, ended_at=BEGAN_AT, stopped_by=error)
    stream = io.StringIO()
    log = open_log(as_json=True, stream=stream)
    log.run_ended(began)
    log.run_ended(went_on)
    log.stopped(str(error), 2, needs_yes=error.needs_yes)
    assert [json.loads(line)["needs_yes"] for line in stream.getvalue().splitlines()] == [needs_yes] * 3
