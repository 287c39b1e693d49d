"""Formats whose ratings mean what `--scale` says: everybody's own scale, or votes."""

from collections.abc import Sequence
from operator import attrgetter
from typing import ClassVar

from importer.errors import OptionError, ScaleNeededError
from importer.readers.cells.scales import Scale, Votes, parse_scale
from importer.readers.columns import Parse, PerFile
from importer.readers.format_reader import TableReader


class Scaled(TableReader):
    """An open table whose ratings are read by `--scale`."""

    needs_scale: ClassVar[bool] = False
    """Whether nothing in the file says what its ratings are, so that `--scale` is asked for."""
    has_votes: ClassVar[bool] = False
    """Whether its ratings are no numbers of a scale: `--scale` has to say what each is."""
    scale_problem: str = ""
    """What was found out about the ratings, if anything was."""
    scale_example: str | None = "0-100"
    """What `--scale` may look like, where nothing can be suggested; None where cells are to be corrected."""
    unrated: ClassVar[frozenset[str]] = frozenset()

    def prepare(self) -> None:
        """Find out what the ratings mean. Raises ScaleNeededError, UsageError."""
        text = self.given.scale
        if text is not None:
            self.scale = parse_scale(text, self.unrated)
            if self.has_votes and not isinstance(self.scale, Votes):
                problem = f"{self.format_name} has votes; say what each is, for example {self.scale_example}"
                raise OptionError("scale", problem, text)
        elif self.is_scale_needed():
            suggested = self.suggest_scale()
            looks_like = None if suggested is None else suggested.flag
            problem = self.scale_problem or self.about.scale
            raise ScaleNeededError(self.table.name, problem, looks_like, self.scale_example)
        else:
            self.places.pop("note", None)  # the note describes a conversion, and there is none

    def parser_of(self, field: str) -> Parse:
        """Return what the column says: it knows of the scale."""
        return self.columns[field].parser_for(self)

    def describe_scale(self) -> Sequence[str]:
        """Say nothing: these formats say it themselves."""
        return ()

    def is_scale_needed(self) -> bool:
        """Whether this file cannot be read without `--scale`."""
        return self.needs_scale

    def suggest_scale(self) -> Scale | None:
        """Find a scale in the ratings; None if nobody could say."""
        return None


SCALED = PerFile(attrgetter("scale.convert"))
"""Parses ratings of the scale in use."""

SCALE_NOTE = PerFile(attrgetter("scale.note"))
"""Says what the conversion of a rating has changed: for a `note` from the same column."""
