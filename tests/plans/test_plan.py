"""`importer plan` and `importer run --plan`: what would be done, and just that."""

import csv
import io
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from inspect import signature
from pathlib import Path

import pytest

from importer.cli.plan import plan
from importer.cli.run import run
from importer.destinations.upload_files.letterboxd_csv import LETTERBOXD_FILE, LetterboxdFile
from importer.errors import StopRunError, UnknownFormatError, UsageError
from importer.journal import Journal
from importer.plans.make import made_plan
from importer.plans.model import PLAN_COLUMNS
from importer.plans.source import PlanFile
from importer.runs.conflicts import OnConflict
from importer.runs.destination import OpenDestination
from importer.runs.import_run import ImportRun
from importer.runs.places import Api, PlaceOptions
from importer.runs.prompts import Unattended
from importer.runs.sources import Opening
from importer.sandbox.catalogue import Kind
from tests.plans.planned_road import PlannedRoad
from tests.road import OPEN, WAYS, Server, find_title, running_sandbox

pytestmark = pytest.mark.usefixtures("time_enough")

SHAWSHANK, GODFATHER, KNIGHT, TWELVE = "tt0111161", "tt0068646", "tt0468569", "tt0050083"
SOPRANOS = "tt0141842"
IN_2014 = 1_409_562_611  # 2014-09-01T09:10:11Z
HEADER = "imdb_id,title,type,rating,rated_at"

Line = dict[str, str]


@pytest.fixture(params=WAYS)
def road(request: pytest.FixtureRequest, tmp_path: Path) -> PlannedRoad:
    return plan_by(request.param, tmp_path)


def plan_by(way: str, folder: Path) -> PlannedRoad:
    road = PlannedRoad.by(way, folder)
    assert isinstance(road, PlannedRoad)
    return road


@pytest.fixture
def sandbox() -> Iterator[Server]:
    """An account with three films rated 5 in 2014."""
    with running_sandbox(**OPEN) as server:
        for title in (SHAWSHANK, GODFATHER, KNIGHT):
            server.rate(title, 5, IN_2014)
        yield server


ALL = (
    f"{SHAWSHANK},Shawshank,movie,9,",
    f"{GODFATHER},Godfather,movie,5,",
    f"{KNIGHT},Knight,movie,7,2001-01-01",
    f"{TWELVE},Twelve,movie,8,",
    f"{TWELVE},Twelve again,movie,7,",
    "tt0000042,A game,videoGame,7,",
    f"{KNIGHT},Not a rating,movie,11,",
)


