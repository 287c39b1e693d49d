"""Keys that are put into the settings file, where people find and change them.

```text
add_settings(file, "trakt", {"client_id": "abc"})

    [jobs.night]                         [jobs.night]
    source = "x.csv"       becomes       source = "x.csv"

                                         [trakt]
                                         client_id = "abc"
```
"""

import json
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from importer.config.folders import config_file
from importer.errors import SettingsError
from importer.files import follow_links, replace_privately
from importer.state_files import translate_trouble


def add_settings(file: Path, section: str, values: Mapping[str, str | Sequence[str]]) -> None:
    """Add keys to a section, which is made if it is not there. All else in the file stays as it is.

    Afterwards only its owner can read it. Raises SettingsError and StateFileError, and then changes nothing.
    """
    with translate_trouble(file, "write this file"):
        file = follow_links(file)  # the file behind a link, not the link
    before = file.read_text("utf-8-sig") if file.exists() else ""
    after = _insert(
        before, section, [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    )
    wanted = tomllib.loads(before)
    table: dict[str, Any] = wanted
    for name in section.split("."):
        table = table.setdefault(name, {})
    table.update({key: value if isinstance(value, str) else list(value) for key, value in values.items()})
    if not _holds(after, wanted):
        raise SettingsError([f"[{section}] of {file} is written in a way that only you can change."])
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace_privately(file, after.encode())


def make_named_file(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Make the settings file that IMPORTER_CONFIG_FILE names, private to its owner, if it is not there.

    Returns the file that was made. Raises StateFileError.
    """
    file = config_file(environ)
    if not environ.get("IMPORTER_CONFIG_FILE") or file.exists():
        return None
    with translate_trouble(file, "write this file"):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_privately(follow_links(file), b"")
    return file


def _insert(text: str, section: str, lines: list[str]) -> str:
    name = r"\s*\.\s*".join(map(re.escape, section.split(".")))
    header = re.search(rf"^[ \t]*\[\s*{name}\s*\][ \t]*(#[^\n]*)?(\n|\Z)", text, re.MULTILINE)
    added = "".join(f"{line}\n" for line in lines)
    if header is None:
        before = text if not text or text.endswith("\n") else f"{text}\n"
        return f"{before}{chr(10) if before else ''}[{section}]\n{added}"
    head = text[: header.end()]
    return f"{head if head.endswith(chr(10)) else head + chr(10)}{added}{text[header.end() :]}"


def _holds(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False
