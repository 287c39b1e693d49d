"""How runs to several destinations speak: each line names one, and nobody speaks during a question.

```text
mdblist: sending: 100 of 250 rows
simkl: 2 titles that the account has not rated will be rated. Do it? [y/N]: y
mdblist: Sign-ins are kept in a file.        said during the question, and shown after it
```
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


class Floor:
    """Who may speak: all that runs at work in threads say goes through one."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._is_taken = False
        self._held: list[Callable[[], None]] = []

    def say(self, speak: Callable[[], None], *, keeps: bool = True) -> None:
        """Speak now, or after the question that is open; without `keeps` not at all then.

        Nobody waits for an answer to speak.
        """
        with self._lock:
            if not self._is_taken:
                speak()
            elif keeps:
                self._held.append(speak)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Let only the block speak, which asks a question."""
        with self._lock:
            self._is_taken = True
        try:
            yield
        finally:
            with self._lock:
                self._is_taken = False
                held, self._held = self._held, []
                for speak in held:
                    speak()


@dataclass(frozen=True, slots=True)
class Voice:
    """Names the destination that a line is about; runs to several share the floor."""

    label: str = ""
    """Empty: there is only one destination."""
    floor: Floor = field(default_factory=Floor)

    def name(self, line: str) -> str:
        """Put the destination before a line."""
        return f"{self.label}: {line}" if self.label else line
