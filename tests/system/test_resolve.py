"""Rows without ids, from a file with titles to ratings in the account, with the installed command."""

import csv
import io
import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.conftest import COMMAND, Importer, count_kept, running_sandbox, wait_until

CSV = """Name,Year,My score
Metropolis,1927,9
"Matrix, The",1999,10
12 angry men,1957,8
Zyzzyva Qwertz,1950,7
The Matrix,2021,3
"""
READ = ("--map", "Name=title", "--map", "My score=rating")
TO_SANDBOX = ("--to", "sandbox")


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """What somebody has written down over the years, without any id."""
    path = tmp_path / "mine.csv"
    path.write_text(CSV, encoding="utf-8")
    return path


def read_csv(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))


def edit(path: Path, change: Callable[[dict[str, str]], object]) -> None:
    rows = read_csv(path)
    for row in rows:
        change(row)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys(), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)


def use_sandbox(url: str) -> dict[str, str]:
    return {
        "IMPORTER_TRAKT_BASE_URL": url,
        "IMPORTER_TRAKT_AUTH_URL": url,
        "IMPORTER_TRAKT_CLIENT_ID": "sandbox-client",
    }


def test_from_titles_to_ratings(importer: Importer, export: Path, tmp_path: Path) -> None:
    done = importer("resolve", export.name, *READ, *TO_SANDBOX)
    assert done.returncode == 1, done.stderr
    assert "5 titles of mine.csv, 5 rows without ids" in done.stdout
    assert "3  certain" in done.stdout
    assert "1  ambiguous" in done.stdout
    assert "1  not found" in done.stdout
    command = (
        "importer run mine.csv --map Name=title --map 'My score=rating' --to sandbox --resolved resolve.csv"
    )
    assert f"{COMMAND.parent}/{command}\n" in done.stdout  # as the program was started

    sheet = tmp_path / "resolve.csv"
    lines = [
        (row["title"], row["chosen"], row["decision"], row["score"], row["candidate_title"])
        for row in read_csv(sheet)
    ]
    assert lines[:2] == [  # what is open stands first
        ("Zyzzyva Qwertz", "", "not_found", "", ""),
        ("The Matrix", "", "ambiguous", "0.60", "The Matrix"),
    ]
    assert {line[:3] for line in lines[2:-3]} == {("The Matrix", "", "ambiguous")}
    assert lines[-3:] == [
        ("Metropolis", "yes", "certain", "1.00", "Metropolis"),
        ("Matrix, The", "yes", "certain", "1.00", "The Matrix"),
        ("12 angry men", "yes", "certain", "1.00", "12 Angry Men"),
    ]

    def choose(row: dict[str, str]) -> None:
        if row["title"] == "Zyzzyva Qwertz":
            row["imdb_id"] = "tt0034583"

    edit(sheet, choose)
    run = importer("run", export.name, *READ, *TO_SANDBOX, "--resolved", "resolve.csv")
    assert run.returncode == 1, run.stderr
    results = read_csv(tmp_path / "mine.results.csv")
    assert [(row["title"], row["status"], row["imdb_id"]) for row in results] == [
        ("Metropolis", "rated", "tt0017136"),
        ("Matrix, The", "rated", "tt0133093"),
        ("12 angry men", "rated", "tt0050083"),
        ("Zyzzyva Qwertz", "rated", "tt0034583"),
        ("The Matrix", "unsupported", ""),
    ]
    assert (
        results[2]["message"]
        == f"resolved as 12 Angry Men (1957), score 1.00, by resolve.csv line {len(lines) + 1}"
    )
    assert results[3]["message"] == "resolved as the title of these ids, by resolve.csv line 2"
    assert "`importer match FILE`" in results[4]["message"]


