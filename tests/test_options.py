"""An option is declared once: its flag, its key in a sync job and its row in the docs say the same."""

from dataclasses import MISSING
from typing import Any

import pytest

from importer.destinations.registry import DEFAULT
from importer.destinations.spec import RequestOptions
from importer.option import Declaration, declarations_of, flag_of, key_of
from importer.readers.base import ReadOptions
from importer.runs.places import PlaceOptions
from importer.runs.rules import (
    DestinationOptions,
    EndOptions,
    FileOptions,
    RuleOptions,
    SendOptions,
    SourceOptions,
)
from importer.sync.config import SyncJob
from importer.sync.keys import OF_ONE_RUN, list_keys, read_keys
from tests.test_docs import read_table

DECLARED = [
    pytest.param(name, default, declared, id=flag_of(name, declared))
    for group in (
        ReadOptions,
        RequestOptions,
        SendOptions,
        DestinationOptions,
        RuleOptions,
        EndOptions,
        PlaceOptions,
        FileOptions,
        SourceOptions,
    )
    for name, default, declared in declarations_of(group)
    if name not in OF_ONE_RUN or name == "insecure_http"  # a job has one of its own
]


USUAL = {"to": DEFAULT, "api": "v2", "out": "`results/NAME.csv` in the state folder"}
"""What it is where nobody says, as the docs tell it."""

ROWS = {row[0]: row for row in read_table("docs/settings.md", "key in `[jobs.NAME]`")}


@pytest.mark.parametrize(("name", "default", "declared"), DECLARED)
def test_a_sync_job_has_the_key_with_its_default_and_its_bounds(
    name: str, default: Any, declared: Declaration
) -> None:
    key = list_keys(SyncJob)[key_of(name, declared)]
    assert key.default == default
    assert (key.declared.minimum, key.declared.maximum) == (declared.minimum, declared.maximum)
    for bound, beyond in ((declared.minimum, -1), (declared.maximum, 1)):
        if bound is not None:
            assert read_keys(SyncJob, {"source": "x", key_of(name, declared): bound})[1] == []
            assert read_keys(SyncJob, {"source": "x", key_of(name, declared): bound + beyond})[0] is None


@pytest.mark.parametrize(("name", "default", "declared"), DECLARED)
def test_the_docs_have_its_row_with_its_flag_and_its_default(
    name: str, default: Any, declared: Declaration
) -> None:
    _, shown, meaning = ROWS[key_of(name, declared)]
    is_told_otherwise = name in {"account", "insecure_http", "verify", "out"}
    assert is_told_otherwise or f"as `{flag_of(name, declared)}`" in meaning
    expected = (
        USUAL.get(name)
        or declared.shown
        or ("" if default in (None, MISSING, "", ()) else str(default).lower())
    )
    assert shown == expected
