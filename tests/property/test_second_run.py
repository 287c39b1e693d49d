"""A file brought once more: what is told without reading it is what reading it again would tell."""

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from importer.destinations.trakt_v1.api import TraktV1
from importer.interrupts import StopRequest
from importer.journal import Journal, JournalRun
from importer.journal.results import Tally
from importer.model import UNRATE, Outcome, RowsOutcome, Status
from importer.progress import Progress
from importer.readers import open_reader
from importer.runs.load import Loading, Source, fingerprint_file
from importer.runs.rules import RunRules

HEADER = "imdb_id,tmdb_id,type,rating,rated_at"
DESTINATION = TraktV1("http://127.0.0.1:1", "demo", "key", "digest")

lines = st.one_of(
    st.tuples(
        st.sampled_from(["tt0111161", "tt0068646", "tt0468569"]),
        st.sampled_from(["", "", "", "278"]),
        st.sampled_from(["movie", "movie", "show", "season"]),
        st.sampled_from(["1", "8", "8", "10", "7.6", "unrate", "soon"]),
        st.sampled_from(["", "2020-03-04"]),
    ).map(",".join),
    st.sampled_from([",238,movie,7,", "tt0111161,,movie,love,", ",,movie,7,"]),
)
files = st.lists(st.lists(lines, max_size=4), min_size=1, max_size=2)
answers = st.sampled_from([*[Status.RATED] * 12, Status.NOT_FOUND, Status.UNCONFIRMED, Status.KEPT])


def tell(journal: Journal, run: JournalRun) -> tuple[list[tuple[Any, ...]], list[Tally], int]:
    return list(run.results()), run.tallies(), run.count_open()


@settings(max_examples=300, deadline=None)
@given(st.data(), files)
def test_a_run_not_read_again_tells_what_reading_it_would(
    data: st.DataObject, texts: list[list[str]]
) -> None:
    with tempfile.TemporaryDirectory() as name, Journal(Path(name), "demo") as journal:
        repeats = 0
        for _ in range(4):
            number = data.draw(st.integers(0, len(texts) - 1))
            file = Path(name) / f"{number}.csv"
            file.write_text("\n".join([HEADER, *texts[number]]) + "\n", "utf-8")
            source = Source(file.name, fingerprint_file(file), partial(open_reader, file))
            loading = Loading(
                source, source.fingerprint, DESTINATION, journal, RunRules(), Progress(), StopRequest()
            )
            with loading.load_forgotten() as read:
                expected = tell(journal, read.run)
            planned = loading.load()
            run = planned.run
            if not run.continued:
                assert tell(journal, run) == expected
            repeats += any("not read again" in note for note in planned.notes)
            jobs = run.claim(0, 100)
            outcomes = [Status.UNRATED if job.rating == UNRATE else data.draw(answers) for job in jobs]
            run.record(
                [
                    RowsOutcome([job.row], Outcome(status, str(status)), 1, 200, 1.0, 5)
                    for job, status in zip(jobs, outcomes, strict=True)
                ],
            )
            if data.draw(st.integers(0, 9)):
                run.finish()
        event(f"repeats: {repeats}")
