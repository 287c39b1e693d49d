"""Small files and answers that are huge where they are read: an error or rows, below 300 MiB."""

from pathlib import Path

import pytest

from tests.hostile.bombs import ANSWERS, FILES, measure

pytestmark = pytest.mark.timeout(200)

MOST_MIB = 300 - 65
"""What the process that measures has less in memory than a whole import: the network, the journal."""

MOST_KEPT = 1 << 27
"""Characters that go into the journal, at most; of a file of 20 kB it was 200 MB."""


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_made_to_fill_the_memory_does_not(tmp_path: Path, name: str) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(FILES[name]())
    found = measure("file", path)
    assert found.peak_mib < MOST_MIB
    assert found.kept < MOST_KEPT
    assert found.rows or found.error


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_is_made_to_fill_the_memory_does_not(tmp_path: Path, name: str) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(ANSWERS[name]())
    found = measure("answer", path)
    assert found.peak_mib < MOST_MIB
    assert not found.rows or "may be" in name or "wide character" in name
