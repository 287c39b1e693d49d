"""The first run of somebody who has set nothing up: where to, then the sign-in, then the run goes on.

```text
$ importer run ratings.csv
Where should the ratings go?
  1  sandbox     a server of your own on this machine, to try it here first
  2  trakt       trakt.tv, API of today
  ...
Which one? [1]: 2
Signing in needs an app of yours ...
```
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

import typer

from importer.cli.next_step import command_line
from importer.config.sources import name_variable
from importer.destinations.registry import DEFAULT, choose, list_words
from importer.destinations.spec import DestinationSpec
from importer.errors import StopRunError, UsageError
from importer.runs.places import PlaceOptions
from importer.runs.rules import DestinationOptions
from importer.runs.settings import load_spec_settings
from importer.text import clean


def settle_place(place: PlaceOptions, at: DestinationOptions, what: str, *, can_ask: bool) -> PlaceOptions:
    """Ask where the ratings go if nobody has said so and nothing is set up, and sign in there.

    Raises UsageError without anybody to ask; it names the commands that come first.
    """
    if place.to is not None or at.account or _is_usual_place_set_up():
        return place
    if not can_ask:
        raise UsageError(_describe_ways(what))
    choices = _list_choices()
    spec = _ask(choices)
    if spec.has_login and not _is_signed_in(spec):
        from importer.cli.login import login  # noqa: PLC0415 - most runs sign nobody in

        login(to=spec.word)
    return replace(place, to=(spec.word,))


def _is_signed_in(spec: DestinationSpec) -> bool:
    from importer.sync.status import find_sign_in  # noqa: PLC0415 - a usual run loads no sync

    return find_sign_in(spec, "", _ignore).is_signed_in


def _is_usual_place_set_up() -> bool:
    spec = choose(DEFAULT)
    assert spec.approval is not None
    settings = load_spec_settings(spec, {}, needs=()).settings  # a wrong file is an error here, too
    return bool(getattr(settings, next(iter(spec.approval.app_keys))))


def _list_choices() -> Sequence[DestinationSpec]:
    """The sandbox first, then services that one signs in to, then files."""
    specs = [choose(word) for word in list_words()]
    local = [spec for spec in specs if spec.local_server is not None]
    return [*local, *(spec for spec in specs if spec.has_login), *(spec for spec in specs if spec.is_file)]


def _ask(choices: Sequence[DestinationSpec]) -> DestinationSpec:
    width = max(len(spec.word) for spec in choices)
    typer.echo("Where should the ratings go?", err=True)
    for number, spec in enumerate(choices, 1):
        where = (
            "a server of your own on this machine, to try it here first" if spec.local_server else spec.where
        )
        typer.echo(f"  {number:2}  {spec.word:{width}}  {clean(where, 100)}", err=True)
    by_word: Mapping[str, DestinationSpec] = {spec.word: spec for spec in choices}
    while True:
        typed = str(typer.prompt(f"Which one? 1 to {len(choices)}, q stops", default="1", err=True)).strip()
        if typed == "q":
            raise StopRunError("nothing was read and nothing was sent")
        if typed.isdecimal() and 1 <= int(typed) <= len(choices):
            return choices[int(typed) - 1]
        if typed in by_word:
            return by_word[typed]
        typer.echo(f"{clean(typed, 40) or 'Nothing'} is none of them.", err=True)


def _describe_ways(what: str) -> str:
    usual = choose(DEFAULT)
    ways = [
        (command_line("run", what, "--to", "sandbox"), "tries it on this machine"),
        (command_line("login", DEFAULT), f"signs in, for `{command_line('run', what, '--to', DEFAULT)}`"),
        (command_line("run", what, "--to", "trakt-file"), "writes a file to upload, without any account"),
    ]
    assert usual.approval is not None
    needs = name_variable(usual.name, next(iter(usual.approval.app_keys)))
    lines = [f"{DEFAULT} is not set up ({needs} is not set), and nobody said where the ratings go. Name it:"]
    return "\n".join([*lines, *(f"  `{typed}` {does}" for typed, does in ways)])


def can_ask(*, logs_json: bool, assume_yes: bool) -> bool:
    """Whether there is somebody who can answer."""
    return sys.stdin.isatty() and not logs_json and not assume_yes


def _ignore(_: str) -> None:
    """Warnings about the keyring come again when it is used."""
