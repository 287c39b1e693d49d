"""The switches of MDBList."""

from dataclasses import dataclass, field

from importer.sandbox.options import ServerOptions
from importer.sandbox.quota import parse_quota

ANSWERS = ("schema", "sample", "added", "lists", "none")
PAGINGS = ("cursor", "offset", "sample", "cursor-then-offset")


@dataclass(frozen=True)
class MdblistOptions(ServerOptions):
    """The key, the limits, and which of the documented forms answers have; the key is never shown.

    `mdblist_answers`: `schema` counts updated and not found, `sample` only updated, `added` has lists of what
    was not found if they are empty, `lists` has an entry in them for each, and `none` has no body (204).
    Without `mdblist_counts_equal` a rating that was there already is not counted. With
    `mdblist_counts_under_shows` nested ones count as shows. `mdblist_paging`: `cursor`, `offset` with a
    total, `sample` with `has_more`, or a cursor that ends after a page (`cursor-then-offset`).
    `mdblist_page_limit` clamps pages. `mdblist_text_ids` makes ids text, `mdblist_inline_episodes` leaves out
    the object around an episode.

    Limits: `mdblist_day_limit` requests from midnight to midnight UTC, `mdblist_write_rate` and
    `mdblist_read_rate` in a window (None: no limit); without `mdblist_retry_after` a refusal does not say how
    long to wait.
    """

    mdblist_key: str = field(default="sandbox-mdblist-key", repr=False)
    mdblist_answers: str = "schema"
    mdblist_counts_equal: bool = True
    mdblist_counts_under_shows: bool = False
    mdblist_paging: str = "cursor"
    mdblist_text_ids: bool = False
    mdblist_inline_episodes: bool = False
    mdblist_page_limit: int = 1000
    mdblist_day_limit: int | None = 1000
    mdblist_write_rate: str | None = "300/5m"
    mdblist_read_rate: str | None = "1000/5m"
    mdblist_retry_after: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_negative("mdblist_day_limit")
        for name, known in (("mdblist_answers", ANSWERS), ("mdblist_paging", PAGINGS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is {', '.join(known)}, not {getattr(self, name)!r}")
        if self.mdblist_page_limit < 1:
            raise ValueError(f"mdblist_page_limit is at least 1: {self.mdblist_page_limit}")
        for rate in (self.mdblist_write_rate, self.mdblist_read_rate):
            if rate is not None:
                parse_quota(rate)
