"""What runs to several destinations say, while none of them asks a question and while one does."""

import signal
import threading
from contextlib import suppress

from importer.cli.voice import Floor, Voice


def test_a_line_names_its_destination_if_there_are_several() -> None:
    assert Voice("simkl").name("sending") == "simkl: sending"
    assert Voice().name("sending") == "sending"


def test_what_is_said_during_a_question_waits_for_its_end_and_nobody_waits_for_it() -> None:
    said: list[str] = []
    floor = Floor()

    def speak() -> None:
        floor.say(lambda: said.append("a warning"))
        floor.say(lambda: said.append("how far it is"), keeps=False)

    with floor.taken():
        run = threading.Thread(target=speak, daemon=True)
        run.start()
        run.join(20)
        assert (run.is_alive(), said) == (False, [])
    assert said == ["a warning"]
    floor.say(lambda: said.append("more"), keeps=False)
    assert said == ["a warning", "more"]


def test_it_is_shown_after_an_interrupted_question_too() -> None:
    said: list[str] = []
    floor = Floor()
    with suppress(KeyboardInterrupt), floor.taken():
        floor.say(lambda: said.append("a warning"))
        signal.raise_signal(signal.SIGINT)
    assert said == ["a warning"]
