"""Errors carry facts and remedies; the command line says how that is typed."""

import re
from pathlib import Path

import pytest

from importer.cli.advice import ADVICE, explain
from importer.errors import (
    AuthorizationError,
    ImporterError,
    OptionError,
    Remedy,
    ScaleNeededError,
    SettingsError,
    StopRunError,
)

PACKAGE = Path(__file__).parents[2] / "importer"


def test_an_option_is_shown_as_it_is_typed() -> None:
    error = OptionError("on_conflict", "there is no terminal to ask on", "ask")
    assert str(error) == "on_conflict ask: there is no terminal to ask on"
    assert explain(error) == "--on-conflict ask: there is no terminal to ask on"
    assert explain(OptionError("limit", "a file is written whole")) == "--limit: a file is written whole"


def test_a_remedy_names_the_command() -> None:
    error = StopRunError("The account has changed.", Remedy.NEW_PLAN)
    assert str(error) == "The account has changed. Make a new plan."
    assert "Make a new plan: type the `importer plan FILE --to DESTINATION` again that" in explain(error)
    assert explain(SettingsError(["one.", "two."], Remedy.START_SANDBOX)).endswith("`importer sandbox`.")


def test_a_remedy_uses_the_facts_of_its_error() -> None:
    error = ScaleNeededError("x.csv", "3 to 97", "0-100")
    assert explain(error).endswith("Say it with --scale, for example --scale 0-100")
    assert str(error).endswith("for example 0-100.")


def test_one_account_of_several_is_named() -> None:
    error = AuthorizationError("Not signed in", Remedy.SIGN_IN)
    assert explain(error) == "Not signed in. Run `importer login trakt`."
    error.account = "ada"
    assert explain(error) == "Not signed in. Run `importer login trakt --account ada`."
    error.destination = "shelf"
    assert explain(error) == "Not signed in. Run `importer login shelf --account ada`."


def test_no_brace_of_a_foreign_text_is_taken_for_a_fact() -> None:
    assert explain(ImporterError("{error.x}", Remedy.NEW_PLAN)).startswith("{error.x}. ")
    assert explain(ValueError("{x}")) == "{x}"


def test_a_remedy_of_one_problem_among_several_is_shown_as_it_is_typed() -> None:
    error = SettingsError([f"No server is named. {Remedy.START_SANDBOX}", f"x is http. {Remedy.USE_HTTPS}."])
    first, second = explain(error).splitlines()
    assert first.endswith("start your own with `importer sandbox`.")
    assert second == "x is http. Use https, or accept it with --insecure-http."


@pytest.mark.parametrize("remedy", Remedy)
def test_a_remedy_is_in_words_of_no_front_end(remedy: Remedy) -> None:
    assert not re.search("--|`", remedy)
    if remedy in ADVICE:
        assert re.search(r"--[a-z]|`importer |sudo|chmod", ADVICE[remedy])
