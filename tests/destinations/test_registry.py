"""A destination is one slice: a toy of one file goes through all that the importer can do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.destinations.registry import (
    choose,
    find,
    find_searcher,
    find_title,
    list_specs,
    list_words,
    registered,
)
from importer.destinations.spec import DestinationSpec, SignIn
from importer.runs.open_destination import build_offline
from importer.runs.rules import DestinationOptions
from importer.sandbox import Sandbox, SandboxOptions
from tests.command import Importer, build_command, read_statuses, write
from tests.destinations.conformance import MOVIES, UNKNOWN, DestinationConformance
from tests.road import Server, running_sandbox
from tests.toy_destination import KEY, STARS, Stars, build_routes


class TestStars(DestinationConformance):
    def build(self, url: str, *, password: str = "demo") -> Stars:
        return Stars(url, KEY if password == "demo" else "wrong", "stars", "demo")

    def open_sandbox(self, options: SandboxOptions | None = None) -> Sandbox:
        return Sandbox(options, services=(build_routes,))


@pytest.fixture
def server() -> Iterator[Server]:
    with running_sandbox(services=(build_routes,)) as server, registered(STARS):
        yield server


@pytest.fixture
def importer(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Importer:
    settings = {"STARS_BASE_URL": server.url, "STARS_KEY": KEY}
    write(tmp_path / "ratings.csv", f"imdb_id,rating\n{MOVIES[0]},9\n{MOVIES[1]},4\n{UNKNOWN},7\n")
    return build_command(tmp_path, monkeypatch, capsys, settings, secrets=(KEY,))


class TestCommands:
    def test_it_is_listed(self, importer: Importer) -> None:
        _, out, _ = importer("destinations")
        assert "stars\n    where:         stars.example, with the key that its page shows\n" in out

    def test_a_plan_is_made_and_sent(self, importer: Importer, server: Server, tmp_path: Path) -> None:
        exit_code, out, _ = importer("plan", "ratings.csv", "--to", "stars")
        assert (exit_code, server.stored_movies()) == (0, {})
        assert "stars" in out
        exit_code, _, _ = importer("run", "--plan", "ratings.plan.csv")
        assert (exit_code, server.stored_movies()) == (1, {MOVIES[0]: 9, MOVIES[1]: 4})
        assert read_statuses(tmp_path / "ratings.plan.results.csv") == ["rated", "rated", "not_found"]

    def test_run_retry_and_undo(self, importer: Importer, server: Server, tmp_path: Path) -> None:
        server.rate(MOVIES[0], 3)
        exit_code, out, _ = importer("run", "ratings.csv", "--to", "stars")
        assert exit_code == 1
        assert "importer retry --all ratings.results.csv" in out
        assert server.stored_movies() == {MOVIES[0]: 9, MOVIES[1]: 4}
        results = tmp_path / "ratings.results.csv"
        results.write_text(results.read_text("utf-8").replace(UNKNOWN, MOVIES[2]), "utf-8")
        exit_code, _, _ = importer("retry", "--all", "ratings.results.csv")
        assert (exit_code, server.stored_movies()[MOVIES[2]]) == (0, 7)
        first = importer("runs")[1].splitlines()[1].split()[0]
        exit_code, _, _ = importer("undo", first)
        assert (exit_code, server.stored_movies()) == (0, {MOVIES[0]: 3, MOVIES[2]: 7})

    def test_a_sync_job_goes_there(self, importer: Importer, server: Server, tmp_path: Path) -> None:
        write(tmp_path / "config.toml", '[jobs.nightly]\nsource = "ratings.csv"\nto = "stars"\n')
        assert importer("sync", "nightly")[0] == 1
        assert server.stored_movies() == {MOVIES[0]: 9, MOVIES[1]: 4}

    def test_what_is_missing_is_named(self, importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("IMPORTER_STARS_KEY")
        exit_code, _, err = importer("run", "ratings.csv", "--to", "stars")
        assert exit_code == 2
        assert "set IMPORTER_STARS_KEY or key in [stars] of" in err

    def test_an_account_of_its_own(self, importer: Importer, server: Server, tmp_path: Path) -> None:
        text = f'[accounts.ada]\nkey = "{KEY}"\nbase_url = "{server.url}"\n'
        write(tmp_path / "config.toml", text)
        assert importer("run", "ratings.csv", "--to", "stars", "--account", "ada")[0] == 1
        assert server.stored_movies() == {MOVIES[0]: 9, MOVIES[1]: 4}

    def test_who_mistypes_it_is_told_the_nearest_name(self, importer: Importer) -> None:
        exit_code, _, err = importer("run", "ratings.csv", "--to", "star")
        assert exit_code == 2
        assert "'star' is no destination here; did you mean stars?" in err


class TestSpecs:
    @pytest.mark.parametrize("spec", list_specs(), ids=lambda spec: spec.name)
    def test_pages_have_a_name_for_it(self, spec: DestinationSpec) -> None:
        assert spec.title
        assert find_title(spec.name) == spec.title

    @pytest.mark.parametrize("spec", list_specs(), ids=lambda spec: spec.name)
    def test_it_is_opened_in_one_way(self, spec: DestinationSpec) -> None:
        assert (spec.file is None) == (spec.build is not None) == (spec.settings is not None)
        assert (spec.device is not None) == (spec.sign_in is SignIn.DEVICE)

    @pytest.mark.parametrize("spec", list_specs(), ids=lambda spec: spec.name)
    def test_what_is_built_is_called_as_its_spec(self, spec: DestinationSpec) -> None:
        opened = build_offline(spec, DestinationOptions())
        assert opened.destination.name == spec.name
        assert find(spec.name) is spec
        assert choose(spec.word, spec.api) is spec

    def test_titles_are_looked_up_where_there_is_a_search(self) -> None:
        for spec in list_specs():
            searcher = find_searcher(spec.name)
            assert searcher is not None
            assert searcher.build_search is not None

    def test_the_readme_names_all_of_them(self) -> None:
        readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
        assert not [word for word in list_words() if word not in readme]
