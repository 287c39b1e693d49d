"""Help: groups, examples that can be typed, the docs' address; and errors about what was typed."""

import ast
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from importer.cli import app
from importer.cli.examples import EXAMPLES
from importer.text import DOCS, docs_page
from tests.command import SLOW, Importer, build_command, list_loaded

ROOT = Path(__file__).parents[2]


@pytest.fixture
def importer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Importer:
    return build_command(tmp_path, monkeypatch, capsys, {}, secrets=())


@pytest.mark.parametrize(
    "words", [shlex.split(typed) for examples in EXAMPLES.values() for typed, _ in examples], ids=" ".join
)
def test_every_example_can_be_typed(words: list[str]) -> None:
    program, *names, rest = words[0], *_commands_in(words[1:])
    assert program == "importer"
    command: Any = _load(*names)
    with typer.Context(command, info_name=names[-1]) as context:
        _, left, _ = command.make_parser(context).parse_args(args=rest)
    assert left == []


def _commands_in(words: list[str]) -> list[Any]:
    count = 2 if words[0] in app.SUBCOMMANDS else 1
    return [*words[:count], words[count:]]


def _load(*names: str) -> object:
    command: Any = typer.main.get_command(app.app)
    for name in names:
        _, command, _ = command.resolve_command(typer.Context(command), [name])
    return command


@pytest.mark.parametrize(
    ("name", "usage"),
    [
        ("retry", "retry [OPTIONS] WHAT"),
        ("undo", "undo [OPTIONS] [RUN_ID]"),
        ("export", "export [OPTIONS] NAME FILE"),
        ("sync", "sync [OPTIONS] [NAMES]..."),
        ("config", "config [OPTIONS] ACTION"),
    ],
)
def test_the_usage_names_arguments_as_the_list_below_does(name: str, usage: str, importer: Importer) -> None:
    _, out, _ = importer(name, "--help")
    assert out.partition("\n")[0].endswith(f"importer {usage}")


def test_the_values_of_a_repeated_option_have_a_name(importer: Importer) -> None:
    _, out, _ = importer("sandbox", "--help")
    assert "--fault SCRIPT" in out
    assert "--set NAME=VALUE" in out


def test_every_command_stands_below_one_headline() -> None:
    for groups, known in ((app.GROUPS, [*app.COMMANDS, app.HELP]), (app.FLEET_GROUPS, [*app.FLEET])):
        grouped = [name for names in groups.values() for name in names.split()]
        assert sorted(grouped) == sorted(known)


@pytest.mark.parametrize("name", ["", "run"])
def test_the_help_that_is_read_first_has_three_examples_and_the_address(
    name: str, importer: Importer
) -> None:
    code, out, _ = importer(*name.split(), "--help")
    assert code == 0
    assert len(EXAMPLES[name]) == 3
    assert all(f"  {typed}\n" in out for typed, _ in EXAMPLES[name])
    assert f"Documentation: {DOCS}/\n" in out


