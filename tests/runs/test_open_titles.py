"""What is asked for titles: what the settings name, in their order, as far as it is set up."""

from pathlib import Path

import pytest

from importer.cli.advice import explain
from importer.destinations.registry import choose
from importer.errors import NoTitleSourceError, SettingsError
from importer.runs.open_titles import TitleOptions, open_sources
from importer.titles.settings import index_file
from tests.titles.extract import build


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMPORTER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("IMPORTER_CONFIG_FILE", str(tmp_path / "config.toml"))
    for name in ("IMPORTER_TRAKT_CLIENT_ID", "IMPORTER_TMDB_READ_ACCESS_TOKEN", "IMPORTER_TITLES_SOURCES"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "config.toml"
    path.write_text("")
    return path


def names(to: str = "trakt", account: str = "") -> list[str]:
    spec = choose(to, "v2")
    return [source.name for source in open_sources(TitleOptions(spec, {}, account, lambda _: None))]


def make_index(folder: Path) -> None:
    index_file().parent.mkdir(parents=True)
    (folder / "made").mkdir()
    build(folder / "made").rename(index_file())


@pytest.mark.parametrize("to", ["trakt", "trakt-file", "letterboxd-file", "trakt-v1"])
def test_what_is_set_up_is_asked_in_the_usual_order(tmp_path: Path, config: Path, to: str) -> None:
    make_index(tmp_path)
    assert names(to) == ["index"]
    config.write_text('[trakt]\nclient_id = "abc"\n[tmdb]\ntoken = "t"\n')
    assert names(to) == ["index", "trakt", "tmdb"]


def test_the_settings_choose_and_order(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config.write_text(
        '[titles]\nsources = ["tmdb", "trakt"]\n[trakt]\nclient_id = "a"\n[tmdb]\ntoken = "t"\n'
    )
    assert names() == ["tmdb", "trakt"]
    monkeypatch.setenv("IMPORTER_TITLES_SOURCES", "trakt")
    assert names() == ["trakt"]


def test_the_sandbox_is_asked_for_its_own_titles() -> None:
    assert names("sandbox") == ["sandbox"]


def test_where_nothing_is_set_up_three_ways_are_named_the_nearest_first() -> None:
    with pytest.raises(NoTitleSourceError) as raised:
        names("trakt-file")
    told = explain(raised.value)
    ways = [
        told.index(way)
        for way in ("titles update --download", "TRAKT_CLIENT_ID", "IMPORTER_TMDB_READ_ACCESS_TOKEN")
    ]
    assert ways == sorted(ways)
    assert "trakt-file" not in told  # no circle


@pytest.mark.parametrize("sources", ['["imdb"]', "[]", "3"])
def test_sources_that_there_are_not_are_told(config: Path, sources: str) -> None:
    config.write_text(f"[titles]\nsources = {sources}\n")
    with pytest.raises(SettingsError, match="must be a list of some of index, trakt, tmdb"):
        names()