class TestPlanning:
    def test_every_row_gets_its_action(self, road: PlannedRoad, sandbox: Server) -> None:
        road.write(*ALL, header=HEADER)
        assert road.plan(sandbox.url) == 1
        assert road.actions == ["change", "same", "conflict", "duplicate", "add", "unsupported", "invalid"]
        change, same, conflict, duplicate, add, unsupported, invalid = road.read_plan()
        assert (change["from"], change["to"], change["message"]) == ("5", "9", "change 5 -> 9")
        assert change["account_rated_at"].startswith("2014-09-01T09:10:11")
        assert (same["from"], same["to"], same["reason"]) == ("5", "5", "already_rated")
        assert (conflict["reason"], conflict["from"], conflict["to"]) == ("policy_newest", "5", "7")
        assert "account: 5 (2014-09-01)" in conflict["message"]
        assert (add["from"], add["to"], add["message"]) == ("", "7", "add 7")
        assert duplicate["reason"] == "duplicate"
        assert (unsupported["kind"], unsupported["reason"]) == ("videoGame", "video_game")
        assert (invalid["to"], invalid["reason"]) == ("11", "bad_rating")
        assert [line["row"] for line in road.read_plan()] == list("1234567")
        assert {line["destination"] for line in road.read_plan()} == {"trakt" if road.is_v2 else "trakt-v1"}

    def test_nothing_is_sent_and_nothing_remembered(self, road: PlannedRoad, sandbox: Server) -> None:
        road.write(*ALL, header=HEADER)
        before = sandbox.stored()
        road.plan(sandbox.url, mirror=False)
        assert sandbox.stored() == before
        assert sandbox.count_sent_rows() == 0
        with road.open_journal() as journal:
            for table in ("run", "row", "known"):
                assert journal.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)

    def test_an_account_is_read_by_the_page_never_by_the_row(self, tmp_path: Path) -> None:
        road = plan_by("v2", tmp_path)
        ids = [f"tt{90_000_000 + number}" for number in range(600)]
        road.write(*(f"{imdb_id},,movie,7," for imdb_id in ids), header=HEADER)
        with running_sandbox(**OPEN) as server:
            for imdb_id in ids:
                server.rate(imdb_id, 5, IN_2014)
            assert road.plan(server.url) == 0
            assert len(server.requests("sync/ratings")) == 3
        assert road.actions == ["change"] * 600

    def test_removals(self, road: PlannedRoad, sandbox: Server) -> None:
        road.write(
            f"{SHAWSHANK},,movie,unrate,", f"{TWELVE},,movie,unrate,", f"{KNIGHT},,movie,5,", header=HEADER
        )
        assert road.plan(sandbox.url, mirror=True) == 0
        unrate, nothing, same, remove = road.read_plan()
        assert [line["action"] for line in (unrate, nothing, same)] == ["unrate", "same", "same"]
        assert (unrate["to"], unrate["message"]) == ("unrate", "unrate 5")
        assert (remove["action"], remove["imdb_id"], remove["message"]) == ("remove", GODFATHER, "remove 5")
        assert (remove["row"], remove["line"], remove["note"]) == ("4", "0", "the file does not rate it")

    def test_what_is_known_from_the_journal_is_the_same_unless_it_is_checked(
        self, road: PlannedRoad, sandbox: Server
    ) -> None:
        road.write(f"{TWELVE},,movie,8,", header=HEADER)
        road.run(sandbox.url)
        sandbox.rate(TWELVE, 3, IN_2014)
        road.plan(sandbox.url)
        assert [line["reason"] for line in road.read_plan()] == ["known_from_journal"]
        road.plan(sandbox.url, recheck=True)
        assert road.actions == ["change"]

    def test_love_is_the_number_that_it_is_sent_as(self, tmp_path: Path, sandbox: Server) -> None:
        road = PlannedRoad(tmp_path, is_v2=True, love=10, hate=1)
        road.write(f"{SHAWSHANK},,movie,love,", f"{TWELVE},,movie,hate,", header=HEADER)
        road.plan(sandbox.url)
        assert [(line["from"], line["to"]) for line in road.read_plan()] == [("5", "10"), ("", "1")]

    @pytest.mark.parametrize("way", ["single", "bulk"])
    def test_love_stays_a_word_where_words_are_sent(self, way: str, tmp_path: Path, sandbox: Server) -> None:
        road = plan_by(way, tmp_path)
        road.write(f"{SHAWSHANK},,movie,love,", header=HEADER)
        road.plan(sandbox.url)
        (line,) = road.read_plan()
        assert line["message"] == "change 5 -> love"

    def test_an_account_that_cannot_be_read_has_no_plan(self, road: PlannedRoad) -> None:
        road.write(f"{TWELVE},,movie,8,", header=HEADER)
        with (
            running_sandbox("read:404@1-", **OPEN) as server,
            pytest.raises(StopRunError, match="cannot be read"),
        ):
            road.plan(server.url)
        assert not road.plan_file.exists()

    def test_json_holds_every_row(
        self, road: PlannedRoad, sandbox: Server, capsys: pytest.CaptureFixture[str]
    ) -> None:
        road.write(*ALL, header=HEADER)
        road.plan(sandbox.url, as_json=True)
        found = json.loads(capsys.readouterr().out)
        assert found["actions"] == dict.fromkeys(
            ("add", "change", "same", "conflict", "duplicate", "unsupported", "invalid"), 1
        )
        assert found["rows_to_send"] == 2
        assert found["requests"] == (2 if road.build_destination("").batch_size == 1 else 1)
        assert [row["action"] for row in found["rows"]] == road.actions
        assert list(found["rows"][0]) == list(PLAN_COLUMNS)

    def test_ask_is_answered_while_planning(
        self, road: PlannedRoad, sandbox: Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        road.write(f"{SHAWSHANK},,movie,9,", f"{KNIGHT},,movie,9,", header=HEADER)
        terminal = io.StringIO("n\ny\n")
        terminal.isatty = lambda: True  # type: ignore[method-assign]
        monkeypatch.setattr(sys, "stdin", terminal)
        road.plan(sandbox.url, on_conflict=OnConflict.ASK)
        assert road.actions == ["conflict", "change"]
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        with pytest.raises(UsageError, match="no terminal"):
            road.plan(sandbox.url, on_conflict=OnConflict.ASK)

    def test_an_unfinished_run_goes_on_as_if_there_had_been_no_plan(
        self, road: PlannedRoad, sandbox: Server
    ) -> None:
        road.write(f"{SHAWSHANK},,movie,9,", f"{KNIGHT},,movie,9,", header=HEADER)
        first = road.run(sandbox.url, limit=1)
        road.plan(sandbox.url)
        assert road.actions.count("same") == 1
        second = road.run(sandbox.url)
        assert second.run.run_id == first.run.run_id
        assert second.run.continued
        assert road.statuses == ["rated", "rated"]


class TestSending:
    def test_just_that(self, road: PlannedRoad, sandbox: Server) -> None:
        road.write(*ALL, header=HEADER)
        road.plan(sandbox.url)
        report = road.send_plan(sandbox.url)
        assert report.stopped_by is None
        assert sandbox.count_sent_rows() == 2
        assert sandbox.stored_movies() == {SHAWSHANK: 9, GODFATHER: 5, KNIGHT: 5, TWELVE: 7}
        assert road.statuses == [
            *("rated", "unchanged", "kept", "duplicate", "rated", "unsupported", "invalid")
        ]

    def test_shows_and_episodes(self, road: PlannedRoad, sandbox: Server) -> None:
        sandbox.rate(find_title(SOPRANOS, Kind.EPISODE, 1, 2), 7, IN_2014)
        road.write(
            f"{SOPRANOS},show,,,9", f"{SOPRANOS},episode,1,2,8", header="imdb_id,type,season,episode,rating"
        )
        road.plan(sandbox.url, mirror=True)
        road.send_plan(sandbox.url)
        assert {rating for (kind, _), (rating, _) in sandbox.stored().items() if kind != Kind.MOVIE} == {8, 9}

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(lambda server: server.rate(SHAWSHANK, 6, IN_2014), id="another rating"),
            pytest.param(lambda server: server.rate(SHAWSHANK, 5, IN_2014 + 86400), id="another date"),
            pytest.param(lambda server: server.unrate(SHAWSHANK), id="no rating any more"),
            pytest.param(lambda server: server.rate(TWELVE, 1, IN_2014), id="a rating now"),
        ],
    )
    def test_an_account_that_moved_gets_nothing(
        self, road: PlannedRoad, sandbox: Server, change: Callable[[Server], None]
    ) -> None:
        road.write(*ALL, header=HEADER)
        road.plan(sandbox.url)
        change(sandbox)
        before = sandbox.stored()
        with pytest.raises(UsageError, match=r"has changed since the plan was made, in 1 of its rows"):
            road.send_plan(sandbox.url)
        assert sandbox.stored() == before
        assert sandbox.count_sent_rows() == 0

    def test_what_the_plan_does_not_touch_may_move(self, road: PlannedRoad, sandbox: Server) -> None:
        road.write(*ALL, header=HEADER)
        road.plan(sandbox.url)
        sandbox.rate(GODFATHER, 1, IN_2014)
        sandbox.rate("tt0137523", 1, IN_2014)
        road.send_plan(sandbox.url)
        assert sandbox.stored_movies()[SHAWSHANK] == 9

    def test_an_interrupted_plan_goes_on(self, road: PlannedRoad, sandbox: Server) -> None:
        road.write(f"{SHAWSHANK},,movie,9,", f"{KNIGHT},,movie,9,", f"{TWELVE},,movie,9,", header=HEADER)
        road.plan(sandbox.url)
        first = road.send_plan(sandbox.url, limit=1)
        second = road.send_plan(sandbox.url)
        assert second.run.run_id == first.run.run_id
        assert road.statuses == ["rated"] * 3

    def test_lines_that_were_taken_out_are_not_sent(self, road: PlannedRoad, sandbox: Server) -> None:
        road.write(*ALL, header=HEADER)
        road.plan(sandbox.url)
        road.edit_plan(lambda lines: [line for line in lines if line["imdb_id"] != SHAWSHANK])
        road.send_plan(sandbox.url)
        assert sandbox.stored_movies() == {SHAWSHANK: 5, GODFATHER: 5, KNIGHT: 5, TWELVE: 7}

    def test_rows_keep_the_lines_of_the_file_that_was_planned(
        self, road: PlannedRoad, sandbox: Server
    ) -> None:
        road.write(
            f'{SHAWSHANK},"two\nlines",movie,9,', f"{GODFATHER},,movie,9,", "x1,Half,movie,8,", header=HEADER
        )
        road.plan(sandbox.url)
        road.edit_plan(lambda lines: lines[1:])
        road.send_plan(sandbox.url)
        assert [line["line"] for line in road.read_results()] == ["4", "5"]
        assert road.read_results()[1]["message"].startswith("line 5, ")

    def test_another_rating_may_be_written_into_it(self, road: PlannedRoad, sandbox: Server) -> None:
        road.write(f"{SHAWSHANK},,movie,9,", header=HEADER)
        road.plan(sandbox.url)
        road.edit_plan(lambda lines: [line | {"to": "8"} for line in lines])
        road.send_plan(sandbox.url)
        assert sandbox.stored_movies()[SHAWSHANK] == 8

    def test_a_conflict_may_be_decided_otherwise(self, road: PlannedRoad, sandbox: Server) -> None:
        road.write(f"{KNIGHT},,movie,7,2001-01-01", header=HEADER)
        road.plan(sandbox.url)
        assert road.actions == ["conflict"]
        road.edit_plan(lambda lines: [line | {"action": "Change"} for line in lines])
        road.send_plan(sandbox.url)
        assert sandbox.stored_movies()[KNIGHT] == 7

    @pytest.mark.parametrize(
        ("cells", "told"),
        [
            ({"to": "12"}, 'column "to": "12"'),
            ({"to": ""}, 'column "to"'),
            ({"to": "unrate"}, 'change does not go with "unrate"'),
            ({"action": "remove"}, 'remove does not go with "9"'),
            ({"action": "send"}, "column action: 'send' is none"),
            ({"action": ""}, "column action: '' is none"),
            ({"from": "many"}, 'column from: "many"'),
            ({"imdb_id": "tt1"}, '"tt1"'),
        ],
    )
    def test_a_plan_with_a_cell_that_makes_no_sense_is_refused_as_a_whole(
        self, road: PlannedRoad, sandbox: Server, cells: Line, told: str
    ) -> None:
        road.write(f"{SHAWSHANK},,movie,9,", f"{TWELVE},,movie,8,", f"{KNIGHT},,movie,9,", header=HEADER)
        road.plan(sandbox.url)
        road.edit_plan(lambda lines: [lines[0] | cells, lines[1], lines[2] | {"action": "send"}])
        with pytest.raises(UsageError, match=r"in 2 of its lines:\n  line 2, .*\n  line 4, ") as refused:
            road.send_plan(sandbox.url)
        assert told in str(refused.value)
        assert sandbox.count_sent_rows() == 0
        road.edit_plan(lambda lines: lines[1:2])
        road.send_plan(sandbox.url)
        assert road.statuses == ["rated"]

    def test_lines_that_were_invalid_when_it_was_made_hold_nothing_up(
        self, road: PlannedRoad, sandbox: Server
    ) -> None:
        road.write(f"{SHAWSHANK},,movie,12,", f"{TWELVE},,movie,8,", header=HEADER)
        road.plan(sandbox.url)
        road.send_plan(sandbox.url)
        assert road.statuses == ["invalid", "rated"]

    @pytest.mark.parametrize("sent_before", [1, 3])
    def test_a_plan_that_was_sent_can_be_typed_again(
        self, road: PlannedRoad, sandbox: Server, sent_before: int
    ) -> None:
        """Also one that was sent in part only, and then edited: it is another plan then."""
        road.write(f"{SHAWSHANK},,movie,9,", f"{TWELVE},,movie,8,", header=HEADER)
        road.plan(sandbox.url, mirror=True)
        assert set(road.actions) == {"change", "add", "remove"}
        whole = road.read_plan()
        road.edit_plan(lambda lines: lines[:sent_before])
        road.send_plan(sandbox.url)
        sent = sandbox.count_sent_rows()
        road.edit_plan(lambda _: whole)
        road.send_plan(sandbox.url)
        assert sandbox.stored_movies() == {SHAWSHANK: 9, TWELVE: 8}
        assert road.statuses[:sent_before] == ["unchanged"] * sent_before
        assert sandbox.count_sent_rows() == max(sent, len(whole))

    def test_a_line_that_somebody_takes_back_is_not_told_of_as_if_it_were_sent(
        self, road: PlannedRoad, sandbox: Server
    ) -> None:
        road.write(f"{SHAWSHANK},,movie,9,", f"{KNIGHT},,movie,7,2001-01-01", header=HEADER)
        road.plan(sandbox.url)
        road.edit_plan(lambda lines: [lines[0] | {"action": "skipped", "to": "8"}, lines[1]])
        road.send_plan(sandbox.url)
        skipped, kept = road.read_results()
        assert (skipped["status"], skipped["reason"]) == ("skipped", "taken_out")
        assert skipped["message"] == "not sent, as the plan says"
        assert "is newer" in kept["message"]

    def test_two_lines_of_one_title_are_duplicates_here_too(self, road: PlannedRoad, sandbox: Server) -> None:
        road.write(f"{SHAWSHANK},,movie,9,", header=HEADER)
        road.plan(sandbox.url)
        road.edit_plan(lambda lines: [lines[0], lines[0] | {"to": "8"}])
        road.send_plan(sandbox.url)
        assert road.statuses == ["duplicate", "rated"]

    def test_formulas_survive_a_spreadsheet(self, road: PlannedRoad, sandbox: Server) -> None:
        road.write(f"{SHAWSHANK},=1+1,movie,9,", f"{KNIGHT},'=2,movie,9,", header=HEADER)
        road.plan(sandbox.url)
        assert [line["title"] for line in road.read_plan()] == ["'=1+1", "''=2"]
        road.send_plan(sandbox.url)
        assert [line["title"] for line in road.read_results()] == ["'=1+1", "''=2"]

    def test_a_date_that_a_spreadsheet_rewrote_is_the_same_date(
        self, road: PlannedRoad, sandbox: Server
    ) -> None:
        road.write(f"{SHAWSHANK},,movie,9,", header=HEADER)
        road.plan(sandbox.url)
        road.edit_plan(lambda lines: [line | {"account_rated_at": "2014-09-01"} for line in lines])
        road.send_plan(sandbox.url)
        assert road.statuses == ["rated"]

    def test_an_account_that_cannot_be_read_gets_nothing(self, road: PlannedRoad) -> None:
        road.write(f"{SHAWSHANK},,movie,9,", header=HEADER)
        with running_sandbox("read:404@2-", **OPEN) as server:
            road.plan(server.url)
            report = road.send_plan(server.url)
            assert isinstance(report.stopped_by, StopRunError)
            assert server.count_sent_rows() == 0

    def test_a_line_that_is_not_to_be_sent_may_say_what_it_likes(
        self, road: PlannedRoad, sandbox: Server
    ) -> None:
        road.write(f"{SHAWSHANK},,movie,9,", f"{TWELVE},,movie,8,", header=HEADER)
        sandbox.rate(SHAWSHANK, 9, IN_2014)
        sandbox.rate(TWELVE, 4, IN_2014)
        road.plan(sandbox.url, on_conflict=OnConflict.OVERWRITE)
        assert road.actions == ["same", "change"]
        road.edit_plan(lambda lines: [line | {"kind": "Movie"} for line in lines[:1]] + lines[1:])
        road.send_plan(sandbox.url)
        assert road.statuses == ["unchanged", "rated"]

    def test_a_dry_run_of_a_plan_believes_the_plan(self, road: PlannedRoad, sandbox: Server) -> None:
        """An earlier run brought 9, which somebody has changed since: the plan knows it."""
        road.write(f"{TWELVE},,movie,9,", header=HEADER)
        road.run(sandbox.url)
        sandbox.rate(TWELVE, 4, IN_2014)
        road.plan(sandbox.url, recheck=True, on_conflict=OnConflict.OVERWRITE)
        road.send_plan(sandbox.url, dry_run=True)
        assert road.statuses == ["not_sent"]
        assert road.read_results()[0]["previous_rating"] == "4"
        assert sandbox.stored_movies()[TWELVE] == 4

    def test_undo_takes_back_what_a_plan_brought(self, tmp_path: Path, sandbox: Server) -> None:
        road = plan_by("v2", tmp_path)
        before = sandbox.stored()
        road.write(f"{SHAWSHANK},,movie,9,", f"{TWELVE},,movie,8,", header=HEADER)
        road.plan(sandbox.url, mirror=True)
        run = road.send_plan(sandbox.url).run
        assert sandbox.stored() != before
        road.undo(sandbox.url, run.run_id)
        assert sandbox.stored() == before


