"""Notifications: when, with which words, and never with their address in a warning."""

import json
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from importer.monitoring.health import Health, read_health, write_health
from importer.monitoring.notify import (
    Notification,
    NotifyOn,
    build_notification,
    is_due,
    is_understood,
    send_notification,
)
from importer.monitoring.run_end import RunEnd
from importer.secret import Secret
from tests.monitoring.builders import BEGAN_AT, build_end

FAILURE, RECOVERY, ALWAYS = NotifyOn.FAILURE, NotifyOn.RECOVERY, NotifyOn.ALWAYS


GOOD = build_end()
MISSES = build_end(1, counts={"rated": 5, "not_found": 2})
MORE_MISSES = build_end(1, counts={"rated": 5, "not_found": 3})
MORE_RATED = build_end(1, counts={"rated": 9, "not_found": 2})
KNOWN = build_end(1, counts={"rated": 5, "not_found": 2}, told={"not_found": 2})
OTHERS = build_end(1, counts={"rated": 5, "not_found": 2}, told={"not_found": 1})
ACCEPTED = build_end(
    1, counts={"rated": 5, "not_found": 2, "unsupported": 3}, told={"not_found": 2}, accepted=["unsupported"]
)
FEWER_ACCEPTED = build_end(1, counts={"invalid": 1, "not_found": 9}, told={}, accepted=["not_found"])
STOPPED = build_end(3, stopped="no answer", counts={"rated": 5, "not_found": 2})
EVERYBODY = {FAILURE, RECOVERY, ALWAYS}


def after(end: RunEnd | None, folder: Path) -> Health | None:
    """What is known after a run."""
    if end is None:
        return None
    write_health(folder, end)
    return read_health(folder)[0]


@pytest.mark.parametrize(
    ("before", "end", "told"),
    [
        (None, GOOD, {ALWAYS}),
        (GOOD, GOOD, {ALWAYS}),
        (MISSES, GOOD, {ALWAYS, RECOVERY}),
        (STOPPED, GOOD, {ALWAYS, RECOVERY}),
        (None, MISSES, EVERYBODY),
        (GOOD, MISSES, EVERYBODY),
        (GOOD, STOPPED, EVERYBODY),
        (STOPPED, STOPPED, EVERYBODY),
        (MISSES, STOPPED, EVERYBODY),
        (MISSES, MORE_MISSES, EVERYBODY),
        (MISSES, MISSES, {ALWAYS}),  # told once is enough
        (MISSES, MORE_RATED, {ALWAYS}),
        (MISSES, KNOWN, {ALWAYS}),
        (MISSES, OTHERS, EVERYBODY),  # one went away, another one came
        (MISSES, ACCEPTED, {ALWAYS}),
        (MISSES, FEWER_ACCEPTED, EVERYBODY),
    ],
)
def test_who_is_told_of_what(tmp_path: Path, before: RunEnd | None, end: RunEnd, told: set[NotifyOn]) -> None:
    known = after(before, tmp_path)
    assert {policy for policy in NotifyOn if is_due(policy, end, known)} == told


def test_a_server_that_stays_away_is_told_once_a_day(tmp_path: Path) -> None:
    """A daemon tries again every hour at least: that is no reason for 24 messages."""
    sent = []
    for hour in range(60):
        moment = BEGAN_AT + timedelta(hours=hour)
        end = build_end(3, stopped="no network", is_unreachable=True, began_at=moment, ended_at=moment)
        before = write_health(tmp_path, end)
        if is_due(FAILURE, end, before):
            sent.append(hour)
    assert sent == [0, 24, 48]
    (known,) = read_health(tmp_path)
    assert is_due(FAILURE, build_end(3, stopped="not signed in"), known)
    assert is_due(RECOVERY, GOOD, known)


