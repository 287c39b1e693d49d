"""Gives rows the ids that a destination needs, before they are compared with its account.

```text
journal: open rows    question             answer                   journal
tt0113277             imdb_id:tt0113277    cache, else the server   movie 949: open, with its id
tt9999999             imdb_id:tt9999999    nothing                  not_found: closed
949                   none                                          unchanged
```

Each question is asked once, at the pace of the run. Rows keep their ids in the journal, and answers stay in
the cache of look-ups: a second run, an undo and a retry ask nothing. An outage is an error, never an answer.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from importer.client.client import Client
from importer.client.workers import work_side_by_side
from importer.config.folders import shared_state_dir
from importer.destinations.base import IdFinder
from importer.destinations.titles import Found
from importer.journal import JournalRun, in_blocks
from importer.matching.cache import LookupCache
from importer.model import Outcome, RatingJob
from importer.progress import Phase, Progress
from importer.runs.delivery import Work
from importer.runs.duplicates import close_duplicates


class Filled(NamedTuple):
    """The rows that got their ids, and the outcomes of those for which there are none."""

    jobs: Sequence[RatingJob]
    outcomes: Sequence[tuple[int, Outcome]]


async def find_ids(work: Work, finder: IdFinder, client: Client) -> None:
    """Find the ids of open rows, and close the rows that have none. Raises StopRunError.

    A mirror needs those of all rows, so that it removes nothing that one of them rates.
    """
    run, found_any = work.run, False
    with LookupCache(shared_state_dir() / "lookups.sqlite3") as cache:
        finding = Finding(finder, cache, client, work.options.workers or 1, work.progress)
        for jobs in in_blocks(run.open_jobs):
            filled = await finding.fill_in(jobs)
            run.note_ids(filled.jobs)
            run.close_each(filled.outcomes)
            found_any = found_any or bool(filled.jobs)
        if work.rules.removes_missing:
            for jobs in _named_blocks(run):
                run.note_ids((await finding.fill_in(jobs)).jobs)
    if found_any:
        # Rows with ids of different kinds may turn out to rate one title.
        for rows in run.titles_rated_twice():
            run.close_each(close_duplicates(rows))


def _named_blocks(run: JournalRun) -> Iterator[list[RatingJob]]:
    for rows in in_blocks(run.named_titles):
        yield [row.job for row in rows]


@contextmanager
def _shown(progress: Progress, questions: int) -> Iterator[None]:
    """Show the questions of the block in the place of rows."""
    before = progress.phase, progress.to_send, progress.done, progress.failed
    if questions:
        progress.phase, progress.to_send, progress.done, progress.failed = Phase.RESOLVING, questions, 0, 0
    try:
        yield
    finally:
        progress.phase, progress.to_send, progress.done, progress.failed = before


class Finding:
    """Asks for ids: several questions at once, each of them once."""

    def __init__(
        self, finder: IdFinder, cache: LookupCache, client: Client, workers: int, progress: Progress
    ) -> None:
        self._finder = finder
        self._cache = cache
        self._client = client
        self._workers = workers
        self._progress = progress

    async def fill_in(self, jobs: Sequence[RatingJob]) -> Filled:
        """Return the rows that need ids, with them; the others are left out. Raises StopRunError."""
        asking = [(job, question) for job in jobs if (question := self._finder.question_of(job)) is not None]
        answers = await self._ask_all(dict.fromkeys(question for _, question in asking))
        taken = [(job, self._finder.take_found(job, answers[question])) for job, question in asking]
        return Filled(
            [row for _, row in taken if isinstance(row, RatingJob)],
            [(job.row, outcome) for job, outcome in taken if isinstance(outcome, Outcome)],
        )

    async def _ask_all(self, questions: Iterable[str]) -> dict[str, Found]:
        answers: dict[str, Found] = {}
        open_questions = []
        for question in questions:
            known = self._cache.get(self._name(question))
            if known is None:
                open_questions.append(question)
            else:
                answers[question] = known
        waiting = iter(open_questions)
        with _shown(self._progress, len(open_questions)):
            await work_side_by_side(lambda: self._work(waiting, answers), self._workers)
        return answers

    async def _work(self, waiting: Iterator[str], answers: dict[str, Found]) -> None:
        for question in waiting:
            found = await self._client.request(self._finder.build_find(question), self._finder.read_find)
            if not found.is_cut_off:  # what cannot be understood may be another time
                self._cache.put(self._name(question), found)
            answers[question] = found
            self._progress.done += 1
            self._progress.failed += not found.titles

    def _name(self, question: str) -> str:
        return f"{self._finder.kept_as} {question}"
