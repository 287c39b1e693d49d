"""`importer fleet status`: the whole fleet in figures, and the accounts that wait for a person."""

import json
from collections.abc import Iterator, Sequence

from importer.cli import options
from importer.cli.next_step import command_line
from importer.cli.table import build_table
from importer.fleet.depot import Account
from importer.fleet.opening import open_depot
from importer.fleet.overview import MOST_FAILED, MOST_SHOWN, Overview
from importer.fleet.settings import load_fleet
from importer.text import clean, list_counts


def status(*, as_json: options.AsJson = False) -> None:
    """Show how the accounts of the fleet stand.

    Only the depot is asked. The page of `importer web` shows the same.
    """
    with open_depot(load_fleet().depot.reveal()) as depot:
        found = Overview.of(depot)
    if as_json:
        print(json.dumps(found.as_json(), indent=2))
        return
    print(*_show(found), sep="\n")


def _show(found: Overview) -> Iterator[str]:
    if not any(found.tally.states.values()):
        yield f"The fleet has no account. Next: {command_line('fleet', 'add', 'accounts.csv')}"
        return
    rows = [[str(state).replace("_", " "), f"{number:,}", meaning] for state, number, meaning in found.lines]
    yield from build_table(["state", "accounts", "meaning"], rows)
    if rows_by_status := list_counts(found.tally.counts.items()):
        yield f"rows of the last imports: {rows_by_status}"
    yield from found.notes
    if found.waiting_for_people:
        yield ""
        yield from build_table(
            ["account", "state", "why"],
            [
                [each.name, str(each.state).replace("_", " "), clean(each.note, 200)]
                for each in found.waiting_for_people
            ],
        )
    if len(found.waiting_for_people) == MOST_SHOWN:
        yield f"These are the first {MOST_SHOWN}."
    yield from _show_failed(found.failed)


def _show_failed(failed: Sequence[Account]) -> Iterator[str]:
    if not failed:
        return
    rows = [
        [each.name, clean(last.message, 200) or list_counts(last.counts.items())]
        for each in failed
        if (last := each.last) is not None
    ]
    yield from ("", *build_table(["account", "its last turn did not go well"], rows))
    if len(failed) == MOST_FAILED:
        yield f"These are the first {MOST_FAILED}."
    name = failed[0].name if not failed[1:] else "NAME"
    yield f"Row by row: {command_line('fleet', 'results', name)}"
