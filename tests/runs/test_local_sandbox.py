"""A run to the sandbox that is started for it: one sign-in, which is shown as a stage of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import pytest

from importer.destinations.registry import find
from importer.progress import Phase, Progress
from importer.readers import ReadOptions
from importer.runs import open_destination as opening
from importer.runs import send as sending
from importer.runs.destination import OpenDestination, journal_for
from importer.runs.import_run import ImportRun
from importer.runs.rules import DestinationOptions
from importer.runs.sources import ExportFile, Opening
from tests.hurried_time import HurriedLoop
from tests.road import Agreeing, Server, running_sandbox


@dataclass
class PhasesSeen(Progress):
    """Progress that remembers its phases."""

    seen: list[Phase] = field(default_factory=list)

    def __setattr__(self, name: str, value: object) -> None:
        """Note a change of the phase."""
        if name == "phase" and hasattr(self, "seen"):
            assert isinstance(value, Phase)
            self.seen.append(value)
        super().__setattr__(name, value)


@contextmanager
def open_sandbox(folder: Path) -> Iterator[tuple[OpenDestination, Server]]:
    """Open `--to sandbox --api v2`, with the server in this process."""
    spec = find("sandbox-v2")
    assert spec is not None
    with running_sandbox(any_title=True, auto_approve=True, device_interval=1) as server:

        @contextmanager
        def embedded(*_: object) -> Iterator[str]:
            yield server.url

        with (
            patch.object(opening, "embedded_sandbox", embedded),
            patch.object(opening, "state_dir", lambda: folder),
            opening.open_destination(spec, DestinationOptions()) as opened,
        ):
            yield opened, server


def test_a_run_signs_in_once_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPORTER_STATE_DIR", str(tmp_path / "state"))
    file, results, progress = tmp_path / "ratings.csv", tmp_path / "out.csv", PhasesSeen()
    file.write_text("imdb_id,rating\ntt0000417,8\n")
    with (
        open_sandbox(tmp_path) as (opened, server),
        journal_for(opened) as journal,
        patch.object(sending, "new_event_loop", HurriedLoop),
        ExportFile(str(file), ReadOptions()).open(Opening(opened, journal, Agreeing(), results)) as source,
    ):
        run = ImportRun(source, opened, journal, results=results, prompts=Agreeing(), progress=progress)
        assert run.execute().stopped_by is None
        assert server.list_statuses("oauth/device/code") == [200]
        assert server.list_statuses("oauth/device/token") == [200]  # and nobody had to ask twice
    assert progress.seen.count(Phase.SIGNING_IN) == 1
    assert list(dict.fromkeys(progress.seen)) == [
        *(Phase.PLANNING, Phase.SIGNING_IN, Phase.COMPARING),
        *(Phase.SENDING, Phase.VERIFYING, Phase.WRITING),
    ]
