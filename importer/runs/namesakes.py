"""The account's ratings of titles that share a row's title and year, but none of its ids."""

from collections.abc import Callable, Sequence
from itertools import chain

from importer.destinations.titles import AccountRating, AccountRatings, find_rating
from importer.journal import JournalRun, in_blocks
from importer.model import Rating, RatingJob

AsStored = Callable[[RatingJob], RatingJob]
"""The destination's `as_stored`."""


def list_doubts(
    run: JournalRun,
    ratings: AccountRatings,
    namesakes: Sequence[tuple[int, AccountRating]],
    as_stored: AsStored,
) -> list[tuple[int, Rating, str | None]]:
    """List those of these rows whose title may be listed under other ids, as (row, rating, rated_at).

    Not in doubt is what another row of this run has rated before it was stopped: the file has both titles.
    """
    sent = chain.from_iterable(in_blocks(run.sent_rows)) if namesakes else ()
    own = {id(find_rating(as_stored(each.job), ratings)) for each in sent}
    return [(row, each.rating, each.rated_at) for row, each in namesakes if id(each) not in own]
