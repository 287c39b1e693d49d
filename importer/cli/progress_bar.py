"""Shows a run's progress while it works: a live display on a terminal, plain lines elsewhere, or nothing.

```text
Progress -> Watch.look() -> View -> build_live   on a terminal    sending ==== 6,204 of 12,000, 5,796 left
                                    build_line   in a pipe        sending: 6,204 of 12,000 rows, 9.8 a second
                                    log.waiting  --log-format json, with log.progress once a second
```

Polls the `Progress` that the pipeline writes, four times a second and from a thread, so that sending pays
nothing for it.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, TextIO

from importer.cli.progress_view import (
    COUNTED,
    Clock,
    Lines,
    View,
    Watch,
    build_line,
    build_waiting,
    name_failed,
    pace_parts,
)
from importer.cli.voice import Voice
from importer.monitoring.log import Log
from importer.progress import Progress

if TYPE_CHECKING:
    from rich.console import RenderableType

_LOOKS_PER_SECOND = 4
_SPINS_PER_SECOND = 8
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_SECONDS_BETWEEN_EVENTS = 1.0


@contextmanager
def show_progress(
    progress: Progress,
    *,
    quiet: bool = False,
    log: Log | None = None,
    logs_waits_only: bool = False,
    voice: Voice | None = None,
    stream: TextIO | None = None,
    clock: Clock = time.monotonic,
) -> Iterator[None]:
    """Show the progress on `stream` (standard error) until the block ends, however it ends.

    A JSON `log` gets it instead, since the stream is its own then: the waits, and the counts once a second,
    unless nobody follows it (`logs_waits_only`). A `voice` of several destinations has plain lines. `clock`
    must be the event loop's, like `Progress.waiting_until`.
    """
    out = stream or sys.stderr
    if log is not None and log.is_json:
        with _logged(progress, log, clock, waits_only=logs_waits_only):
            yield
    elif quiet:
        yield
    elif _can_redraw(out) and (voice is None or not voice.label):
        with _live(progress, out, clock):
            yield
    else:
        with _lines(progress, out, clock, voice or Voice()):
            yield


def _can_redraw(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM", "") not in {"dumb", "unknown"}


@contextmanager
def _lines(progress: Progress, stream: TextIO, clock: Clock, voice: Voice) -> Iterator[None]:
    lines = Lines(Watch(progress, clock), clock)

    def print_lines() -> None:
        for line in lines.look():
            voice.floor.say(partial(print, voice.name(line), file=stream, flush=True), keeps=False)

    with _polling(print_lines):
        yield


@contextmanager
def _logged(progress: Progress, log: Log, clock: Clock, *, waits_only: bool) -> Iterator[None]:
    watch = Watch(progress, clock)
    logged, logged_at = "", clock()

    def log_view() -> None:
        nonlocal logged, logged_at
        view, now = watch.look(), clock()
        if view.waiting_for and view.waiting_for != logged:
            log.waiting(view.waiting_for, view.waiting_seconds)
        logged = view.waiting_for
        if not waits_only and now - logged_at >= _SECONDS_BETWEEN_EVENTS:
            logged_at = now
            log.progress(**view.as_facts())

    with _polling(log_view):
        yield


@contextmanager
def _live(progress: Progress, stream: TextIO, clock: Clock) -> Iterator[None]:
    from rich.console import Console  # noqa: PLC0415 - rich takes 0.1 s to import, and only a terminal needs it
    from rich.live import Live  # noqa: PLC0415

    watch = Watch(progress, clock)
    live = Live(
        get_renderable=lambda: build_live(watch.look(), _spin(clock(), stream)),
        console=Console(file=stream),  # which reads NO_COLOR and the width itself
        auto_refresh=False,  # rich's own thread would outlive the block and trip over a closed terminal
        transient=True,  # the summary takes its place
        redirect_stdout=False,  # the results may be going there
    )
    try:
        with suppress(OSError):
            live.start()
        with _polling(live.refresh, _SPINS_PER_SECOND):
            yield
    finally:
        with suppress(OSError):
            live.stop()  # shows the cursor again


def _spin(now: float, stream: TextIO) -> str:
    """Give the frame of the spinner at a moment: it shows that work goes on where nothing is counted."""
    try:
        _FRAMES.encode(stream.encoding or "ascii")
        frames = _FRAMES
    except (UnicodeEncodeError, LookupError):
        frames = r"-\|/"
    return frames[int(now * _SPINS_PER_SECOND) % len(frames)]


@contextmanager
def _polling(look: Callable[[], None], per_second: int = _LOOKS_PER_SECOND) -> Iterator[None]:
    """Call `look` so often from a thread, and once at the end."""
    ended = threading.Event()

    def keep_looking() -> None:
        # A terminal that was closed must not end the run, and there is nowhere to report it.
        with suppress(OSError, ValueError):
            while not ended.wait(1 / per_second):
                look()
            look()

    thread = threading.Thread(target=keep_looking, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=2)


def build_live(view: View, spinner: str = "") -> "RenderableType":
    """Build the live display: the phase, a bar and the counts; below them the wait, or the pace."""
    from rich.console import Group  # noqa: PLC0415
    from rich.progress_bar import ProgressBar  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    if view.phase not in COUNTED:
        line = Text(f"{spinner} {build_line(view)}".strip(), "bold")
        below = build_waiting(view)
        return Group(line, Text(below, "yellow")) if below else line
    numbers = Text.assemble((f"{view.done:,}", "bold green"), f" of {view.to_send:,}")
    if view.failed:
        numbers.append(f", {name_failed(view)}", "yellow")
    numbers.append(f", {view.left:,} left")
    top = Table.grid(padding=(0, 1), expand=True)
    top.add_column(no_wrap=True)
    top.add_column(ratio=1)
    top.add_column(no_wrap=True)
    top.add_row(Text(str(view.phase), "bold"), ProgressBar(max(view.to_send, 1), view.done), numbers)
    below = build_waiting(view) or ", ".join(pace_parts(view))
    return Group(top, Text(below, "yellow" if view.waiting_for else "dim"))
