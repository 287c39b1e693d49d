"""What is called certain is right in a small made-up catalogue; `benchmarks/matching.py` has a large one."""

import pytest

from benchmarks.matching import EXPORTED, TYPED, Catalogue, Score, measure
from tests.titles.extract import build


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Score]]:
    catalogue = Catalogue(1500, seed=2)
    index = build(tmp_path_factory.mktemp("catalogue"), catalogue.titles, [])
    return {
        name: measure(index, list(catalogue.rows(1500, ways)))
        for name, ways in (("exported", EXPORTED), ("typed", TYPED))
    }


@pytest.mark.parametrize("name", ["exported", "typed"])
def test_all_that_is_certain_is_right(scores: dict[str, dict[str, Score]], name: str) -> None:
    assert [way for way, score in scores[name].items() if score.right != score.certain] == []
    assert scores[name]["all"].certain > 900


def test_most_rows_of_exports_are_certain(scores: dict[str, dict[str, Score]]) -> None:
    assert scores["exported"]["all"].recall >= 0.9


@pytest.mark.parametrize("name", ["exported", "typed"])
def test_nearly_all_are_among_the_candidates(scores: dict[str, dict[str, Score]], name: str) -> None:
    assert scores[name]["all"].found_share >= 0.98


@pytest.mark.parametrize("way", ["year off by one", "not in the catalogue"])
def test_these_are_never_certain(scores: dict[str, dict[str, Score]], way: str) -> None:
    assert scores["typed"][way].rows
    assert scores["typed"][way].certain == 0
