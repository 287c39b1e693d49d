"""What was answered about a title is kept for all files."""

import stat
from pathlib import Path

from importer.destinations.titles import Candidate, EpisodeOf
from importer.matching.answers import Answers
from importer.matching.model import TitleQuery
from importer.model import MediaKind

JOKER = TitleQuery(MediaKind.MOVIE, "Joker", 2019)
FOUND = Candidate(MediaKind.MOVIE, "Joker", 2019, "tt7286456", other_titles=("Put Domoi",), url="x")


def test_an_answer_is_kept_for_every_spelling(tmp_path: Path) -> None:
    with Answers(tmp_path / "a" / "answers") as answers:
        answers.put(JOKER, FOUND)
    with Answers(tmp_path / "a" / "answers") as answers:
        assert answers.get(JOKER) == FOUND
        assert answers.get(JOKER._replace(title="JOKER!")) == FOUND
        assert answers.get(JOKER._replace(year=2018)) is None
        assert answers.get(JOKER._replace(kind=MediaKind.SHOW)) is None
        assert answers.count() == 1
    assert stat.S_IMODE((tmp_path / "a" / "answers").stat().st_mode) == 0o600


def test_a_new_answer_replaces_the_old_one(tmp_path: Path) -> None:
    place = EpisodeOf("Lost", 2004, 1, 2, imdb_id="tt0411008")
    episode = Candidate(MediaKind.EPISODE, "Lost: 1x02", None, "tt0636290", place=place)
    with Answers(tmp_path / "answers") as answers:
        answers.put(JOKER, FOUND)
        answers.put(JOKER, episode)
        assert answers.get(JOKER) == episode


def test_by_an_id_the_title_is_only_for_people(tmp_path: Path) -> None:
    query = TitleQuery(MediaKind.UNKNOWN, "Joker", 2019, "tmdb:475557")
    with Answers(tmp_path / "answers") as answers:
        answers.put(query, FOUND)
        assert answers.get(query._replace(title="Other", year=None)) == FOUND


def test_answers_can_be_forgotten(tmp_path: Path) -> None:
    with Answers(tmp_path / "answers") as answers:
        answers.put(JOKER, FOUND)
        answers.put(JOKER._replace(year=1950), FOUND)
        answers.forget(JOKER)
        assert answers.get(JOKER) is None
        assert answers.forget_all() == 1
        assert answers.count() == 0
