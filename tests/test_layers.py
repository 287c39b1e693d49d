"""Who may import whom: the layers of docs/architecture.md, held against every import there is.

A package imports only from layers above its own; packages of one layer do not import each other; inside a
package there is no circle. That is all.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "importer"
SOURCES = sorted(PACKAGE.rglob("*.py"))

LAYERS = """
1  errors model http files state_files text option secret setting progress interrupts limits assets parts
2  readers | destinations | config
3  journal | client
4  titles
5  matching
6  runs
7  plans | report
8  monitoring
9  sync
10 fleet
11 web
12 cli | api
"""
"""Layer 1 are values: its modules may import each other, without a circle."""

KNOWN_EXCEPTIONS: frozenset[tuple[str, str]] = frozenset()
"""Imports (module, imported) that point upwards for now; the list only ever gets shorter."""

# The only homes of a library.
HOMES = {
    "aiohttp": ("client/connections.py", "sandbox/", "web/"),
    "aiolimiter": ("client/pace.py",),
    "apscheduler": ("sync/times.py",),
    "pandas": ("readers/",),
    "rapidfuzz": ("matching/scoring.py",),
    "tenacity": ("client/retry.py",),
    "cryptography": ("fleet/sealing.py",),
    "dask": ("fleet/engine.py",),
    "distributed": ("fleet/engine.py",),
    "psycopg": ("fleet/postgres_",),
    "apprise": ("monitoring/notify.py",),
    "jinja2": ("report/", "web/"),
    "prometheus_client": ("monitoring/metrics.py",),
    "structlog": ("monitoring/log.py",),
}

PURE = (
    "errors",
    "model",
    "http",
    "secret",
    "text",
    "destinations",
    "matching.model",
    "matching.scoring",
    "titles.spelling",
    "titles.words",
    "report",
)
"""Where nothing waits."""

NAMES_THAT_SAY_NOTHING = {
    *("utils", "util", "helpers", "helper", "common", "misc"),
    *("manager", "handler", "processor", "data", "info"),
}


def read_layers() -> dict[str, int]:
    """The layer of every package and ground module."""
    lines = [line.split() for line in LAYERS.strip().splitlines()]
    return {name: int(number) for number, *names in lines for name in names if name != "|"}


RANKS = read_layers()
FREE = {"__init__", "__main__"}
"""The public API and the command's entry import what they offer."""


def name_of(source: Path) -> str:
    """`client.rate_limit` for importer/client/rate_limit.py."""
    return ".".join(source.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def package_of(module: str) -> str:
    return module.partition(".")[0]


def imports_of(code: str) -> Iterator[str]:
    """Every module the code imports, wherever in it, by its full name as far as that can be told."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the whole way"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if is_module(inner) else node.module or ""


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def own_imports_of(code: str) -> set[str]:
    """The modules of this program that the code imports, without the package's name."""
    return {name.removeprefix("importer.") for name in imports_of(code) if re.match(r"importer\.", name)}


def is_allowed(module: str, imported: str) -> bool:
    """Whether the layers allow the import; a circle inside a package is looked for elsewhere."""
    package, other = package_of(module), package_of(imported)
    if package in FREE or package == other:
        return True
    if "sandbox" in {package, other}:
        return package == "cli"
    if RANKS[package] == RANKS[other] == 1:
        return True
    return RANKS[other] < RANKS[package]


IMPORTS = {name_of(source): own_imports_of(source.read_text("utf-8")) for source in SOURCES}


@pytest.mark.parametrize("module", IMPORTS)
def test_a_module_imports_only_from_layers_above(module: str) -> None:
    assert package_of(module) in {*RANKS, *FREE, "sandbox"}, "a new package: give it a layer"
    upwards = {name for name in IMPORTS[module] if not is_allowed(module, name)}
    assert upwards == {name for known, name in KNOWN_EXCEPTIONS if known == module}


def find_circle(arrows: Mapping[str, set[str]]) -> list[str]:
    """Find a circle of modules that import each other, or nothing."""
    done: set[str] = set()

    def walk(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        done.add(module)
        for other in sorted(arrows.get(module, ())):
            if circle := walk(other, [*path, module]):
                return circle
        return []

    return next(filter(None, (walk(module, []) for module in arrows)), [])


def test_there_is_no_circle() -> None:
    # A package's __init__ may offer what its modules hold; that is no arrow of theirs.
    arrows = {
        name: {each for each in found if each != package_of(name) and (name, each) not in KNOWN_EXCEPTIONS}
        for name, found in IMPORTS.items()
    }
    assert find_circle(arrows) == []


def test_a_circle_would_be_found() -> None:
    assert find_circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


def test_the_papers_draw_the_same_layers() -> None:
    documented = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    for line in LAYERS.strip().splitlines():
        assert re.search(rf"^{re.escape(line)}(  |$)", documented, re.MULTILINE), line


@pytest.mark.parametrize("library", HOMES)
def test_a_library_has_one_home(library: str) -> None:
    users = [
        source.relative_to(PACKAGE).as_posix()
        for source in SOURCES
        if any(name.partition(".")[0] == library for name in imports_of(source.read_text("utf-8")))
    ]
    assert not [path for path in users if not path.startswith(HOMES[library])]


@pytest.mark.parametrize(
    "source",
    [each for each in SOURCES if f"{name_of(each)}.".startswith(tuple(f"{p}." for p in PURE))],
    ids=name_of,
)
def test_nothing_waits_in_a_pure_module(source: Path) -> None:
    code = source.read_text("utf-8")
    assert not {"asyncio", "time", "threading", "socket"} & {
        name.partition(".")[0] for name in imports_of(code)
    }
    waiting = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    assert not [node for node in ast.walk(ast.parse(code)) if isinstance(node, waiting)]


def test_every_file_has_a_name_that_says_what_is_in_it() -> None:
    files = [*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    assert not [path for path in files if NAMES_THAT_SAY_NOTHING & set(path.stem.split("_"))]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import importer.journal", {"journal"}),
        ("from importer.journal import Journal", {"journal"}),
        ("from importer import journal as j", {"journal"}),
        ("from importer.destinations import base, DESTINATIONS", {"destinations.base", "destinations"}),
        ("def late():\n    from importer.model import Outcome", {"model"}),
        ("if TYPE_CHECKING:\n    import importer.runs", {"runs"}),
        ("import importers, json", set()),
    ],
)
def test_no_way_to_import_is_overlooked(code: str, found: set[str]) -> None:
    assert own_imports_of(code) == found


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("model", "journal"),
        ("destinations.trakt_v1.api", "client.rate_limit"),
        ("destinations.trakt_v1.api", "config"),
        ("client.pool", "journal"),
        ("runs.send", "cli.display"),
        ("report.summary", "plans.model"),
        ("sandbox.store", "model"),
        ("runs.load", "sandbox"),
    ],
)
def test_the_layers_forbid(module: str, imported: str) -> None:
    assert not is_allowed(module, imported)
