"""What happens in a run as JSON lines on standard error, for journald, Loki and the like. Home of structlog.

In text mode people read the progress and the summary instead, so only warnings and notes are written. No
secret gets into a line: what `Secret` holds is masked, so is whatever stands under a key that names a secret,
in the user part of a URL, or after the word Bearer.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TextIO

from importer.monitoring.run_end import RunEnd
from importer.secret import Secret
from importer.text import clean

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_MASK = "***"
_SECRET_KEY = re.compile(r"token|secret|password|passwd|api[_-]?key|authorization|credential", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"(://)[^/\s@]+(?=@)"  # who signs in, in a URL
    r"|(\bBearer )\S+"
    r"|([?&][\w-]*(?:key|token|secret|password)=)[^&\s]+",
    re.IGNORECASE,
)
_LONGEST = 2000


class Log:
    """The events of runs. `bind` gives the log of one job."""

    def __init__(self, stream: TextIO, logger: "FilteringBoundLogger | None", job: str = "") -> None:
        self._stream = stream
        self._logger = logger
        self._warned: set[str] = set()
        self.job = job
        """Whose runs it tells of; empty in the log of a whole process."""

    @property
    def is_json(self) -> bool:
        """Whether standard error belongs to this log, and nothing else may write there."""
        return self._logger is not None

    def bind(self, job: str) -> "Log":
        """Give the log of one job, whose lines all carry its name."""
        return Log(self._stream, None if self._logger is None else self._logger.bind(job=job), job)

    def run_started(
        self, run_id: str, *, source: str, destination: str, rows_to_send: int, is_continued: bool
    ) -> None:
        """A run is planned and in the journal."""
        self._write(
            logging.INFO,
            "run_started",
            run_id=run_id,
            source=source,
            destination=destination,
            rows_to_send=rows_to_send,
            is_continued=is_continued,
        )

    def waiting(self, reason: str, seconds: float) -> None:
        """Nothing moves for so many seconds; 0 when nobody knows how many."""
        self._write(logging.INFO, "waiting", reason=reason, seconds=round(seconds, 1))

    def run_ended(self, end: RunEnd) -> None:
        """A run ended, well or badly, or could not begin."""
        self._write(
            logging.INFO if end.is_good else logging.ERROR if end.stopped else logging.WARNING,
            "run_ended",
            job=end.job,
            run_id=end.run_id,
            exit_code=end.exit_code,
            counts=dict(end.counts),
            seconds=round(end.seconds, 3),
            reasons=list(end.reasons),
            stopped=end.stopped or None,
        )

    def stopped(self, reason: str, exit_code: int) -> None:
        """The command ends because of an error."""
        self._write(logging.ERROR, "stopped", reason=reason, exit_code=exit_code)

    def note(self, message: str) -> None:
        """Tell what a daemon does, such as when it runs a job again; written in text mode, too."""
        self._print(message)
        self._write(logging.INFO, "note", message=message)

    def warn_once(self, warning: str) -> None:
        """Tell something that people should know and that ends nothing, once; written in text mode, too."""
        if warning in self._warned:  # both [sync] and [trakt] look at who can read the one file
            return
        self._warned.add(warning)
        self._print(warning)
        self._write(logging.WARNING, "warning", message=warning)

    def _print(self, message: str) -> None:
        if self._logger is None:
            with suppress(OSError, ValueError):
                print(f"importer: {clean(message, _LONGEST)}", file=self._stream, flush=True)

    def _write(self, level: int, event: str, **facts: object) -> None:
        # A closed standard error is no reason to end a run, nor to complain: where to?
        with suppress(OSError, ValueError):
            if self._logger is not None:
                self._logger.log(level, event, **facts)


def open_log(*, as_json: bool, stream: TextIO | None = None) -> Log:
    """Open the log of this process on `stream`, which is standard error unless tests say otherwise."""
    stream = stream or sys.stderr
    if not as_json:
        return Log(stream, None)
    import structlog  # noqa: PLC0415 - only who asks for JSON pays for it

    logger = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _mask_line,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
    )
    return Log(stream, logger)


def _mask_line(_logger: object, _method: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {key: _mask(key, value) for key, value in line.items()}


def _mask(key: str, value: object) -> object:
    if isinstance(value, Secret) or _SECRET_KEY.search(key):
        return _MASK
    if isinstance(value, str):
        return _SECRET_TEXT.sub(_mask_match, clean(value, _LONGEST))
    if isinstance(value, Mapping):
        return {str(name): _mask(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_mask(key, inner) for inner in value]
    return value


def _mask_match(found: re.Match[str]) -> str:
    return "".join(filter(None, found.groups())) + _MASK
