"""The road with a look ahead: a plan is made, perhaps edited, and sent."""

import csv
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from unittest.mock import patch

from importer.cli.display import Display
from importer.plans.make import make_plan
from importer.plans.model import PLAN_COLUMNS
from importer.plans.source import PlanInput
from importer.runs import send as sending
from importer.runs.conflicts import OnConflict
from importer.runs.load import RunReport
from importer.runs.open_destination import Choices
from importer.runs.send import SendingOptions
from tests.hurried_time import HurriedLoop
from tests.road import Road, SandboxTokens, open_api


class PlannedRoad(Road):
    """A user who plans before sending."""

    @property
    def plan_file(self) -> Any:
        return self.file.with_name("plan.csv")

    def plan(self, url: str, *, rechecks: bool = False, as_json: bool = False, **options: Any) -> int:
        """Make a plan; the exit code."""
        if self.is_v2:
            options["build_tokens"] = partial(SandboxTokens, url, kept=self._tokens)
        target = open_api(self.build_destination(url), SendingOptions(**options))
        source = replace(self.build_source(), mirrors=options.get("mirrors", False))
        display = Display(quiet=True, as_json=as_json, results=self.plan_file)
        choices = Choices({}, {}, rechecks=rechecks)
        with self.open_journal() as journal, patch.object(sending, "new_event_loop", HurriedLoop):
            return make_plan(source, target, journal, choices, display)

    def send_plan(self, url: str, **options: Any) -> RunReport:
        given = PlanInput(self.plan_file)
        rules: dict[str, Any] = {"follows_plan": True, "on_conflict": OnConflict.OVERWRITE}
        with given.open() as path:
            return self._bring(url, partial(given.build_source, path, Choices({}, {})), **rules, **options)

    def read_plan(self) -> list[dict[str, str]]:
        with self.plan_file.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def edit_plan(self, edit: Callable[[list[dict[str, str]]], Sequence[dict[str, str]]]) -> None:
        """Change the plan, as somebody does in an editor."""
        lines = edit(self.read_plan())
        with self.plan_file.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, PLAN_COLUMNS)
            writer.writeheader()
            writer.writerows(lines)

    @property
    def actions(self) -> list[str]:
        return [line["action"] for line in self.read_plan()]
