"""Whether a server's 429 is meant for one account or for all of a process.

```text
ada 429                        her own pace waits
ada 429, bob 429, cy 429       within 10 s: the limit of the application, or of the address: all wait
```

Each account keeps its own limit by itself (`client/pace.py`), so one that is refused now and then says
nothing about the others. Which limits a server has for an application is not always documented.
"""

import threading
from collections.abc import Callable

ACCOUNTS = 3
WITHIN_SECONDS = 10.0
USUAL_PAUSE_SECONDS = 10.0
"""The pause where no answer says how long."""


class Crowd:
    """Counts the accounts that were refused lately."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._mutex = threading.Lock()
        self._refused: dict[str, tuple[float, float]] = {}
        """By name, when it was refused last, and how long it was asked to wait."""

    def note(self, name: str, asked_seconds: float | None) -> float:
        """Note a 429; returns how long all must wait, or 0."""
        now = self._clock()
        with self._mutex:
            self._refused[name] = (now, asked_seconds or 0.0)
            self._refused = {
                each: seen for each, seen in self._refused.items() if now - seen[0] < WITHIN_SECONDS
            }
            if len(self._refused) < ACCOUNTS:
                return 0.0
            longest = max(asked for _, asked in self._refused.values())
            self._refused.clear()
            return longest or USUAL_PAUSE_SECONDS
