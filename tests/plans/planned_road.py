"""A user who plans before sending: a plan is made, perhaps edited, and sent."""

import csv
import sys
from collections.abc import Callable, Sequence
from typing import Any

from importer.cli.prompts import find_prompts
from importer.plans.make import made_plan
from importer.plans.model import PLAN_COLUMNS
from importer.plans.report import print_json
from importer.plans.source import PlanFile
from importer.runs.conflicts import OnConflict
from importer.runs.rules import RunRules
from importer.runs.run_report import RunReport
from tests.road import Road


class PlannedRoad(Road):
    """A user who plans before sending."""

    @property
    def plan_file(self) -> Any:
        return self.file.with_name("plan.csv")

    def plan(
        self,
        url: str,
        *,
        on_conflict: OnConflict = OnConflict.NEWEST,
        mirror: bool = False,
        recheck: bool = False,
        as_json: bool = False,
    ) -> int:
        """Make a plan; the exit code."""
        rules = RunRules.for_plan(on_conflict, mirror=mirror, recheck=recheck)
        with (
            self.open_run(url, self.source, rules, results=self.plan_file, prompts=find_prompts()) as run,
            made_plan(run) as (plan, lines),
        ):
            if as_json:
                print_json(plan, lines(), self.plan_file, sys.stdout)
            return 0 if plan.is_fine else 1

    def send_plan(self, url: str, *, dry_run: bool = False, **options: Any) -> RunReport:
        rules = RunRules.for_sent_plan()
        return self._import(url, PlanFile(self.plan_file), rules, dry_run=dry_run, **options)

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
