"""The log of a fleet's accounts: each line has the name of its account."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from importer.fleet.bringing import Brought, Outcome
from importer.monitoring.log import Log
from importer.runs.prompts import Observer, StartedRun, Unwatched
from importer.text import clean, count

_WORDS = {
    Outcome.GIVEN_BACK: "interrupted; it goes on from there",
    Outcome.LOST: "its worker is gone; another one goes on",
    Outcome.SIGNED_OUT: "signed out",
    Outcome.SET_ASIDE: "set aside",
}
_WORDS_OF_CODES = {0: "good", 1: "rows did not succeed", 2: "its settings or its file must change"}


class WatchedAccount(Unwatched):
    """Logs what happens while an account is imported."""

    def __init__(self, name: str, log: Log) -> None:
        self._name = name
        self._log = log.bind(account=name)

    def started(self, run: StartedRun) -> None:
        """Log that its rows are sent."""
        self._log.run_started(
            run.run_id,
            source=run.source,
            destination=run.destination,
            rows_to_send=run.rows_to_send,
            is_continued=run.is_continued,
        )

    def warned(self, warning: str) -> None:
        """Log it; as text with the account's name."""
        self._log.warn_once(warning if self._log.is_json else f"{self._name}: {warning}")


def watching(log: Log) -> Callable[[str], Observer]:
    """Return what gives each account its observer."""
    return lambda name: WatchedAccount(name, log)


@dataclass(slots=True)
class Turns:
    """Counts how turns end, and says each end."""

    log: Log
    say: Callable[[str], None]
    """Takes a line about an account; not called if there is a JSON log."""
    ends: Counter[str] = field(default_factory=Counter)

    def __call__(self, brought: Brought) -> None:
        """Take the end of a turn. One that was refused is nobody's business."""
        if brought.outcome is Outcome.REFUSED:
            return
        words = describe(brought)
        self.ends[words] += 1
        self.log.bind(account=brought.name).account_ended(
            str(brought.outcome), brought.exit_code, clean(brought.message, 1000)
        )
        if not self.log.is_json:
            why = f": {clean(brought.message, 300)}" if brought.message else ""
            self.say(f"{brought.name}: {words}{why}")

    def summarise(self) -> str:
        """Say how many turns ended how: `200 accounts: 198 good, 2 signed out`."""
        total = sum(self.ends.values())
        ends = ", ".join(f"{number:,} {words}" for words, number in self.ends.most_common())
        return f"{count(total, 'turn')}: {ends}" if total else "No account was due."


def describe(brought: Brought) -> str:
    """Say in some words how a turn ended."""
    if brought.outcome is Outcome.ENDED:
        return _WORDS_OF_CODES.get(brought.exit_code, "stopped early; it is tried again")
    return _WORDS[brought.outcome]
