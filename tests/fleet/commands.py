"""The commands of a fleet in processes of their own, with settings of their own."""

import csv
import json
import subprocess
import sys
from collections.abc import Mapping
from copy import copy
from pathlib import Path

from importer.interrupts import OWN_GROUP
from tests.command import inherit, write
from tests.fleet.site import Site, write_ratings

COMMAND = [sys.executable, "-P", "-m", "importer"]


class Fleet:
    """The command in a folder with settings of its own."""

    def __init__(self, folder: Path, site: Site, **settings: str) -> None:
        self.folder = folder
        config = write(folder / "config.toml", '[fleet]\nthreads = 4\nlease = "5s"\n')
        own = {"IMPORTER_STATE_DIR": str(folder / "state"), "IMPORTER_CONFIG_FILE": str(config)}
        self.environ: Mapping[str, str] = {**inherit(), **site.settings, **own, **settings}

    def with_settings(self, **settings: str) -> "Fleet":
        """The same with more variables."""
        found = copy(self)
        found.environ = {**self.environ, **settings}
        return found

    def __call__(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*COMMAND, "fleet", *words],
            cwd=self.folder,
            env=dict(self.environ),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*COMMAND, "fleet", *words],
            cwd=self.folder,
            env=dict(self.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **OWN_GROUP,
        )

    def states(self) -> dict[str, int]:
        told = json.loads(self("status", "--json").stdout)
        return {state: number for state, number in told["accounts"].items() if number}


def write_accounts(site: Site, folder: Path, names: list[str], rows: int) -> Path:
    """Write an accounts.csv of new users with a file each."""
    file = folder / "accounts.csv"
    with file.open("w", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(["name", "source", "access_token", "refresh_token"])
        for name in names:
            pair = site.sign_up(name)
            source = write_ratings(folder / f"{name}.csv", rows)
            lines.writerow([name, source.name, pair.access_token, pair.refresh_token])
    return file
