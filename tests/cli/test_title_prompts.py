"""Doubtful titles are asked about one by one, with all that tells them apart."""

from collections.abc import Sequence
from typing import Any

import pytest
import typer

from importer.cli.prompts import TerminalPrompts
from importer.destinations.titles import Candidate
from importer.matching.model import MatchConfidence, MatchResult, Occurrence, TitleQuery
from importer.model import MediaKind
from importer.runs.prompts import TitleAnswer

FILM = Candidate(
    MediaKind.MOVIE, "Heat", 1995, "tt0113277", url="https://www.imdb.com/title/tt0113277/", votes=9
)
OTHER = Candidate(MediaKind.SHOW, "Hot\x1b[31m", None, "tt0000001", other_titles=("Chaud",))
QUERY = TitleQuery(MediaKind.MOVIE, "Heat", 1995)
RESULT = MatchResult(MatchConfidence.AMBIGUOUS, [(1.0, FILM), (0.9, OTHER)], "2 titles fit", "index")


def ask(monkeypatch: pytest.MonkeyPatch, *typed: str, result: MatchResult = RESULT) -> Any:
    answers = list(typed)
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: answers.pop(0))
    answer = TerminalPrompts().choose_title(QUERY, Occurrence(2, 12), result)
    assert not answers, "asked too rarely"
    return answer


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        (["1"], FILM),
        (["2"], OTHER),
        (["s"], TitleAnswer.SKIP),
        (["q"], TitleAnswer.STOP),
        (["0", "3", "x", "", "2"], OTHER),
        (["tt0083722"], Candidate(None, "", None, "tt0083722")),
        (["tt1", "1"], FILM),
    ],
)
def test_an_answer_is_understood_or_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, typed: Sequence[str], answer: object
) -> None:
    assert ask(monkeypatch, *typed) == answer


def test_of_a_title_that_was_not_found_the_id_may_be_typed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = MatchResult(MatchConfidence.NOT_FOUND, (), "no title of this name", "index")
    assert ask(monkeypatch, "1", "tt0083722", result=nothing) == Candidate(None, "", None, "tt0083722")
    assert "no title of this name" in capsys.readouterr().err


def test_what_is_asked_about_is_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(monkeypatch, "s")
    told = capsys.readouterr().err.splitlines()
    assert told == [
        "",
        '"Heat" (1995), movie (2 rows, line 12): 2 titles fit',
        "  1  Heat (1995), movie, https://www.imdb.com/title/tt0113277/",
        "  2  Hot, Chaud, show",
    ]


def test_whoever_said_yes_to_all_is_not_asked() -> None:
    assert TerminalPrompts().answers_titles
    assert not TerminalPrompts(assume_yes=True).answers_titles
