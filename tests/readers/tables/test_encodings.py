"""Encodings that are told by the letters, and texts whose letters tell none."""

from itertools import combinations
from pathlib import Path
from typing import cast

import pytest

from importer.cli import match
from importer.errors import GarbledTextError, OptionError, UnreadableFileError
from importer.monitoring.log import open_log
from importer.readers import ReadOptions, open_reader
from importer.readers.tables.encodings import Guess, guess_encoding
from importer.runs.open_titles import TitleOptions
from importer.runs.sources import ExportFile
from tests.readers.reading import jobs, read

TITLES = {
    "cp1251": (
        "Кавказская пленница",
        "Брат",
        "Иди и смотри",
        "Ирония судьбы, или С лёгким паром!",
        "Броненосец «Потёмкин»",
    ),
    "gb18030": (
        "肖申克的救赎",
        "黑客帝国",
        "盗梦空间",
        "霸王别姬",
        "千与千寻",
        "让子弹飞",
        "大话西游之大圣娶亲",
    ),
    "cp950": ("刺激1995", "駭客任務", "全面啟動", "霸王別姬", "神隱少女", "海角七號", "牯嶺街少年殺人事件"),
    "cp932": ("千と千尋の神隠し", "七人の侍", "もののけ姫", "東京物語", "となりのトトロ", "君の名は。"),
    "cp1250": (
        "Człowiek z żelaza",
        "Popiół i diament",
        "Wałęsa. Człowiek z nadziei",
        "Chłopi",
        "Ostře sledované vlaky",
    ),
    "cp1252": (
        "Amélie",
        "Das weiße Band",
        "El ángel exterminador",
        "¿Qué he hecho yo?",
        "Alien³",
        "[REC]²",
        "Don’t Look Up",
    ),
}
OTHERS = {
    "euc_kr": ("기생충", "올드보이", "살인의 추억"),
    "euc_jp": ("千と千尋の神隠し", "七人の侍", "もののけ姫"),
    "koi8_r": ("Брат", "Иди и смотри", "Осенний марафон"),
    "cp1253": ("Λευκός θάνατος", "Ζορμπάς ο Έλληνας"),
    "cp1255": ("ואלס עם באשיר", "ביקור התזמורת"),
}


def write(folder: Path, titles: tuple[str, ...], encoding: str) -> Path:
    path = folder / "input.csv"
    lines = ("imdb_id,title,rating", *(f'tt0111161,"{title}",9' for title in titles))
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


@pytest.mark.parametrize("encoding", TITLES)
def test_a_text_is_told_by_its_letters(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path, TITLES[encoding], encoding)
    assert guess_encoding(path) == Guess(encoding, True)
    assert [job.title for job in jobs(read(tmp_path, path.read_bytes()))] == list(TITLES[encoding])


@pytest.mark.parametrize("encoding", [*TITLES, *OTHERS])
def test_however_short_it_is_no_text_is_taken_for_one_of_another_script(
    tmp_path: Path, encoding: str
) -> None:
    titles = (TITLES | OTHERS)[encoding]
    for number in (1, 2):
        for some in combinations(titles, number):
            guess = guess_encoding(write(tmp_path, some, encoding))
            assert guess.encoding in {encoding, "cp1252"}, some


@pytest.mark.parametrize("encoding", OTHERS)
def test_letters_that_tell_nothing_are_said_to_be_garbled_until_they_are_named(
    tmp_path: Path, encoding: str
) -> None:
    path = write(tmp_path, OTHERS[encoding], encoding)
    assert guess_encoding(path) == Guess("cp1252", False)
    named = open_reader(path, ReadOptions(encoding=encoding))
    assert not named.is_garbled
    assert [job.title for chunk in named.chunks() for job in jobs(chunk)] == list(OTHERS[encoding])
    try:
        reader = open_reader(path)
    except UnreadableFileError:
        return  # not every byte is a letter of Windows-1252
    assert reader.is_garbled
    assert any("titles are garbled, ids are not" in note for note in reader.notes)
    assert all(job.imdb_id == "tt0111161" for chunk in reader.chunks() for job in jobs(chunk))


def test_what_is_named_wrongly_or_not_at_all_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, ("Брат",), "cp1251")
    with pytest.raises(UnreadableFileError, match="the text is not UTF-8, as was said"):
        open_reader(path, ReadOptions(encoding="utf-8"))
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises((UnreadableFileError, OptionError)):
        open_reader(path, ReadOptions(encoding="cp1251"))


def test_garbled_titles_are_not_looked_up(tmp_path: Path) -> None:
    path = write(tmp_path, OTHERS["cp1253"], "cp1253")
    given, nowhere = ExportFile(str(path), ReadOptions()), cast(TitleOptions, None)
    with pytest.raises(GarbledTextError, match="neither UTF-8 nor Western"):
        match._match(given, nowhere, tmp_path / "out.csv", open_log(as_json=False), quiet=True)