def test_a_bad_run_is_told_with_counts_and_the_first_reasons() -> None:
    end = build_end(1, counts={"rated": 1200, "not_found": 7}, reasons=[f"reason {n}" for n in range(1, 8)])
    notification = build_notification(end)
    assert notification.title == "importer: nightly left rows that did not succeed"
    assert not notification.is_good
    assert notification.text.splitlines() == [
        "1,200 rated",
        "7 not found",
        "",
        *(f"- reason {number}" for number in range(1, 6)),
        "- and 2 more",
        "",
        "Run 20260301-030000-abcd, exit code 1, 2.0 s",
    ]


def test_a_run_that_stopped_early_says_why() -> None:
    notification = build_notification(
        build_end(3, run_id="", counts={}, stopped="sign in again: \x1b[31mimporter login trakt")
    )
    assert notification.title == "importer: nightly stopped early"
    assert notification.text == "Stopped early: sign in again: importer login trakt\n\nexit code 3, 2.0 s"


@pytest.mark.parametrize(
    ("before", "decision"), [(MISSES, "is well again"), (GOOD, "went well"), (None, "went well")]
)
def test_a_good_run_after_a_bad_one_is_a_recovery(
    tmp_path: Path, before: RunEnd | None, decision: str
) -> None:
    assert build_notification(GOOD, after(before, tmp_path)).title == f"importer: nightly {decision}"


class Receiver(ThreadingHTTPServer):
    """Takes what is posted."""

    daemon_threads = True

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.answer = 200
        super().__init__(("127.0.0.1", 0), Posted)


class Posted(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.server.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.answer)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def address_of(receiver: Receiver) -> Secret:
    return Secret(f"json://me:5ECRETword@127.0.0.1:{receiver.server_port}/5ECRETpath")


NOTICE = Notification("importer: nightly stopped early", "7 not found\n\n- <b> & *stars*", is_good=False)


def test_a_notice_arrives_as_it_was_written(receiver: Receiver) -> None:
    assert send_notification([address_of(receiver)], NOTICE) == []
    (message,) = receiver.received
    assert (message["title"], message["message"], message["type"]) == (NOTICE.title, NOTICE.text, "failure")


def test_one_address_that_fails_keeps_none_of_the_others(
    receiver: Receiver, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = Secret("json://me:5ECRETword@127.0.0.1:1/5ECRETpath")
    odd = Secret("5ECRETscheme://5ECRETword")
    warnings = send_notification([nowhere, odd, Secret(""), address_of(receiver)], NOTICE)
    assert len(receiver.received) == 1
    assert [warning.partition(" could")[0] for warning in warnings] == [
        "notification 1 of 4",
        "notification 2 of 4",
        "notification 3 of 4",
    ]
    captured = capfd.readouterr()
    assert "5ECRET" not in " ".join([*warnings, captured.out, captured.err, caplog.text])
    assert not captured.err


def test_a_service_that_refuses_is_a_warning(receiver: Receiver) -> None:
    receiver.answer = 500
    assert len(send_notification([address_of(receiver)], NOTICE)) == 1


def test_a_service_that_breaks_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apprise.Apprise.notify", lambda *_, **__: 1 / 0)
    assert len(send_notification([Secret("json://127.0.0.1:1")], NOTICE)) == 1


def test_an_address_can_be_checked_without_sending(receiver: Receiver) -> None:
    assert is_understood(address_of(receiver))
    assert not is_understood(Secret("carrier-pigeon://coop"))
    assert not receiver.received


def test_the_libraries_keep_their_log_to_themselves(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    send_notification([address_of(receiver)], NOTICE)
    logging.getLogger("apprise").error("to json://me:5ECRETword@127.0.0.1")
    logging.getLogger("urllib3.connectionpool").warning("Retrying /5ECRETpath")
    assert not caplog.text


def test_known_and_accepted_rows_are_told_apart() -> None:
    text = build_notification(ACCEPTED).text
    assert text.startswith("5 rated\n2 not found (2 known)\n3 unsupported (accepted)\n")
