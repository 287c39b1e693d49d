"""Sync jobs with several destinations, as they are read and as they run against a sandbox of each."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.errors import SettingsError
from importer.sync.jobs_file import choose_jobs, load_jobs
from tests.command import Importer, build_command, write
from tests.destinations.conformance import MOVIES, UNKNOWN
from tests.road import Server, running_sandbox

KEY = "sandbox-mdblist-key"


class TestJobs:
    def load(self, folder: Path, lines: str) -> dict[str, tuple[str, str]]:
        accounts = '[accounts.ada]\napi_key = "key"\n[accounts.bob]\napi_key = "key"\n'
        toml = write(folder / "config.toml", f'[jobs.nightly]\nsource = "a.csv"\n{lines}\n{accounts}')
        return {name: (job.spec.word, job.account) for name, job in load_jobs({}, toml).items()}

    def test_one_destination_is_one_job(self, tmp_path: Path) -> None:
        one = {"nightly": ("mdblist", "ada")}
        assert self.load(tmp_path, 'to = "mdblist"\naccount = "ada"') == one
        assert self.load(tmp_path, 'to = ["mdblist"]\naccount = "ada"') == one
        assert self.load(tmp_path, 'to = "mdblist:ada"') == one

    def test_several_are_a_job_for_each(self, tmp_path: Path) -> None:
        assert self.load(tmp_path, 'to = ["mdblist:ada", "mdblist:bob", "trakt-v1"]') == {
            "nightly@mdblist.ada": ("mdblist", "ada"),
            "nightly@mdblist.bob": ("mdblist", "bob"),
            "nightly@trakt-v1": ("trakt-v1", ""),
        }

    def test_they_are_chosen_together_or_one_by_one(self, tmp_path: Path) -> None:
        text = (
            '[jobs.nightly]\nsource = "a.csv"\nto = ["mdblist", "trakt-v1"]\n[jobs.shelf]\nsource = "b.csv"\n'
        )
        jobs = load_jobs({}, write(tmp_path / "config.toml", text))
        both = ["nightly@mdblist", "nightly@trakt-v1"]
        assert list(choose_jobs(jobs, ("nightly",))) == both
        assert list(choose_jobs(jobs, ())) == [*both, "shelf"]
        assert list(choose_jobs(jobs, ("nightly@mdblist",))) == both[:1]
        with pytest.raises(SettingsError, match=r"no \[jobs.nightly@simkl\]"):
            choose_jobs(jobs, ("nightly@simkl",))

    @pytest.mark.parametrize(
        ("lines", "told"),
        [
            (
                'to = ["mdblist", "mdblist"]',
                "to in [jobs.nightly] {toml}: 'mdblist': the same",
            ),
            ('to = ["mdblist", "mdblits"]', "'mdblits' is no destination here; did you mean mdblist?"),
            (
                'to = ["mdblist", "trakt-v1"]\naccount = "ada"',
                "account in [jobs.nightly] {toml}: 'ada': this",
            ),
            (
                'to = ["mdblist:eve", "trakt-v1"]',
                "account in [jobs.nightly] {toml}: there is no",
            ),
            (
                'to = ["csv-file", "trakt-v1"]',
                "write_to in [jobs.nightly] {toml} is missing",
            ),
            ("to = [1]", "to in [jobs.nightly] {toml} must be a text in quotes."),
            ("to = 1", "must be a text in quotes, or a list of such texts."),
        ],
    )
    def test_what_does_not_fit_is_told(self, tmp_path: Path, lines: str, told: str) -> None:
        with pytest.raises(SettingsError) as refused:
            self.load(tmp_path, lines)
        assert told.format(toml=f"of {tmp_path / 'config.toml'}") in str(refused.value)

    def test_the_results_of_one_job_are_not_those_of_another(self, tmp_path: Path) -> None:
        text = "".join(
            f'[jobs.{name}]\nsource = "a.csv"\nout = "same.csv"\nto = ["mdblist", "trakt-v1"]\n'
            for name in "ab"
        )
        with pytest.raises(SettingsError, match=r"out in \[jobs.b\].* is that of \[jobs.a\], too") as refused:
            load_jobs({}, write(tmp_path / "config.toml", text))
        assert str(refused.value).count("is that of") == 1


@pytest.fixture
def ada() -> Iterator[Server]:
    with running_sandbox() as server:
        yield server


@pytest.fixture
def bob() -> Iterator[Server]:
    with running_sandbox() as server:
        yield server


@pytest.fixture
def importer(
    ada: Server,
    bob: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Importer:
    run = build_command(tmp_path, monkeypatch, capsys, {}, secrets=(KEY,))
    accounts = "".join(
        f'[accounts.{name}]\nbase_url = "{server.url}/mdblist"\napi_key = "{KEY}"\n'
        for name, server in (("ada", ada), ("bob", bob))
    )
    job = '[jobs.nightly]\nsource = "ratings.csv"\nout = "nightly.csv"\nto = ["mdblist:ada", "mdblist:bob"]\n'
    write(tmp_path / "config.toml", accounts + job)
    write(tmp_path / "ratings.csv", f"imdb_id,rating\n{MOVIES[0]},9\n{MOVIES[1]},4\n")
    return run


def read_lines(folder: Path) -> list[tuple[str, str, str]]:
    with (folder / "nightly.csv").open(newline="", encoding="utf-8") as file:
        return [(line["destination"], line["row"], line["status"]) for line in csv.DictReader(file)]


def both(row: str, *statuses: str) -> list[tuple[str, str, str]]:
    return [(f"mdblist:{name}", row, status) for name, status in zip(("ada", "bob"), statuses, strict=True)]


class TestSync:
    def run(self, importer: Importer, *, ada: int = 0, bob: int = 0) -> None:
        """Run both in this process, as their processes do."""
        assert importer("sync", "nightly@mdblist.ada")[0] == ada
        assert importer("sync", "nightly@mdblist.bob")[0] == bob

    def test_each_puts_its_lines_into_the_results(
        self, importer: Importer, ada: Server, bob: Server, tmp_path: Path
    ) -> None:
        self.run(importer)
        assert read_lines(tmp_path) == [*both("1", "rated", "rated"), *both("2", "rated", "rated")]
        assert ada.stored_movies() == bob.stored_movies() == {MOVIES[0]: 9, MOVIES[1]: 4}

    def test_the_section_means_both_and_the_worse_exit_code_counts(
        self, importer: Importer, ada: Server, bob: Server, tmp_path: Path
    ) -> None:
        write(tmp_path / "ratings.csv", f"imdb_id,rating\n{MOVIES[0]},9\n{UNKNOWN},4\n")
        exit_code, out, _ = importer("sync", "nightly")
        assert exit_code == 1
        assert read_lines(tmp_path) == [*both("1", "rated", "rated"), *both("2", "not_found", "not_found")]
        assert ada.stored_movies() == bob.stored_movies() == {MOVIES[0]: 9}
        assert {line.partition(" |")[0] for line in out.splitlines()} == {
            "nightly@mdblist.ada",
            "nightly@mdblist.bob",
        }

    def test_the_lines_of_one_stay_where_only_the_other_has_run(
        self, importer: Importer, ada: Server, tmp_path: Path
    ) -> None:
        self.run(importer)
        importer("sync", "nightly@mdblist.ada")  # its own ratings have changed the account
        assert read_lines(tmp_path) == [*both("1", "unchanged", "rated"), *both("2", "unchanged", "rated")]
        ada.unrate(MOVIES[0])
        importer("sync", "nightly@mdblist.ada")
        assert read_lines(tmp_path) == [*both("1", "rated", "rated"), *both("2", "unchanged", "rated")]

    def test_a_missing_file_is_written_again_without_sending(
        self, importer: Importer, ada: Server, tmp_path: Path
    ) -> None:
        for _ in range(2):
            self.run(importer)
        (tmp_path / "nightly.csv").unlink()
        sent = len(ada.list_statuses("mdblist/sync/ratings"))
        assert "nothing changed" in importer("sync", "nightly@mdblist.ada")[1]
        assert read_lines(tmp_path) == [
            *both("1", "unchanged", "unchanged"),
            *both("2", "unchanged", "unchanged"),
        ]
        assert len(ada.list_statuses("mdblist/sync/ratings")) == sent

    def test_what_a_retry_has_sent_stays_told(self, importer: Importer, bob: Server, tmp_path: Path) -> None:
        write(tmp_path / "ratings.csv", f"imdb_id,rating\n{MOVIES[0]},9\n{UNKNOWN},4\n")
        self.run(importer, ada=1, bob=1)
        results = tmp_path / "nightly.csv"
        before, _, last = results.read_text("utf-8").rpartition(UNKNOWN)
        results.write_text(before + MOVIES[1] + last, "utf-8")
        assert importer("retry", "--all", "nightly.csv")[0] == 1
        assert bob.stored_movies() == {MOVIES[0]: 9, MOVIES[1]: 4}
        told = [*both("1", "rated", "rated"), *both("2", "not_found", "rated")]
        assert read_lines(tmp_path) == told
        importer("sync", "nightly@mdblist.ada")
        assert read_lines(tmp_path) == [("mdblist:ada", "1", "unchanged"), *told[1:]]

    def test_corrections_that_nobody_has_sent_are_put_aside(self, importer: Importer, tmp_path: Path) -> None:
        self.run(importer)
        edited = (tmp_path / "nightly.csv").read_text("utf-8").replace(MOVIES[1], MOVIES[2])
        write(tmp_path / "nightly.csv", edited)
        importer("sync", "nightly@mdblist.bob")
        assert (tmp_path / "nightly.edited.csv").read_text("utf-8") == edited
        assert read_lines(tmp_path) == [*both("1", "rated", "unchanged"), *both("2", "rated", "unchanged")]
        assert MOVIES[2] not in (tmp_path / "nightly.csv").read_text("utf-8")

    def test_status_and_health_say_which_one_failed(self, importer: Importer, tmp_path: Path) -> None:
        config = (tmp_path / "config.toml").read_text("utf-8")
        head, mark, tail = config.partition("[accounts.bob]")
        write(tmp_path / "config.toml", head + mark + tail.replace(KEY, "wrong-key"))
        self.run(importer, bob=3)
        assert read_lines(tmp_path) == [("mdblist:ada", "1", "rated"), ("mdblist:ada", "2", "rated")]
        jobs = {each["job"]: each["last_run"] for each in json.loads(importer("status", "--json")[1])["jobs"]}
        assert {name: last["exit_code"] for name, last in jobs.items()} == {
            "nightly@mdblist.ada": 0,
            "nightly@mdblist.bob": 3,
        }
        assert {path.name for path in (tmp_path / "state" / "health").glob("*.json")} == {
            "nightly%40mdblist.ada.json",
            "nightly%40mdblist.bob.json",
        }

    def test_a_file_may_be_among_them(self, importer: Importer, tmp_path: Path) -> None:
        config = (tmp_path / "config.toml").read_text("utf-8")
        to = 'to = ["mdblist:ada", "imdb-file"]\nwrite_to = "up.csv"\n'
        write(tmp_path / "config.toml", config.replace('to = ["mdblist:ada", "mdblist:bob"]\n', to))
        assert importer("sync", "nightly@mdblist.ada")[0] == 0
        assert importer("sync", "nightly@imdb-file")[0] == 0
        assert read_lines(tmp_path) == [
            *(("mdblist:ada", "1", "rated"), ("imdb-file", "1", "rated")),
            *(("mdblist:ada", "2", "rated"), ("imdb-file", "2", "rated")),
        ]
        assert (tmp_path / "up.csv").read_text("utf-8").count("\ntt") == 2

    def test_a_scheduler_starts_the_section(self, importer: Importer) -> None:
        exit_code, out, err = importer("schedule", "nightly", "--cron", "--every", "6h")
        assert exit_code == 0
        assert " sync nightly --scheduled --log-format json" in out
        assert "@" not in out + err
