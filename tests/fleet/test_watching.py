"""How the turns of a fleet are said and counted."""

from importer.fleet.bringing import Brought, Outcome
from importer.fleet.watching import Turns
from importer.monitoring.log import open_log


def test_turns_are_said_with_one_name_each_and_counted() -> None:
    said: list[str] = []
    turns = Turns(open_log(as_json=False), said.append)
    turns(Brought("ada", Outcome.ENDED, 1))
    assert turns.summarise() == "1 turn: 1 with rows that did not succeed"
    turns(Brought("bob", Outcome.LOST, 3, "bob: the lease has ended; whoever has it now goes on"))
    turns(Brought("cyd", Outcome.ENDED, 3, "the server does not answer"))
    assert said == [
        "ada: rows did not succeed",
        "bob: its worker is gone; another one goes on: the lease has ended; whoever has it now goes on",
        "cyd: stopped early; it is tried again: the server does not answer",
    ]
    assert list(turns.failed) == ["ada", "bob"], "two are enough"
    turns(Brought("bob", Outcome.ENDED))
    assert list(turns.failed) == ["ada"]
    assert turns.summarise().startswith("4 turns: ")
    assert turns.summarise().endswith("1 that stopped early, 1 good")
