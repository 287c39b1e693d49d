"""The log: JSON lines on standard error, for journald, Loki and the like. Only home of structlog.

```text
log.waiting("over capacity (503)", 30)
{"event": "waiting", "job": "nightly", "reason": "over capacity (503)", "seconds": 30.0, "level": "info", ...}
```

In text mode only warnings and notes are written, since people read progress and summary instead. Secrets are
masked: a `Secret`, the value of a key that names one, the user part of a URL, the word after Bearer.
"""

import logging
import re
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TextIO

from importer.monitoring.run_end import RunEnd
from importer.secret import Secret
from importer.text import clean

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from importer.runs.prompts import StartedRun

_MASK = "***"
_SECRET_KEY = re.compile(r"token|secret|password|passwd|api[_-]?key|authorization|credential", re.IGNORECASE)
_SECRET_TEXT = re.compile(
    r"(://)[^/\s@]+(?=@)"  # the user part of a URL
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
        """The name of the job; empty for the log of a process."""

    @property
    def is_json(self) -> bool:
        """Whether standard error gets JSON lines; nothing else may write there then."""
        return self._logger is not None

    def bind(self, job: str = "", *, account: str = "") -> "Log":
        """Return the log of one job, or of one account of a fleet, with its name in each line."""
        named = {key: name for key, name in (("job", job), ("account", account)) if name}
        return Log(
            self._stream, None if self._logger is None else self._logger.bind(**named), job or self.job
        )

    def run_started(self, run: "StartedRun") -> None:
        """Log that a run was loaded and begins to send."""
        self._write(logging.INFO, "run_started", **asdict(run))

    def planned(self, facts: Mapping[str, object]) -> None:
        """Log that a plan is written, with its counts and its effort."""
        self._write(logging.INFO, "planned", **facts)

    def waiting(self, reason: str, seconds: float) -> None:
        """Log a wait of `seconds`; 0 if its length is not known."""
        self._write(logging.INFO, "waiting", reason=reason, seconds=round(seconds, 1))

    def progress(self, **facts: object) -> None:
        """Log how far the command is: what `cli/progress_view.py` gives of it."""
        self._write(logging.INFO, "progress", **facts)

    def run_ended(self, end: RunEnd) -> None:
        """Log how a run ended, or that it could not begin."""
        self._write(
            logging.INFO if end.is_good else logging.ERROR if end.stopped else logging.WARNING,
            "run_ended",
            job=end.job,
            run_id=end.run_id,
            exit_code=end.exit_code,
            counts=dict(end.counts),
            told_before=dict(end.told or {}),
            seconds=round(end.seconds, 3),
            reasons=list(end.reasons),
            stopped=end.stopped or None,
            needs_yes=end.needs_yes,
        )

    def account_ended(self, outcome: str, exit_code: int, message: str) -> None:
        """Log how the turn of an account of a fleet ended."""
        level = logging.INFO if exit_code == 0 else logging.WARNING
        self._write(level, "account_ended", outcome=outcome, exit_code=exit_code, message=message or None)

    def stopped(self, reason: str, exit_code: int, *, needs_yes: bool = False) -> None:
        """Log the error that ends the command."""
        self._write(logging.ERROR, "stopped", reason=reason, exit_code=exit_code, needs_yes=needs_yes)

    def note(self, message: str) -> None:
        """Log a message of a daemon, such as the time of the next run; also in text mode."""
        self._print(message)
        self._write(logging.INFO, "note", message=message)

    def warn_once(self, warning: str) -> None:
        """Log a warning, each text only once; also in text mode."""
        if warning in self._warned:  # [sync] and [trakt] both check who can read the settings file
            return
        self._warned.add(warning)
        self._print(warning)
        self._write(logging.WARNING, "warning", message=warning)

    def _print(self, message: str) -> None:
        if self._logger is None:
            with suppress(OSError, ValueError):
                print(f"importer: {clean(message, _LONGEST)}", file=self._stream, flush=True)

    def _write(self, level: int, event: str, **facts: object) -> None:
        # A closed standard error must not end a run.
        with suppress(OSError, ValueError):
            if self._logger is not None:
                self._logger.log(level, event, **facts)


def open_log(*, as_json: bool, stream: TextIO | None = None) -> Log:
    """Open the log of this process; `stream` is for tests and defaults to standard error."""
    return _capture_libraries(_open(stream or sys.stderr, as_json=as_json))


@contextmanager
def log_of_thread(stream: TextIO, *, as_json: bool) -> Iterator[Log]:
    """Open a log that has, while the block runs, also what libraries say in this thread."""
    log = _open(stream, as_json=as_json)
    before = _THREAD_LOG.set(log)
    try:
        yield log
    finally:
        _THREAD_LOG.reset(before)


_THREAD_LOG: ContextVar[Log | None] = ContextVar("log", default=None)


def _open(stream: TextIO, *, as_json: bool) -> Log:
    if not as_json:
        return Log(stream, None)
    import structlog  # noqa: PLC0415 - slow to import

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


class _LibraryHandler(logging.Handler):
    """Logs the messages of libraries as warnings."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        # Without a traceback: it may quote an address with its key.
        kind = record.exc_info[0] if record.exc_info else None
        text = f"{record.name}: {record.getMessage()}{f' ({kind.__name__})' if kind else ''}"
        (_THREAD_LOG.get() or self._log).warn_once(str(_mask("message", text)))


def _capture_libraries(log: Log) -> Log:
    """Write Python's warnings and the logs of libraries to this log; otherwise they go to standard error."""
    logging.captureWarnings(True)
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, _LibraryHandler)]:
        root.removeHandler(handler)
    root.addHandler(_LibraryHandler(log))
    return log


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
