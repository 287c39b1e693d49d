"""The public API: the example of docs/python.md runs, and a run is stopped by cancelling it."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, cast, get_args, get_type_hints

import pytest

import importer
from importer.errors import StopRunError
from importer.interrupts import StopRequest
from importer.journal import JournalRun
from importer.runs.stop import wait_in_thread

DOCS = (Path(__file__).parents[2] / "docs" / "python.md").read_text("utf-8")


def test_the_example_prints_what_the_docs_say(tmp_path: Path, environment: dict[str, str]) -> None:
    blocks = (re.search(rf"```{kind}\n(.*?)```", DOCS, re.DOTALL) for kind in ("csv", "python", "text"))
    ratings, example, printed = blocks
    assert ratings is not None
    assert example is not None
    assert printed is not None
    (tmp_path / "ratings.csv").write_text(ratings[1])
    (tmp_path / "example.py").write_text(example[1])
    done = subprocess.run(
        [sys.executable, "example.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == (printed[1], "")
    assert (tmp_path / "ratings.csv").read_text() == ratings[1]


@pytest.mark.parametrize("name", importer.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(importer, name) is not None


def list_types(hint: object) -> Iterator[type]:
    if isinstance(hint, type) and not get_args(hint):
        yield hint
    for part in get_args(hint):
        yield from chain.from_iterable(map(list_types, part if isinstance(part, list) else [part]))


def list_methods(api: type) -> list[object]:
    methods = [each.fget if isinstance(each, property) else each for each in vars(api).values()]
    return [each for each in methods if callable(each) and not each.__name__.startswith("_")]


def test_what_a_program_takes_and_gives_has_a_name_in_the_package() -> None:
    functions = [importer.inspect, importer.plan, importer.run, importer.undo, importer.read_outcomes]
    found = set()
    for each in (*functions, *list_methods(importer.Prompts), *list_methods(importer.Observer)):
        for hint in get_type_hints(each).values():
            found |= {kind for kind in list_types(hint) if kind.__module__.startswith("importer.")}
    assert importer.Progress in found
    inner = {"AccountExport", "ExportFile"}  # made by functions of the package
    assert {kind.__name__ for kind in found} - inner <= {*importer.__all__}


def test_the_report_of_a_run_names_it_where_it_is_printed() -> None:
    assert repr(JournalRun(cast("Any", None), 1, "2026-1")) == "<JournalRun 2026-1>"


def test_an_account_is_a_source() -> None:
    account = importer.open_account("sandbox")
    assert account.name == "the ratings at sandbox"
    with pytest.raises(importer.ImporterError, match="is no destination here"):
        importer.open_account("letterboxd-file")


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = importer.nothing


def test_the_import_is_light() -> None:
    code = "import importer, sys; print(*[name for name in sys.modules if name.startswith('importer.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_cancelled_run_ends_in_good_order_first() -> None:
    stop = StopRequest()
    ended = []

    async def cancel() -> None:
        began = asyncio.Event()
        loop, heard = asyncio.get_running_loop(), asyncio.Event()

        def work() -> None:
            with stop.calling(lambda error: loop.call_soon_threadsafe(heard.set)):
                loop.call_soon_threadsafe(began.set)
                asyncio.run_coroutine_threadsafe(heard.wait(), loop).result()
            with pytest.raises(StopRunError, match="cancelled"):
                stop.check()
            ended.append(True)

        task = asyncio.create_task(wait_in_thread(work, stop))
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancel())
    assert ended