def test_options_stand_in_groups(importer: Importer) -> None:
    _, out, _ = importer("run", "--help")
    headlines = [line for line in out.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert headlines == [
        "Arguments:",
        "An account in place of a file:",
        "Where the ratings go:",
        "How the file is read:",
        "Titles and results:",
        "How it is sent:",
        "What may change:",
        "What is shown:",
        "Other options:",
        "Examples:",
    ]
    assert "<" not in out, "the library's words for types"


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_help_is_as_wide_as_the_terminal_but_not_too_wide(
    columns: int, importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    _, out, _ = importer("run", "--help")
    typed = {f"  {typed}" for typed, _ in EXAMPLES["run"]}  # an example must stay on one line
    longest = max(len(line) for line in out.splitlines() if line not in typed)
    assert longest <= min(columns, 120)
    assert longest > min(columns, 120) * 0.8


@pytest.mark.parametrize("name", app.COMMANDS)
def test_help_of_a_command_is_what_its_option_shows(name: str, importer: Importer) -> None:
    assert importer("help", name) == importer(name, "--help")


def test_a_command_of_a_command_has_help_of_its_own(importer: Importer) -> None:
    code, out, _ = importer("fleet", "--help")
    assert code == 0
    assert all(f"  {name} " in out and line in out for name, (_, line) in app.FLEET.items())
    code, out, _ = importer("fleet", "split", "--help")
    assert code == 0
    assert "importer fleet split [OPTIONS]" in out
    assert f"  {EXAMPLES['fleet split'][0][0]}\n" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("fleet split", "see `importer fleet split --help`"),
        ("fleet split x.csv --usr y", "see `importer fleet split --help`"),
        ("fleet spilt", "there is no command 'spilt'; did you mean 'split'?"),
    ],
)
def test_wrong_words_below_a_command_lead_to_its_help(words: str, said: str, importer: Importer) -> None:
    code, _, err = importer(*words.split())
    assert code == 2
    assert said in err


def test_help_alone_lists_the_commands(importer: Importer) -> None:
    assert importer("help") == importer("--help")
    assert importer("help", "rnu")[::2] == (
        2,
        "importer: there is no command 'rnu'; did you mean 'run'?\nimporter: see `importer --help`\n",
    )


def test_a_command_alone_shows_help_and_is_an_error(importer: Importer) -> None:
    code, out, err = importer()
    assert (code, out) == (2, "")
    assert err == importer("--help")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("run x.csv --tu trakt", "there is no option --tu (similar: "),
        ("runs --limit 0", "--limit: it must be at least 1"),
        ("runs --limit few", "--limit: it must be a whole number"),
        ("inspect", "name the file"),
        ("runs now", "nothing more is expected: now"),
        ("show --status odd", "--status odd: there is no such status"),
        ("run", "name the file to import, or a plan with --plan"),
    ],
)
def test_wrong_words_are_reported_as_all_errors_are(words: str, said: str, importer: Importer) -> None:
    code, out, err = importer(*words.split())
    assert (code, out) == (2, "")
    first, last = err.splitlines()
    assert first.startswith(f"importer: {said}")
    assert last == f"importer: see `importer {words.split(maxsplit=1)[0]} --help`"


@pytest.mark.parametrize(
    "words", ["show nonesuch", "run nowhere.csv --to trakt-file", "sync", "run x.csv --to trakt"]
)
def test_help_is_named_only_for_wrong_options(words: str, importer: Importer) -> None:
    code, _, err = importer(*words.split())
    assert code == 2
    assert "--help" not in err


def test_the_address_of_the_docs_is_the_project_s_own_and_its_pages_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["urls"]["Documentation"] == f"{DOCS}/"
    source = "".join(path.read_text("utf-8") for path in (ROOT / "importer").rglob("*.py"))
    pages = re.findall(r"docs_page\(['\"](\w+)['\"]\)", source)
    assert pages
    assert all((ROOT / f"docs/{page}.md").exists() for page in pages)
    # So `make docs` names the files, for a site that is also read from a folder.
    assert "\nuse_directory_urls: false" in (ROOT / "mkdocs.yml").read_text("utf-8")
    assert docs_page("settings") == f"{DOCS}/settings.html"


def test_no_message_names_a_file_of_the_docs() -> None:
    """The files are not installed. Docstrings may name them: users do not see those."""
    for path in (ROOT / "importer").rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        docstrings = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
        for each in ast.walk(tree):
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in docstrings:
                assert not re.search(r"docs/\w+\.md", each.value), f"{path}:{each.lineno}"


def test_help_of_all_commands_loads_nothing_slow() -> None:
    printed, loaded = list_loaded("help")
    assert "Usage:" in printed
    assert not {*SLOW, "asyncio", "keyring", "orjson", "pydantic", "segno"} & loaded
