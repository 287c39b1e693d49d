"""The samples that are archives are built from those that lie beside them."""

from pathlib import Path

import pytest

from tests.samples.archives import ARCHIVES, SAMPLES, write_archive


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_sample_archive_is_what_its_script_builds(tmp_path: Path, name: str) -> None:
    write_archive(tmp_path / name, ARCHIVES[name]())
    assert (SAMPLES / name).read_bytes() == (tmp_path / name).read_bytes(), "python -m tests.samples.archives"