def test_another_choice_makes_another_run(importer: Importer, export: Path, tmp_path: Path) -> None:
    words = ("run", export.name, *READ, *TO_SANDBOX, "--resolved", "resolve.csv")
    importer("resolve", export.name, *READ, *TO_SANDBOX)
    importer(*words)
    assert [row["status"] for row in read_csv(tmp_path / "mine.results.csv")] == (
        ["rated"] * 3 + ["unsupported"] * 2
    )

    def choose(row: dict[str, str]) -> None:
        if row["title"] == row["candidate_title"] == "The Matrix":
            row["chosen"] = "yes"

    edit(tmp_path / "resolve.csv", choose)
    again = importer(*words)
    assert again.returncode == 1, again.stderr
    assert [(row["title"], row["status"]) for row in read_csv(tmp_path / "mine.results.csv")] == [
        ("Metropolis", "unchanged"),
        ("Matrix, The", "duplicate"),  # the very film that the last row rates
        ("12 angry men", "unchanged"),
        ("Zyzzyva Qwertz", "unsupported"),
        ("The Matrix", "rated"),
    ]


def test_without_a_match_file_no_title_is_matched_blindly(
    importer: Importer, export: Path, tmp_path: Path
) -> None:
    done = importer("run", export.name, *READ, *TO_SANDBOX)
    assert done.returncode == 1
    assert {(row["status"], row["reason"]) for row in read_csv(tmp_path / "mine.results.csv")} == {
        ("unsupported", "needs_id")
    }


def test_done_again_it_asks_nothing_and_keeps_every_choice(
    importer: Importer, export: Path, tmp_path: Path
) -> None:
    sheet = tmp_path / "resolve.csv"
    first = importer("resolve", export.name, *READ, *TO_SANDBOX, "--json", "--quiet")
    assert first.returncode == 1, first.stderr
    told = json.loads(first.stdout)
    assert (told["titles"], told["certain"], told["ambiguous"], told["not_found"]) == (5, 3, 1, 1)
    assert told["questions_asked"] > 5

    def choose(row: dict[str, str]) -> None:
        if row["title"] == "Zyzzyva Qwertz":
            row.update(chosen="x", tmdb_id="289")
        if row["title"] == row["candidate_title"] == "The Matrix":
            row["chosen"] = "1"
        if row["title"] == "Metropolis":
            row["chosen"] = ""  # taken back

    edit(sheet, choose)
    second = importer("resolve", export.name, *READ, *TO_SANDBOX, "--json")
    told = json.loads(second.stdout)
    assert told["questions_asked"] == 0
    assert (told["certain"], told["chosen"], told["ambiguous"], told["not_found"]) == (2, 2, 1, 0)
    assert {(row["title"], row["tmdb_id"]) for row in read_csv(sheet) if row["chosen"]} == {
        ("Matrix, The", "603"),
        ("12 angry men", "389"),
        ("Zyzzyva Qwertz", "289"),
        ("The Matrix", "603"),
    }


@pytest.mark.parametrize("api", ["", " --api simkl"])
def test_all_certain_is_a_success(importer: Importer, tmp_path: Path, api: str) -> None:
    (tmp_path / "sure.csv").write_text("title,year,rating\nMetropolis,1927,9\n")
    done = importer("resolve", "sure.csv", *TO_SANDBOX, *api.split())
    assert done.returncode == 0, done.stderr
    assert "All are in resolve.csv" in done.stdout
    assert f"importer run sure.csv --to sandbox{api} --resolved resolve.csv\n" in done.stdout


def test_with_ids_there_is_nothing_to_look_up(importer: Importer, tmp_path: Path) -> None:
    (tmp_path / "sure.csv").write_text("imdb_id,rating\ntt0017136,9\n")
    done = importer("resolve", "sure.csv", *TO_SANDBOX)
    assert done.returncode == 0, done.stderr
    assert "nothing to look up" in done.stdout
    assert read_csv(tmp_path / "resolve.csv") == []


def test_standard_input_is_read(importer: Importer, tmp_path: Path) -> None:
    done = importer("resolve", "-", *READ, *TO_SANDBOX, "--out", "chosen.csv", "-q", stdin=CSV)
    assert done.returncode == 1, done.stderr
    assert done.stdout == done.stderr == ""
    assert len({row["title"] for row in read_csv(tmp_path / "chosen.csv")}) == 5


