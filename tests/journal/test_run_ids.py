"""Short ids of runs."""

import pytest

from importer.journal.run_ids import is_meant, short_id

RUN = "20261130-051648-da80"


def test_a_short_id_has_the_time_and_the_end() -> None:
    assert short_id(RUN) == "0516da80"
    assert short_id("of an older version") == "of an older version"


@pytest.mark.parametrize("typed", [RUN, RUN[:-2], "2026", "0516da80"])
def test_a_run_is_meant_by_either_form_and_by_its_beginning(typed: str) -> None:
    assert is_meant(RUN, typed)


@pytest.mark.parametrize("typed", ["", "0516", "da80", "0516da8", "0516da80-", "2027"])
def test_and_by_nothing_else(typed: str) -> None:
    assert not is_meant(RUN, typed)
