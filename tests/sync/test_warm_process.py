"""Jobs in threads of one process: what happens when it dies, hangs or is asked to stop, and who waits.

A script stands in Python's place, so that it can die as no test of ours could.
"""

import asyncio
import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from importer.monitoring.log import open_log
from importer.sync import warm_process
from importer.sync.processes import Children
from importer.sync.warm_process import WarmProcess, run_side_by_side
from tests.sync.test_processes import state, write_python

__all__ = ["state"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and scripts of a shell")

DIES_WITH_TWO = "read one; read two; kill -KILL $$"
DIES_WITH_ONE = "read one; kill -KILL $$"
ENDS_EACH = """while read request; do
  name=$(echo "$request" | cut -d'"' -f4)
  echo "{\\"job\\": \\"$name\\", \\"out\\": \\"in a thread\\"}"
  echo "{\\"job\\": \\"$name\\", \\"ended\\": 1}"
done"""
ENDS_WHEN_STOPPED = """while read request; do
  word=$(echo "$request" | cut -d'"' -f2)
  name=$(echo "$request" | cut -d'"' -f4)
  if [ $word = run ]; then echo "{\\"job\\": \\"$name\\", \\"out\\": \\"begun\\"}"
  else echo "{\\"job\\": \\"$name\\", \\"ended\\": 3}"; fi
done"""


class Machine:
    """Runs jobs with scripts in place of processes, and keeps what they showed."""

    def __init__(self, folder: Path) -> None:
        self.shown: list[str] = []
        self.has_shown = asyncio.Event()
        self.said = io.StringIO()
        log = open_log(as_json=False, stream=self.said)
        self.children = Children([], log, self.show, self.show, folder / "x.prom")

    def show(self, line: str) -> None:
        self.shown.append(line)
        self.has_shown.set()

    async def wait_for(self, line: str) -> None:
        while line not in self.shown:
            self.has_shown.clear()
            await self.has_shown.wait()

    def warm(
        self,
        queue_of: Callable[[str], str] = str,
        at_once: int = 16,
        *,
        silent_seconds: float = 100,
        turn_seconds: float = 100,
    ) -> WarmProcess:
        children = self.children
        return WarmProcess(
            lambda: children, at_once, queue_of, silent_seconds=silent_seconds, turn_seconds=turn_seconds
        )


@pytest.fixture
def machine(tmp_path: Path, state: Path) -> Machine:
    assert state.parent == tmp_path
    return Machine(tmp_path)


@pytest.fixture
def scripted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Say what the process of threads does, and what that of a job alone."""

    def script(together: str, alone: str = 'echo "alone"') -> None:
        case = f'case "$*" in\n*--in-threads*) {together};;\n*) {alone};;\nesac'
        monkeypatch.setattr(sys, "executable", write_python(tmp_path, case))

    return script


async def test_a_job_ends_with_its_own_exit_code_and_its_own_lines(
    machine: Machine, scripted: Callable[..., None]
) -> None:
    scripted(f"echo a library greets; {ENDS_EACH}")
    assert await run_side_by_side(["ada", "benjamin"], machine.warm()) == 1
    assert sorted(machine.shown) == [
        "a library greets",
        "ada      | in a thread",
        "benjamin | in a thread",
    ]


async def test_where_several_die_each_goes_on_alone_and_only_the_culprit_is_blamed(
    machine: Machine, scripted: Callable[..., None], state: Path
) -> None:
    scripted(DIES_WITH_TWO, 'case "$*" in *cleo*) kill -KILL $$;; *) echo alone;; esac')
    warm = machine.warm()
    codes = await asyncio.gather(warm.run("ben"), warm.run("cleo"))
    await warm.close()
    assert list(codes) == [0, 3]
    assert machine.shown == ["ben | alone"]
    said = machine.said.getvalue()
    assert "cleo: its process was ended by SIGKILL; the next run goes on where it stopped" in said
    assert "the process of 2 sync jobs was ended by SIGKILL; each goes on in one of its own" in said
    assert [path.name for path in (state / "health").glob("*.json")] == ["cleo.json"]
    assert "SIGKILL" in json.loads((state / "health/cleo.json").read_text())["reason"]
    assert [path.name for path in (state / "sync").glob("*.crashed")] == ["cleo.crashed"]

    scripted(ENDS_EACH)
    machine.shown.clear()
    warm = machine.warm()
    assert [await warm.run(name) for name in ("ben", "cleo", "cleo")] == [1, 0, 1]
    await warm.close()
    # The culprit is alone until it has ended by itself there.
    assert machine.shown == ["ben | in a thread", "cleo | alone", "cleo | in a thread"]


async def test_a_job_that_dies_alone_is_told_at_once_and_is_not_run_again(
    machine: Machine, scripted: Callable[..., None], state: Path
) -> None:
    scripted(DIES_WITH_ONE)
    warm = machine.warm()
    assert await warm.run("ada") == 3
    await warm.close()
    assert machine.shown == []
    health = json.loads((state / "health/ada.json").read_text())
    assert (health["exit_code"], health["consecutive_failures"]) == (3, 1)
    assert (state / "sync/ada.crashed").exists()


async def test_a_process_that_gives_no_sign_of_life_holds_nobody(
    machine: Machine, scripted: Callable[..., None]
) -> None:
    scripted("read one; read two; exec sleep 100")
    warm = machine.warm(silent_seconds=1)
    assert list(await asyncio.gather(warm.run("ada"), warm.run("ben"))) == [0, 0]
    await warm.close()
    assert sorted(machine.shown) == ["ada | alone", "ben | alone"]
    assert "no sign of life" in machine.said.getvalue()


async def test_a_process_that_cannot_be_started_is_told_of_for_each_job(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone"))
    assert await run_side_by_side(["ada", "ben"], machine.warm()) == 3
    said = machine.said.getvalue()
    assert "importer: ada: its process could not be started (No such file or directory)\n" in said
    assert "importer: ben: its process could not be started (No such file or directory)\n" in said


async def test_a_stop_reaches_the_job(machine: Machine, scripted: Callable[..., None]) -> None:
    scripted(ENDS_WHEN_STOPPED)
    warm = machine.warm()
    running = asyncio.create_task(warm.run("ada"))
    await machine.wait_for("ada | begun")
    running.cancel()
    assert await running == 3
    await warm.close()


async def test_jobs_of_one_account_wait_without_a_thread(
    machine: Machine, scripted: Callable[..., None]
) -> None:
    scripted(ENDS_WHEN_STOPPED)
    warm = machine.warm(lambda _: "one account", at_once=2)
    first, second = (asyncio.create_task(warm.run(name)) for name in ("ada", "ben"))
    await machine.wait_for("ada | begun")
    await machine.wait_for("ben | another job of this account is at work; waiting for it")
    second.cancel()
    assert await second == 3
    assert "ben: interrupted before it began" in machine.said.getvalue()
    third = asyncio.create_task(warm.run("cleo"))
    await machine.wait_for("cleo | another job of this account is at work; waiting for it")
    first.cancel()
    await machine.wait_for("cleo | begun")
    third.cancel()
    assert list(await asyncio.gather(first, third)) == [3, 3]
    await warm.close()
    assert "ben | begun" not in machine.shown


async def test_no_more_than_wanted_run_at_once_unless_they_take_too_long(
    machine: Machine, scripted: Callable[..., None]
) -> None:
    scripted(ENDS_WHEN_STOPPED)
    warm = machine.warm(at_once=1)
    first, second = (asyncio.create_task(warm.run(name)) for name in ("ada", "ben"))
    await machine.wait_for("ada | begun")
    second.cancel()
    assert await second == 3
    first.cancel()
    assert await first == 3
    await warm.close()
    assert machine.shown == ["ada | begun"]

    machine.shown.clear()
    warm = machine.warm(at_once=1, turn_seconds=0)
    hanging = [asyncio.create_task(warm.run(name)) for name in ("ada", "ben")]
    for name in ("ada", "ben"):
        await machine.wait_for(f"{name} | begun")
    for each in hanging:
        each.cancel()
    assert list(await asyncio.gather(*hanging)) == [3, 3]
    await warm.close()


async def test_other_settings_get_another_process(machine: Machine, scripted: Callable[..., None]) -> None:
    scripted(
        'while read request; do name=$(echo "$request" | cut -d\'"\' -f4);'
        ' echo "{\\"job\\": \\"$name\\", \\"out\\": \\"reads $COPY\\"}";'
        ' echo "{\\"job\\": \\"$name\\", \\"ended\\": 0}"; done'
    )
    copies = iter(["old", "old", "new"])

    def find_children() -> Children:
        return replace(machine.children, environ={"COPY": next(copies)})

    warm = WarmProcess(find_children, 16, str)
    assert [await warm.run("ada") for _ in range(3)] == [0, 0, 0]
    await warm.close()
    assert machine.shown == ["ada | reads old", "ada | reads old", "ada | reads new"]


async def test_with_nothing_to_do_the_process_ends_and_another_begins_when_it_is_needed(
    machine: Machine, scripted: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(warm_process, "IDLE_SECONDS", 0)
    scripted(f"echo begun >> {tmp_path}/log; {ENDS_EACH}; echo ended >> {tmp_path}/log")
    warm = machine.warm()
    for _ in range(2):
        assert await warm.run("ada") == 1
        await asyncio.gather(*(process.ended for process in warm._processes))
    assert (tmp_path / "log").read_text().split() == ["begun", "ended"] * 2
    await warm.close()


async def test_a_death_in_the_middle_of_a_line_is_a_death(
    machine: Machine, scripted: Callable[..., None]
) -> None:
    scripted("""read one; read two; printf '{"job": "ada", "ou'; kill -KILL $$""")
    assert await run_side_by_side(["ada", "ben"], machine.warm()) == 0
    assert sorted(machine.shown) == ["ada | alone", "ben | alone"]
