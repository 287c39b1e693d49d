"""Pages of a list, with the ways in which the real server's pages deviate from their headers.

limit=250, short_page=2, 629 items:     250, 107, 250, 22      nothing is lost, page 2 is not the end
limit=250, largest=100, 629 items:      100, 100, ... 29       the header says 100, if there is one
limit=250, counted=500, 629 items:      250, 250, 129          the headers say 2 pages and 500 items
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from importer.sandbox.exchange import Twist

_SHORT_SHARE = 107 / 250
"""What was seen of a page in the middle of a scan (trakt-web PR 3152)."""


@dataclass(frozen=True, slots=True)
class Page:
    """Number and size of a page as the headers tell them, and its place in the list."""

    number: int
    limit: int
    skip: int
    size: int

    def twisted(self, twist: Twist | None) -> "Page":
        """The page with another place in the list, if a fault asks for it; the headers stay as they are."""
        if twist is Twist.SAME_PAGE:
            return replace(self, skip=0)
        if twist is Twist.OVERLAP:
            return replace(self, skip=max(0, self.skip - self.limit // 2))
        return replace(self, size=0) if twist is Twist.EMPTY_LIST else self


@dataclass(frozen=True, slots=True)
class Pages:
    """How a list is cut into pages: `usual` entries or as many as asked for, but never more than `largest`.

    Page number `short_page` holds fewer and the next page goes on where it ended. The headers never count
    more than `counted` items, and `extra` ones that are not there; without `has_headers` there are none.
    """

    usual: int
    largest: int = 250
    short_page: int | None = None
    counted: int | None = None
    has_headers: bool = True
    extra: int = 0

    def read(self, query: Mapping[str, str]) -> Page:
        """The page that a query asks for. A text that is no number counts as not sent."""

        def number(name: str, otherwise: int) -> int:
            text = query.get(name, "")
            return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 10 else otherwise

        page, limit = number("page", 1) or 1, min(number("limit", self.usual) or self.usual, self.largest)
        skip = (page - 1) * limit
        if self.short_page == page:
            return Page(page, limit, skip, limit - _missing(limit))
        is_behind = self.short_page is not None and page > self.short_page
        return Page(page, limit, skip - _missing(limit) if is_behind else skip, limit)

    def headers(self, page: Page, items: int) -> dict[str, str]:
        """Docs: pagination."""
        if not self.has_headers:
            return {}
        counted = (items if self.counted is None else min(items, self.counted)) + self.extra
        return {
            "X-Pagination-Page": str(page.number),
            "X-Pagination-Limit": str(page.limit),
            "X-Pagination-Page-Count": str(self._count_pages(counted, page.limit)),
            "X-Pagination-Item-Count": str(counted),
        }

    def _count_pages(self, items: int, limit: int) -> int:
        if self.short_page is not None and items > self.short_page * limit - _missing(limit):
            items += _missing(limit)
        return math.ceil(items / limit)


def _missing(limit: int) -> int:
    """How many entries a short page lacks; it always has one."""
    return limit - max(1, round(limit * _SHORT_SHARE))
