"""How runs to several destinations speak: each line names one, and all keep still during a question."""

import threading
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Voice:
    """Names the destination that a line is about; runs to several share the lock."""

    label: str = ""
    """Empty: there is only one destination."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def name(self, line: str) -> str:
        """Put the destination before a line."""
        return f"{self.label}: {line}" if self.label else line