def test_type_words_that_nobody_reads_are_found_out_by_the_id(importer: Importer, tmp_path: Path) -> None:
    header = (
        "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,"
        "Genres,Num Votes,Release Date,Directors"
    )
    rows = [
        'tt0017136,9,2024-05-01,"Metropolis","Metropolis",u,Elokuva,8.3,153,1927,"",1,1927-01-10,""',
        'tt0959621,8,2024-05-01,"Breaking Bad: Pilot","x",u,TV-jakso,9.0,58,2008,"",1,2008-01-20,""',
    ]
    (tmp_path / "imdb.csv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    done = importer("resolve", "imdb.csv", *TO_SANDBOX)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [
        (row["kind"], row["id"], row["candidate_kind"]) for row in read_csv(tmp_path / "resolve.csv")
    ] == [
        ("unknown", "imdb:tt0017136", "movie"),
        ("unknown", "imdb:tt0959621", "episode"),
    ]
    run = importer("run", "imdb.csv", *TO_SANDBOX, "--resolved", "resolve.csv")
    assert run.returncode == 0, run.stdout
    assert [row["kind"] for row in read_csv(tmp_path / "imdb.results.csv")] == ["movie", "episode"]


def test_a_film_by_its_tvdb_id_is_looked_up_by_its_title(importer: Importer, tmp_path: Path) -> None:
    (tmp_path / "tv.csv").write_text("title,year,type,tvdb_id,rating\nMetropolis,1927,movie,5,9\n")
    refused = importer("run", "tv.csv", *TO_SANDBOX)
    assert refused.returncode == 1, refused.stderr
    (row,) = read_csv(tmp_path / "tv.results.csv")
    assert (row["status"], row["reason"]) == ("unsupported", "needs_id")
    assert "importer match tv.csv --to sandbox\n" in refused.stdout
    assert importer("resolve", "tv.csv", *TO_SANDBOX).returncode == 0
    done = importer("run", "tv.csv", *TO_SANDBOX, "--resolved", "resolve.csv")
    assert done.returncode == 0, done.stdout
    (row,) = read_csv(tmp_path / "tv.results.csv")
    assert (row["status"], row["imdb_id"]) == ("rated", "tt0017136")


def test_two_titles_that_come_to_one_are_both_left_to_choose(importer: Importer, tmp_path: Path) -> None:
    (tmp_path / "two.csv").write_text("title,year,rating\nMetropolis,1927,9\nMetropolis,,3\n")
    done = importer("resolve", "two.csv", *TO_SANDBOX, "--json")
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["ambiguous"] == 2
    rows = read_csv(tmp_path / "resolve.csv")
    assert {(row["chosen"], row["decision"], row["imdb_id"]) for row in rows} == {
        ("", "ambiguous", "tt0017136")
    }
    assert "in this file comes to the same title" in rows[0]["message"]


def test_a_year_that_is_off_by_one_is_never_certain(importer: Importer, tmp_path: Path) -> None:
    (tmp_path / "off.csv").write_text("title,year,rating\n12 Angry Men,1956,8\n")
    done = importer("resolve", "off.csv", *TO_SANDBOX)
    assert done.returncode == 1, done.stderr
    row = read_csv(tmp_path / "resolve.csv")[0]
    assert (row["chosen"], row["decision"], row["score"]) == ("", "ambiguous", "0.97")
    assert row["message"] == "the title of this name is of 1957, not 1956"


# What goes wrong