def test_a_plan_takes_every_option_of_a_run_that_decides_over_rows() -> None:
    of_sending = {
        "write_to",
        "workers",
        "rate",
        "time_of_day",
        "limit",
        "guard",
        "verify",
        "wait",
        "accept",
        "any_title",
        "resend_unconfirmed",
        "yes",
    }
    of_a_run, of_a_plan = (
        {name: parameter.default for name, parameter in signature(command).parameters.items()}
        for command in (run, plan)
    )
    shared = of_a_run.keys() - of_sending - {"file", "plan", "out", "dry_run", "resend_unconfirmed"}
    assert {name: of_a_plan[name] for name in shared} == {name: of_a_run[name] for name in shared}
    assert of_a_plan.keys() == shared | {"file", "out"}


class TestWhereItGoes:
    @pytest.mark.parametrize(
        ("name", "to", "api", "place"),
        [
            ("sandbox-v2", None, None, ("sandbox", "--api", "v2")),
            ("sandbox-v2", "sandbox", Api.V2, ("sandbox", "--api", "v2")),
            ("sandbox", "sandbox", None, ("sandbox", "--api", "v1")),
            ("trakt-v1", "trakt-v1", None, ("trakt-v1",)),
            ("trakt", "trakt", None, ("trakt",)),
        ],
    )
    def test_the_plan_says_it(
        self, tmp_path: Path, name: str, to: str | None, api: Api | None, place: tuple[str, ...]
    ) -> None:
        given = PlanFile(write_plan(tmp_path, [{"destination": name}]))
        assert given.find_place(PlaceOptions((to,) if to else None, api)).typed == place

    @pytest.mark.parametrize(("to", "api"), [("trakt", None), (None, Api.V1), ("sandbox", Api.V1)])
    def test_who_types_another_place_is_refused(
        self, tmp_path: Path, to: str | None, api: Api | None
    ) -> None:
        given = PlanFile(write_plan(tmp_path, [{"destination": "sandbox-v2"}]))
        with pytest.raises(
            UsageError, match=r"(to trakt|api v1): .*is a plan for sandbox-v2; leave this out"
        ):
            given.find_place(PlaceOptions((to,) if to else None, api))

    @pytest.mark.parametrize(
        ("lines", "told"),
        [
            ([{"destination": "moon"}], "is for 'moon'"),
            (
                [{"destination": "trakt", "account": "a"}, {"destination": "trakt"}],
                "more than one account",
            ),
            ([], "has no lines"),
        ],
    )
    def test_refused(self, tmp_path: Path, lines: Sequence[Line], told: str) -> None:
        given = PlanFile(write_plan(tmp_path, lines))
        with pytest.raises(UsageError, match=told):
            given.find_place(PlaceOptions())

    def test_what_is_no_plan(self, tmp_path: Path) -> None:
        path = tmp_path / "ratings.csv"
        path.write_text("imdb_id,rating\ntt0111161,9\n", "utf-8")
        with pytest.raises(UnknownFormatError, match="no plan of the importer; it lacks row, line"):
            PlanFile(path).find_place(PlaceOptions())
        with pytest.raises(UsageError, match="no such file"):
            PlanFile(tmp_path / "nothing.csv").find_place(PlaceOptions())

    def test_a_plan_for_another_account(self, road: PlannedRoad, sandbox: Server) -> None:
        road.write(f"{SHAWSHANK},,movie,9,", header=HEADER)
        road.plan(sandbox.url)
        road.edit_plan(lambda lines: [line | {"account": "somebody else"} for line in lines])
        with pytest.raises(UsageError, match="is a plan for somebody else"):
            road.send_plan(sandbox.url)

    def test_a_file_to_upload_has_no_plan(self, tmp_path: Path) -> None:
        road = plan_by("v2", tmp_path)
        road.write(f"{SHAWSHANK},,movie,9,", header=HEADER)
        target = OpenDestination(LETTERBOXD_FILE, "", file=LetterboxdFile(), path=tmp_path / "letterboxd.csv")
        with (
            Journal(tmp_path, "file") as journal,
            road.source.open(Opening(target, journal, Unattended(), road.plan_file)) as source,
            pytest.raises(UsageError, match="a plan needs an account"),
            made_plan(ImportRun(source, target, journal)),
        ):
            pass


def write_plan(folder: Path, lines: Sequence[Line]) -> Path:
    path = folder / "plan.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, PLAN_COLUMNS)
        writer.writeheader()
        writer.writerows(lines)
    return path
