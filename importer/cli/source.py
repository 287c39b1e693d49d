"""What a command reads: a file, or an account with `--from`."""

from dataclasses import replace

from importer.errors import CommandError, OptionError
from importer.readers.base import ReadOptions
from importer.runs.account_export import AccountExport
from importer.runs.rules import FileOptions, SourceOptions
from importer.runs.sources import ExportFile, SourceSpec


def choose_source(
    file: str | None, origin: SourceOptions, reading: ReadOptions, files: FileOptions, name: str
) -> SourceSpec:
    """Return the account that is to be read, or else the file. Raises UsageError."""
    if origin.spec is None:
        if origin.from_account:
            raise OptionError("from_account", "name its destination with --from", origin.from_account)
        return ExportFile(file or "", reading, files.resolved, shown=name, match=files.match)
    if name or replace(reading, zone=None) != ReadOptions() or replace(files, out=None) != FileOptions():
        raise CommandError("options for reading a file do not go with --from")
    return AccountExport(origin.spec, origin.from_account)
