"""`importer titles`: the title index, which finds titles without an account and without a network."""

import json
import tempfile
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.progress_bar import show_progress
from importer.destinations.registry import list_sections
from importer.errors import CommandError, UsageError
from importer.files import make_private_folder, write_privately
from importer.interrupts import translate_interrupts
from importer.matching.answers import Answers
from importer.monitoring.log import Log, open_log
from importer.progress import Progress
from importer.text import clean, count
from importer.titles.build import build_index
from importer.titles.download import download_files
from importer.titles.imdb_files import PAGE, DataFile, Files, find_files
from importer.titles.index import TitleIndex
from importer.titles.settings import answers_file, index_file, load_title_settings

TERMS = (
    "IMDb gives these files for personal and non-commercial use only, under the terms at\n"
    f"{PAGE} (Information courtesy of IMDb, https://www.imdb.com.\n"
    "Used with permission.) This is said once."
)


class Action(StrEnum):
    """What is done with the index."""

    BUILD = "build"
    STATUS = "status"
    UPDATE = "update"
    FORGET = "forget"


def titles(
    action: Annotated[Action, typer.Argument(help="What to do with the index.")],
    places: Annotated[
        list[Path] | None,
        typer.Argument(metavar="DIR|FILES", help="build: the folder with IMDb's files, or the files."),
    ] = None,
    *,
    download: Annotated[
        bool, typer.Option("--download", help="update: fetch IMDb's files, about 1 GB, if they changed.")
    ] = False,
    index: Annotated[
        bool, typer.Option("--index", help="forget: delete the index instead of your answers.")
    ] = False,
    quiet: options.Quiet = False,
    as_json: options.AsJson = False,
    log_format: options.LogFormatOption = options.LogFormat.TEXT,
) -> None:
    """Build, show or update the index of titles; forget answers."""
    if places and action is not Action.BUILD:
        raise CommandError(f"titles {action} takes no files")
    if download and action is not Action.UPDATE:
        raise CommandError(f"titles {action} does not go with --download")
    if index and action is not Action.FORGET:
        raise CommandError(f"titles {action} does not go with --index")
    path = index_file()
    log = open_log(as_json=log_format is options.LogFormat.JSON).bind(job="titles")
    with translate_interrupts("the index is as it was"):
        if action is Action.BUILD:
            _show_terms(path, log)
            _build(find_files(places or []), path, {}, log, quiet=quiet)
        elif action is Action.UPDATE:
            _update(path, log, download=download, quiet=quiet)
        elif action is Action.FORGET:
            _forget(path, index=index)
    if action is Action.STATUS or not quiet:
        _print_status(path, as_json=as_json)


def _build(found: Files, path: Path, facts: Mapping[str, str], log: Log, *, quiet: bool) -> None:
    progress = Progress()
    with show_progress(progress, quiet=quiet, log=log):
        build_index(found, path, progress, facts=dict(facts))


def _update(path: Path, log: Log, *, download: bool, quiet: bool) -> None:
    address = load_title_settings(list_sections()).address
    _show_terms(path, log)
    if not download:
        raise UsageError(
            f"nothing was downloaded: --download fetches {', '.join(DataFile)} (about 1 GB) from {address}, "
            "if they have changed, and builds the index of them"
        )
    known = _read_facts(path)
    make_private_folder(path.parent)
    with tempfile.TemporaryDirectory(prefix="download-", dir=path.parent) as folder:
        progress = Progress()
        with show_progress(progress, quiet=quiet, log=log):
            etags = {str(kind): known.get(f"etag {kind}", "") for kind in DataFile}
            found, new = download_files(address, Path(folder), etags, progress)
        if found:
            _build(found, path, {f"etag {kind}": etag for kind, etag in new.items()}, log, quiet=quiet)
        elif not quiet:
            _tell("The files have not changed since the index was built.", log)


def _forget(path: Path, *, index: bool) -> None:
    if index:
        path.unlink(missing_ok=True)
        return
    with Answers(answers_file()) as answers:
        typer.echo(f"{count(answers.forget_all(), 'answer')} about titles forgotten.", err=True)


def _tell(text: str, log: Log) -> None:
    """Print it, or log it where standard error is a log."""
    if log.is_json:
        log.note(text)
    else:
        typer.echo(text, err=True)


def _show_terms(path: Path, log: Log) -> None:
    shown = path.with_name("terms-shown")
    if not shown.exists():
        _tell(TERMS, log)
        write_privately(shown, TERMS.encode())


def _read_facts(path: Path) -> Mapping[str, str]:
    if not path.exists():
        return {}
    with TitleIndex(path) as index:
        return index.describe()


def _print_status(path: Path, *, as_json: bool) -> None:
    facts = _read_facts(path)
    size = path.stat().st_size if facts else 0
    if as_json:
        shown = {name: value for name, value in facts.items() if not name.startswith("etag")}
        told = {"index": str(path), "bytes": size, "answers": _count_answers(), **shown}
        print(json.dumps(told, indent=2))
    elif not facts:
        print("There is no title index. This makes one, of what IMDb publishes (about 1 GB to download):")
        print("  importer titles update --download")
        print(f"Or of files that you have, which {PAGE} offers:")
        print("  importer titles build DIR")
    else:
        print(f"{clean(str(path), 4096)}, {size / 1_000_000:,.0f} MB, built at {facts['built_at']} from")
        print(f"  {clean(facts['files'], 400)}:")
        print(
            f"  {int(facts['titles']):,} movies and shows by {int(facts['names']):,} names, "
            f"{int(facts['episodes']):,} episodes by their ids"
        )
    if not as_json and (answers := _count_answers()):
        print(f"{count(answers, 'answer')} of yours about doubtful titles")


def _count_answers() -> int:
    with Answers(answers_file()) as answers:
        return answers.count()
