"""The log of a fleet's accounts: each line has the name of its account."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from importer.fleet.bringing import Brought, Outcome
from importer.monitoring.log import Log
from importer.runs.prompts import Observer, StartedRun, Unwatched
from importer.text import clean, count

_ENOUGH = 2
_WORDS = {
    Outcome.GIVEN_BACK: "interrupted; it goes on from there",
    Outcome.LOST: "its worker is gone; another one goes on",
    Outcome.SIGNED_OUT: "signed out",
    Outcome.SET_ASIDE: "set aside",
}
_STOPPED = "stopped early; it is tried again"
_WORDS_OF_CODES = {0: "good", 1: "rows did not succeed", 2: "its settings or its file must change"}


_OF_SEVERAL = {
    _WORDS[Outcome.GIVEN_BACK]: "interrupted",
    _WORDS[Outcome.LOST]: "whose worker is gone",
    _WORDS_OF_CODES[1]: "with rows that did not succeed",
    _WORDS_OF_CODES[2]: "whose settings or file must change",
    _STOPPED: "that stopped early",
}
"""What is said of a number of turns, where it is not what is said of one."""


class WatchedAccount(Unwatched):
    """Logs what happens while an account is imported."""

    def __init__(self, name: str, log: Log) -> None:
        self._name = name
        self._log = log.bind(account=name)

    def started(self, run: StartedRun) -> None:
        """Log that its rows are sent."""
        self._log.run_started(run)

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
    failed: dict[str, Brought] = field(default_factory=dict)
    """The first accounts whose turns did not go well: enough to say whether it is only one."""

    def __call__(self, brought: Brought) -> None:
        """Take the end of a turn. One that was refused is nobody's business."""
        if brought.outcome is Outcome.REFUSED:
            return
        words = describe(brought)
        self.ends[words] += 1
        if not brought.exit_code:
            self.failed.pop(brought.name, None)
        elif len(self.failed) < _ENOUGH:
            self.failed[brought.name] = brought
        self.log.bind(account=brought.name).account_ended(
            str(brought.outcome), brought.exit_code, clean(brought.message, 1000)
        )
        if not self.log.is_json:
            self.say(f"{brought.name}: {words}{explain(brought, 300)}")

    def summarise(self) -> str:
        """Say how many turns ended how: `200 turns: 198 good, 2 signed out`."""
        total = sum(self.ends.values())
        counted = self.ends.most_common()
        ends = ", ".join(f"{number:,} {_OF_SEVERAL.get(words, words)}" for words, number in counted)
        return f"{count(total, 'turn')}: {ends}" if total else "No account was due."


def describe(brought: Brought) -> str:
    """Say in some words how a turn ended."""
    if brought.outcome is Outcome.ENDED:
        return _WORDS_OF_CODES.get(brought.exit_code, _STOPPED)
    return _WORDS[brought.outcome]


def explain(brought: Brought, limit: int = 1000) -> str:
    """Say why a turn ended so, as the end of a line that begins with the account; perhaps empty."""
    why = clean(brought.message.removeprefix(f"{brought.name}: "), limit)
    return f": {why}" if why else ""
