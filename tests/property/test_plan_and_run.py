"""A plan and the run that follows it agree row by row, whatever stands in file, account and journal."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.errors import UsageError
from importer.runs.conflicts import OnConflict
from importer.sandbox.catalogue import Kind
from importer.sandbox.titles import Title
from tests.plans.planned_road import PlannedRoad
from tests.road import OPEN, WAYS, find_title, running_sandbox

pytestmark = pytest.mark.usefixtures("time_enough")

SHAWSHANK, GODFATHER, KNIGHT = "tt0111161", "tt0068646", "tt0468569"
SOPRANOS = "tt0141842"
HEADER = "imdb_id,tmdb_id,type,season,episode,rating,rated_at"
IN_2014 = 1_409_562_611

TITLES: Mapping[str, Title] = {
    f"{SHAWSHANK},,movie,,": find_title(SHAWSHANK),
    ",238,movie,,": find_title(GODFATHER),
    f"{GODFATHER},,movie,,": find_title(GODFATHER),
    f"{KNIGHT},,movie,,": find_title(KNIGHT),
    f"{SOPRANOS},,show,,": find_title(SOPRANOS, Kind.SHOW),
    f"{SOPRANOS},,season,1,": find_title(SOPRANOS, Kind.SEASON, 1),
    f"{SOPRANOS},,episode,1,2": find_title(SOPRANOS, Kind.EPISODE, 1, 2),
}
RATED_TITLES = sorted({title.key: title for title in TITLES.values()}.values(), key=lambda title: title.key)

BECOMES = {
    "add": "rated",
    "change": "rated",
    "unrate": "unrated",
    "remove": "unrated",
    "same": "unchanged",
    "conflict": "kept",
}
"""The status that a planned action ends in; of the others, the word itself."""

accounts = st.dictionaries(
    st.integers(0, len(RATED_TITLES) - 1),
    st.tuples(st.sampled_from([1, 5, 8, 10]), st.integers(1_000_000_000, 1_700_000_000)),
)
files = st.lists(
    st.tuples(
        st.sampled_from(sorted(TITLES)),
        st.sampled_from(["1", "5", "8", "10", "love", "unrate", "soon"]),
        st.sampled_from(["", "", "2005-02-02", "2020-03-04T05:06:07Z"]),
    ),
    max_size=7,
).filter(lambda lines: len({TITLES[text].key for text, _, _ in lines}) == len({text for text, _, _ in lines}))
"""Two rows of one title that share no kind of id cannot be told to be of one title before it is rated."""

Lines = Sequence[tuple[str, str, str]]


class Rules(NamedTuple):
    """How the user runs it."""

    on_conflict: OnConflict
    mirrors: bool
    by_plan: bool
    """Whether the plan itself is sent, or the file once more."""


rules = st.builds(
    Rules, st.sampled_from(sorted(set(OnConflict) - {OnConflict.ASK})), st.booleans(), st.booleans()
)


@pytest.mark.parametrize("way", WAYS)
def test_plan_and_run_agree_row_by_row(way: str) -> None:
    @settings(max_examples=25)
    @given(account=accounts, earlier=files, meddled=accounts, lines=files, rules=rules)
    def check(
        account: Mapping[int, tuple[int, int]],
        earlier: Lines,
        meddled: Mapping[int, tuple[int, int]],
        lines: Lines,
        rules: Rules,
    ) -> None:
        with tempfile.TemporaryDirectory() as folder, running_sandbox(**OPEN) as sandbox:
            road = PlannedRoad.by(way, Path(folder))
            assert isinstance(road, PlannedRoad)
            for number, rating in account.items():
                sandbox.rate(RATED_TITLES[number], *rating)
            road.write(*map(",".join, earlier), header=HEADER)
            road.run(sandbox.url, on_conflict=OnConflict.OVERWRITE)
            for number, rating in meddled.items():
                sandbox.rate(RATED_TITLES[number], *rating)
            road.write(*map(",".join, lines), header=HEADER)
            agree(road, sandbox.url, rules)
            stored = sandbox.stored()
            for line in road.read_plan():
                place = (title_of(line).kind, title_of(line).key)
                if line["action"] in {"add", "change"} and line["to"] != "love":
                    assert stored[place][0] == int(line["to"])
                if line["action"] in {"unrate", "remove"}:
                    assert place not in stored

    check()


def title_of(line: Mapping[str, str]) -> Title:
    """A line that the mirror has added goes by all the ids that the account has, one of the file by one."""
    tmdb_id = line["tmdb_id"] if not line["imdb_id"] else ""
    return TITLES[",".join((line["imdb_id"], tmdb_id, line["kind"], line["season"], line["episode"]))]


def agree(road: PlannedRoad, url: str, rules: Rules) -> None:
    options: dict[str, Any] = {"on_conflict": rules.on_conflict, "mirror": rules.mirrors}
    try:
        exit_code = road.plan(url, **options)
    except UsageError:
        assert rules.mirrors
        with pytest.raises(UsageError):
            road.run(url, **options)
        road.plan_file.write_text("action,to\n", "utf-8")
        return
    is_sent = rules.by_plan and road.read_plan()
    report = road.send_plan(url) if is_sent else road.run(url, **options)
    assert report.stopped_by is None
    planned, became = road.read_plan(), road.read_results()
    assert [BECOMES.get(line["action"], line["action"]) for line in planned] == road.statuses
    for plan, result in zip(planned, became, strict=True):
        assert [plan[name] for name in ("imdb_id", "tmdb_id", "season", "episode", "rated_at")] == [
            result[name] for name in ("imdb_id", "tmdb_id", "season", "episode", "rated_at")
        ]
        assert (plan["to"], plan["from"]) == (result["rating"], result["previous_rating"])
        if plan["action"] not in {"add", "change", "unrate", "remove"}:
            assert plan["reason"] == result["reason"]
            assert plan["message"] in result["message"]
    assert exit_code == (0 if all(tally.status.is_success for tally in report.tallies) else 1)
