"""Who may import whom: the table of docs/architecture.md, held against every import there is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "importer"
SOURCES = sorted(PACKAGE.rglob("*.py"))

# A room (a file or folder of importer/) and what it may import beside itself and what lies in it.
ROOMS: dict[str, set[str]] = {
    "__init__": set(),
    "errors": set(),
    "signals": {"errors"},
    "progress": set(),
    "spreadsheet": set(),
    "atomic": set(),
    "model": {"errors"},
    "wire": {"errors"},
    "settings": {"errors"},
    "readers": {"errors", "model", "forecast", "candidates", "spreadsheet"},
    "planning": {"errors", "model"},
    "forecast": {"model"},
    "destinations": {"errors", "model", "candidates", "wire", "settings.secret", "settings.addresses"},
    "delivery": {"errors", "model", "wire", "progress", "atomic", "planning", "destinations", "settings"}
    | {"candidates", "resolving", "signals"},
    "journal": {"errors", "model", "forecast", "history"},
    "history": {"errors", "model"},
    "undoing": {"model", "journal"},
    "candidates": {"model"},
    "resolving": {"model", "candidates"},
    "pruning": {"errors", "journal.file"},
    "operations": {"errors", "model", "report", "atomic", "settings.secret"},
    "report": {"errors", "model", "forecast", "candidates", "spreadsheet", "atomic"},
    "looking": {"errors", "model", "planning", "destinations", "delivery", "journal"},
    "clerk": {"model", "journal"},
    "sending": {"errors", "model", "progress", "planning", "destinations", "delivery", "journal", "looking"}
    | {"mirroring", "clerk", "signals"},
    "mirroring": {"model", "destinations", "journal"},
    "writing": {"errors", "signals", "model", "progress", "atomic", "destinations", "journal"},
    "syncing": {"errors", "model", "atomic", "journal", "settings", "fetching"},
    "schedule": {"errors", "settings"},
    "fetching": {"errors", "wire", "atomic", "destinations", "delivery", "settings"},
    "run": {"errors", "signals", "model", "progress", "planning", "readers", "journal", "history", "report"},
    # The command line puts the parts of a sign-in and of a run together; how they wait is not its business.
    "cli": {"errors", "model", "progress", "planning", "forecast", "candidates", "resolving", "settings"}
    | {"readers", "destinations", "journal", "history", "undoing", "pruning", "report", "looking", "sending"}
    | {"writing", "run", "fetching", "syncing", "schedule", "operations", "sandbox", "signals"}
    | {f"delivery.{part}" for part in ("courier", "credentials", "limiter", "sign_in", "survey", "tokens")}
    | {f"delivery.{part}" for part in ("lookup_cache", "lookups", "transport")},
    "__main__": {"cli"},
    "sandbox": set(),
}

# The only homes of a library.
HOMES = {
    "aiohttp": ("delivery/transport.py", "sandbox/"),
    "aiolimiter": ("delivery/limiter.py",),
    "apscheduler": ("settings/times.py",),
    "pandas": ("readers/",),
    "rapidfuzz": ("resolving.py",),
    "tenacity": ("delivery/backoff.py",),
    "apprise": ("operations/notices.py",),
    "prometheus_client": ("operations/metrics.py",),
    "structlog": ("operations/event_log.py",),
}

PURE = {
    "errors",
    "model",
    "wire",
    "planning",
    "forecast",
    "candidates",
    "resolving",
    "destinations",
    "report",
}
"""Rooms in which nothing waits."""

NAMES_THAT_SAY_NOTHING = {
    *("utils", "util", "helpers", "helper", "common", "misc"),
    *("manager", "handler", "processor", "data", "info"),
}


DOCUMENTED = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def name_of(source: Path) -> str:
    """`delivery.limiter` for importer/delivery/limiter.py."""
    return ".".join(source.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def room_of(module: str) -> str:
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
    room = room_of(module)
    if room_of(imported) == room:
        return True
    return any(f"{imported}.".startswith(f"{allowed}.") for allowed in ROOMS[room])


@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_a_module_imports_only_what_its_room_may(source: Path) -> None:
    module = name_of(source)
    assert room_of(module) in ROOMS, (
        "a new room: say in the table, and in docs/architecture.md, what it may import"
    )
    imported = own_imports_of(source.read_text("utf-8"))
    assert not {name for name in imported if not is_allowed(module, name)}


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "__init__"])
def test_every_room_stands_in_the_papers(room: str) -> None:
    rows = re.findall(r"^\| (`.+?) \|", DOCUMENTED, re.MULTILINE)
    name = f"`{room}/`" if (PACKAGE / room).is_dir() else f"`{room}.py`"
    assert sum(name in row.split(", ") for row in rows) == 1


@pytest.mark.parametrize("library", HOMES)
def test_a_library_has_one_home(library: str) -> None:
    strangers = [
        source.relative_to(PACKAGE).as_posix()
        for source in SOURCES
        if any(name.partition(".")[0] == library for name in imports_of(source.read_text("utf-8")))
    ]
    assert not [path for path in strangers if not path.startswith(HOMES[library])]


@pytest.mark.parametrize(
    "source", [source for source in SOURCES if room_of(name_of(source)) in PURE], ids=name_of
)
def test_nothing_waits_in_a_pure_room(source: Path) -> None:
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
        ("def late():\n    from importer.model import Fate", {"model"}),
        ("if TYPE_CHECKING:\n    import importer.run", {"run"}),
        ("import importers, json", set()),
    ],
)
def test_no_way_to_import_is_overlooked(code: str, found: set[str]) -> None:
    assert own_imports_of(code) == found


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("model", "wire"),
        ("destinations.trakt_v1", "delivery.limiter"),
        ("destinations.trakt_v1", "settings"),
        ("delivery.workers", "journal"),
        ("cli.run", "delivery.workers"),
        ("report.results", "journal"),
        ("sandbox.store", "model"),
    ],
)
def test_the_table_forbids(module: str, imported: str) -> None:
    assert not is_allowed(module, imported)