def test_an_outage_ends_with_3_and_writes_nothing(
    importer: Importer, export: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    # Nobody listens there: the port was free a moment ago.
    with running_sandbox(environment) as url:
        pass
    done = importer("resolve", export.name, *READ, **use_sandbox(url))
    assert done.returncode == 3, done.stdout
    assert "Type the same command again later" in done.stderr
    assert not (tmp_path / "resolve.csv").exists()


def test_nonsense_for_an_answer_is_no_answer(
    importer: Importer, export: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    with running_sandbox(environment, "--fault", "search:html200@3-") as url:
        done = importer("resolve", export.name, *READ, "--workers", "1", **use_sandbox(url))
        assert done.returncode == 3, done.stdout
        assert not (tmp_path / "resolve.csv").exists()
    with running_sandbox(environment) as url:
        again = importer("resolve", export.name, *READ, "--json", **use_sandbox(url))
    assert again.returncode == 1, again.stderr
    assert (tmp_path / "resolve.csv").exists()


def test_slowed_down_it_waits_and_goes_on(
    importer: Importer, export: Path, environment: dict[str, str]
) -> None:
    with running_sandbox(environment, "--fault", "search:429@2:retry-after=1") as url:
        done = importer("resolve", export.name, *READ, **use_sandbox(url))
    assert done.returncode == 1, done.stderr
    assert "3  certain" in done.stdout
    assert "waiting: Trakt asks to slow down (429)" in done.stderr


def test_interrupted_it_leaves_what_was_found_and_no_half_file(
    importer: Importer, tmp_path: Path, environment: dict[str, str]
) -> None:
    rows = [f"Metropolis {number},1927,9" for number in range(120)]
    (tmp_path / "many.csv").write_text("\n".join(["title,year,rating", *rows, ""]))
    with running_sandbox(environment, "--latency", "60", "--set", "get_rate=none") as url:
        settings = environment | use_sandbox(url)
        with subprocess.Popen(
            [COMMAND, "resolve", "many.csv", "--workers", "2", "--rate", "1000/s"],
            cwd=tmp_path,
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ) as command:
            kept = tmp_path / "state" / "lookups.sqlite3"
            wait_until(lambda: count_kept(kept, "SELECT count(*) FROM lookup") > 3)
            command.send_signal(signal.SIGINT if os.name == "posix" else signal.SIGTERM)
            _, told = command.communicate(timeout=60)
        assert command.returncode == 3, told
        assert "the same command goes on from there" in told
        assert not list(tmp_path.glob("*resolve.csv*"))
        words = ("--json", "--workers", "64", "--rate", "1000/s")
        done = importer("resolve", "many.csv", *words, **use_sandbox(url))
    assert done.returncode == 1, done.stderr
    told_again = json.loads(done.stdout)
    assert told_again["titles"] == 120
    assert 0 < told_again["questions_asked"] < 3 * 120


def test_a_match_file_that_makes_no_sense_is_told_before_anything_is_asked_or_sent(
    importer: Importer, export: Path, tmp_path: Path
) -> None:
    importer("resolve", export.name, *READ, *TO_SANDBOX)
    sheet = tmp_path / "resolve.csv"
    edit(sheet, lambda row: row.update(chosen="yes"))
    before = sheet.read_bytes()
    for words in (
        ("resolve", export.name, *READ, *TO_SANDBOX),
        ("run", export.name, *READ, *TO_SANDBOX, "--resolved", "resolve.csv"),
    ):
        done = importer(*words)
        assert done.returncode == 2, done.stdout
        assert "resolve.csv, line 2: " in done.stderr
    assert sheet.read_bytes() == before
    assert not (tmp_path / "mine.results.csv").exists()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("resolve", "mine.csv", *READ, *TO_SANDBOX, "--out", "mine.csv"), "is the input file itself"),
        (("resolve", "mine.csv", *READ, *TO_SANDBOX, "--out", "-"), "name a file"),
        (("resolve", "mine.csv", *READ, *TO_SANDBOX, "--out", "no/resolve.csv"), "there is no folder"),
        (("resolve", "no.csv", *TO_SANDBOX), "no.csv"),
        (("run", "mine.csv", *READ, *TO_SANDBOX, "--resolved", "no.csv"), "no.csv"),
        (("run", "mine.csv", *READ, *TO_SANDBOX, "--resolved", "x.csv", "--out", "x.csv"), "--out x.csv"),
        (("run", "mine.csv", *READ, *TO_SANDBOX, "--resolved", "mine.csv"), "no match file"),
        (("resolve", "mine.csv", *READ), "client id"),
        (("resolve", "mine.csv", *READ, *TO_SANDBOX, "--api", "v1"), "--api v1 has no search"),
    ],
    ids=str,
)
def test_a_command_that_makes_no_sense_is_told(
    importer: Importer, export: Path, words: tuple[str, ...], problem: str
) -> None:
    before = export.read_bytes()
    done = importer(*words)
    assert done.returncode == 2, done.stdout
    assert problem in done.stderr
    assert export.read_bytes() == before
