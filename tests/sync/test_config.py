"""Sync jobs and named accounts in the settings file: every problem at once, and nobody's secrets mixed."""

import re
from datetime import datetime, time
from pathlib import Path

import pytest

from importer.client.token_store import open_token_store
from importer.destinations.registry import list_words
from importer.destinations.trakt.spec import TRAKT
from importer.errors import AuthorizationError, Remedy, SettingsError
from importer.runs.places import Api
from importer.sync.config import SyncJob
from importer.sync.jobs_file import choose_jobs, load_jobs
from importer.sync.keys import list_keys
from importer.sync.times import parse_cron
from importer.text import parse_duration
from tests import settings_of
from tests.settings_of import load_trakt, load_trakt_v1
from tests.sync.jobs import job_of
from tests.test_docs import ROOT, read_table

APP = 'client_id = "c"\nclient_secret = "s"\n'


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def load(toml: Path, text: str, environ: dict[str, str] | None = None) -> dict[str, SyncJob]:
    toml.write_text(text, "utf-8")
    return load_jobs(environ or {}, toml)


def problems(toml: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(toml, text)
    return "\n".join(caught.value.problems)


class TestJobs:
    def test_only_the_source_must_be_given(self, toml: Path) -> None:
        job = load(toml, '[jobs.nightly]\nsource = "ratings.csv"\n')["nightly"]
        assert (job.spec.word, job.account, job.reading.format_name, job.rules.guard) == (
            "trakt",
            "",
            "auto",
            20,
        )
        assert job.at.request.time_of_day == time(12)
        assert not job.is_download

    def test_files_count_from_the_folder_of_the_settings(self, toml: Path) -> None:
        text = '[jobs.a]\nsource = "exports/*.csv"\nout = "done.csv"\n'
        job = load(toml, text + 'to = "trakt-file"\nwrite_to = "/tmp/up.csv"\n')["a"]
        assert job.source == str(toml.parent / "exports/*.csv")
        assert (job.files.out, job.at.write_to) == (toml.parent / "done.csv", Path("/tmp/up.csv"))

    def test_an_address_stays_as_it_is_query_and_all(self, toml: Path) -> None:
        address = "https://example.org/export.csv?key=1&list=2"
        job = load(toml, f'[jobs.a]\nsource = "{address}"\n')["a"]
        assert (job.source, job.is_download) == (address, True)

    def test_a_time_of_day_has_no_zone_of_its_own(self, toml: Path) -> None:
        said = problems(toml, '[jobs.a]\nsource = "x"\ndate_time = "09:00+05:00"\n')
        assert "date_time in [jobs.a]" in said
        assert "write it as HH:MM, and its zone as timezone" in said

    def test_every_problem_of_every_job_is_told_at_once(self, toml: Path) -> None:
        said = problems(
            toml,
            '[job]\n[jobs.a]\nsorce = "x"\nguard = 200\nevery = "6x"\n'
            '[jobs.b]\nsource = "x"\nto = "moon"\nmirror = "perhaps"\n'
            '[jobs.c]\nsource = "x"\nevery = "1h"\ncron = "0 3 * * *"\naccount = "ada"\n'
            '[jobs."d e"]\nsource = "x"\n[jobs.A]\nsource = "x"\n',
        )
        for part in (
            "[job] in",
            "sorce in [jobs.a]",
            "did you mean source?",
            "source in [jobs.a]",
            "guard in [jobs.a]",
            "'6x' is no length of time",
            "to in [jobs.b]",
            "mirror in [jobs.b]",
            "every and cron in [jobs.c]",
            "there is no [accounts.ada]",
            "[jobs.d e]",
            "[jobs.A] and [jobs.a]",
        ):
            assert part in said, part

    def test_texts_that_a_run_would_refuse_are_told_now_and_without_flags(self, toml: Path) -> None:
        toml.write_text(
            '[jobs.a]\nsource = "x"\nformat = "imbd"\nscale = "1=3,x"\ntimezone = "Berlin"\nrate = "fast"\n'
            '[jobs.b]\nsource = "x"\nto = "sandbox"\nscale = 0\nformat = "imdb"\nrate = "2/s"\n'
            '[jobs.c]\nsource = "x"\nscale = 5\ntimezone = "Europe/Berlin"\n',
            "utf-8",
        )
        with pytest.raises(SettingsError) as caught:
            load_jobs({"IMPORTER_CONFIG_FILE": str(toml)})
        said = "\n".join(caught.value.problems)
        assert "--" not in said
        for part in (
            f'format in [jobs.a] of {toml}: there is no format "imbd"; there are auto, ',
            f"scale in [jobs.a] of {toml}: 'x' is no vote; ",
            f"timezone in [jobs.a] of {toml}: 'Berlin': write it as in Europe/Berlin, or UTC.",
            f"rate in [jobs.a] of {toml}: 'fast': write it as N/PERIOD, ",
            f"scale in [jobs.b] of {toml}: '0': write the highest rating (5), ",
        ):
            assert part in said, part
        assert len(re.findall(r" in \[jobs\.", said)) == 5

    def test_values_out_of_bounds_are_refused_in_plain_words(self, toml: Path) -> None:
        text = '[jobs.a]\nsource = "x"\nto = "sandbox"\nworkers = 400\nguard = -1\napi = "v3"\n\n'
        said = problems(toml, text)
        assert f"workers in [jobs.a] of {toml} must be 256 or less." in said
        assert f"guard in [jobs.a] of {toml} must be 0 or more." in said
        assert f"api in [jobs.a] of {toml} must be 'v1', 'v2', 'simkl', 'mdblist' or 'tmdb'." in said

    def test_what_is_wrong_with_the_destination_is_told_as_well(self, toml: Path) -> None:
        text = '[trakt]\nclient_idd = "c"\n[jobs.a]\nsource = "x"\nguard = 200\n'
        said = problems(toml, text).splitlines()
        for part in ("guard in [jobs.a]", "client_idd in [trakt]", "The client id of your Trakt app"):
            assert sum(part in line for line in said) == 1
        other = problems(toml, '[trakt]\nclient_idd = "c"\n[jobs.a]\nsorce = "x"\nto = "sandbox"\n')
        assert "client_idd" not in other

    def test_a_sentence_ends_once(self, toml: Path) -> None:
        for line in problems(toml, '[job]\n[zzz]\n[jobs.a]\nsorce = "x"\nqqq = 1\n').splitlines():
            assert re.search(r"[^?.]([?]|[.])$", line), line

    def test_a_number_that_is_a_word(self, toml: Path) -> None:
        job = load(toml, '[jobs.a]\nsource = "x"\nscale = 5\nuser = 12\n')["a"]
        assert (job.reading.scale, job.reading.user) == ("5", "12")
        assert "scale in [jobs.a]" in problems(toml, '[jobs.a]\nsource = "x"\nscale = true\n')

    @pytest.mark.parametrize(
        ("source", "more", "said"),
        [
            ("http://example.org/r.csv", "", "plain http: your ratings would travel in clear"),
            ("https://ada:secret@example.org/r.csv", "", "user name or a password"),
            ("https://", "", "is no web address"),
            ("https://example..org/r.csv", "", "is no web address"),
        ],
    )
    def test_an_address_that_is_not_safe(self, toml: Path, source: str, more: str, said: str) -> None:
        found = problems(toml, f'[jobs.a]\nsource = "{source}"\n{more}')
        assert said in found
        assert "secret@" not in found

    def test_plain_http_is_for_this_machine_or_who_accepts_it(self, toml: Path) -> None:
        text = '[jobs.a]\nsource = "http://127.0.0.1:1/r.csv"\n'
        text += '[jobs.b]\nsource = "http://example.org/r.csv"\ninsecure_http = true\n'
        assert set(load(toml, text)) == {"a", "b"}

    def test_two_jobs_do_not_write_one_file(self, toml: Path) -> None:
        text = '[jobs.a]\nsource = "x"\nout = "r.csv"\n[jobs.b]\nsource = "y"\nout = "./r.csv"\n'
        assert "out in [jobs.b]" in problems(toml, text)

    def test_an_account_may_stand_in_variables_only(self, toml: Path) -> None:
        text = '[jobs.a]\nsource = "x"\naccount = "ada"\n'
        assert load(toml, text, {"IMPORTER_ACCOUNTS_ADA_CLIENT_ID": "c"})["a"].account == "ada"

    def test_a_file_is_for_those_who_write_one(self, toml: Path) -> None:
        text = '[jobs.a]\nsource = "x"\nwrite_to = "u.csv"\n[jobs.b]\nsource = "x"\nto = "trakt-file"\n'
        said = problems(toml, text)
        assert "write_to in [jobs.a]" in said
        assert "write_to in [jobs.b]" in said

    def test_an_account_does_not_go_with_a_file(self, toml: Path) -> None:
        assert "does not go with" in problems(
            toml, f'[accounts.ada]\n{APP}[jobs.a]\nsource = "x"\nto = "trakt-file"\naccount = "ada"\n'
        )

    def test_a_job_asks_nobody(self, toml: Path) -> None:
        said = problems(toml, '[jobs.a]\nsource = "x"\non_conflict = "later"\n')
        assert "must be 'overwrite', 'keep', 'newest' or 'highest'." in said
        said = problems(toml, '[jobs.a]\nsource = "x"\nto = "sandbxo"\n')
        assert "did you mean sandbox?" in said
        assert "?." not in said
        said = problems(toml, '[jobs.a]\nsource = "x"\non_conflict = "ask"\n')
        assert said.startswith(f"on_conflict in [jobs.a] of {toml}: nobody can be asked")

    def test_a_key_that_is_empty_waits_to_be_filled_in(self, toml: Path) -> None:
        job = load(toml, '[jobs.a]\nsource = "x"\nscale = ""\nout = ""\non_conflict = ""\nrate = ""\n')["a"]
        assert job == job_of(source=str(toml.parent / "x"))
        assert "source in [jobs.a]" in problems(toml, '[jobs.a]\nsource = " "\n')

    def test_choosing(self, toml: Path) -> None:
        jobs = load(toml, '[jobs.a]\nsource = "x"\n[jobs.b]\nsource = "y"\n')
        assert list(choose_jobs(jobs, ())) == ["a", "b"]
        assert list(choose_jobs(jobs, ("b", "b"))) == ["b"]
        with pytest.raises(SettingsError, match=r"There is no \[jobs.c\]"):
            choose_jobs(jobs, ("c",))
        with pytest.raises(SettingsError, match=r"no sync jobs in \S+config\.toml yet"):
            choose_jobs({}, ())

    def test_the_destinations_are_those_of_the_command(self) -> None:
        for name in list_words():
            assert job_of(source="x", to=name).spec.word == name


class TestFromAnAccount:
    def test_it_stands_in_place_of_the_source(self, toml: Path) -> None:
        job = load(toml, f'[trakt]\n{APP}[jobs.a]\nfrom = "trakt"\nto = "csv-file"\nwrite_to = "x.csv"\n')[
            "a"
        ]
        assert job.is_from_account
        assert not job.is_from_file
        assert (job.source, job.origin.account_of, job.origin.from_account) == ("", "trakt", "")

    @pytest.mark.parametrize(
        ("keys", "said"),
        [
            ("", "source in [jobs.a]"),
            ('source = "x"\nfrom = "trakt"', "source and from in [jobs.a]"),
            ('source = "x"\nfrom_account = "ada"', "does not go without from"),
            ('from = "moon"', "from in [jobs.a]"),
            ('from = "letterboxd-file"', "is no destination here"),
            ('from = "trakt"\nfrom_account = "bob"', "there is no [accounts.bob]"),
            ('from = "trakt"\nscale = "5"', "keys for reading a file"),
        ],
    )
    def test_what_does_not_fit_is_told(self, toml: Path, keys: str, said: str) -> None:
        assert said in problems(toml, f'[jobs.a]\nto = "csv-file"\nwrite_to = "x.csv"\n{keys}\n')


class TestAccounts:
    def test_it_shares_nothing_with_others(self, toml: Path) -> None:
        toml.write_text(f'[trakt]\n{APP}access_token = "bobs"\n[accounts.ada]\nclient_id = "adas"\n', "utf-8")
        environ = {"IMPORTER_TRAKT_CLIENT_SECRET": "bobs", "IMPORTER_ACCOUNTS_ADA_CLIENT_SECRET": "hers"}
        found = load_trakt({}, environ=environ, file=toml, account="ada")
        assert (found.client_id, found.client_secret.reveal()) == ("adas", "hers")
        assert found.access_token.reveal() == ""
        assert settings_of.load(TRAKT, {}, environ, toml, account="ada").account == "ada"

    def test_what_is_missing_is_named_where_it_belongs(self, toml: Path) -> None:
        toml.write_text("[accounts.ada-2]\nbase_url = 'http://example.org'\nclient_idd = 'x'\n", "utf-8")
        with pytest.raises(SettingsError) as caught:
            load_trakt({}, environ={}, file=toml, account="ada-2")
        said = "\n".join(caught.value.problems)
        assert f"IMPORTER_ACCOUNTS_ADA_2_CLIENT_ID or client_id in [accounts.ada-2] of {toml}" in said
        assert "insecure_http = true in [accounts.ada-2]" in said
        assert "client_idd in [accounts.ada-2]" in said

    def test_an_unknown_one_is_not_made_up(self, toml: Path) -> None:
        toml.write_text(f"[trakt]\n{APP}", "utf-8")
        with pytest.raises(SettingsError, match=r"There is no \[accounts.bob\]"):
            load_trakt({}, environ={}, file=toml, account="bob")

    def test_it_may_be_of_the_original_api(self, toml: Path) -> None:
        toml.write_text(
            '[accounts.old]\nbase_url = "https://example.org"\napi_key = "k"\n'
            'username = "u"\npassword = "p"\n'
        )
        assert load_trakt_v1({}, environ={}, file=toml, account="old").username == "u"

    def test_two_people_may_sign_in_to_one_app(self, toml: Path, tmp_path: Path) -> None:
        toml.write_text(f"[trakt]\n{APP}[accounts.a]\n{APP}[accounts.b]\n{APP}", "utf-8")
        accounts = [settings_of.load(TRAKT, {}, {}, toml, account=name) for name in ("", "a", "b")]
        stores = [open_token_store(each.settings, tmp_path, each.account) for each in accounts]
        assert len({store._file for store in stores}) == 3


class TestPapers:
    def test_the_table_of_keys_is_what_a_job_may_hold(self) -> None:
        table = read_table("docs/settings.md", "key in `[jobs.NAME]`")
        assert sorted(row[0] for row in table) == sorted(list_keys(SyncJob))
        for key, told, *_ in table:
            usual = {"to": SyncJob(source="x").spec.word, "api": Api.V2}
            default = usual.get(key, list_keys(SyncJob)[key].default)
            if isinstance(default, bool | int) or key in {"to", "format", "api"}:
                assert told == str(default).lower(), key

    @pytest.mark.parametrize("paper", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.stem)
    def test_every_example_of_jobs_can_be_read(self, toml: Path, paper: Path) -> None:
        for block in re.findall(r"```toml\n(.*?)```", paper.read_text("utf-8"), re.DOTALL):
            assert load(toml, block) or "[jobs" not in block


class TestTimes:
    @pytest.mark.parametrize(
        ("text", "seconds"),
        [("6h", 21_600), ("90m", 5_400), ("1d12h", 129_600), ("45s", 45), (" 1H ", 3_600)],
    )
    def test_lengths(self, text: str, seconds: float) -> None:
        assert parse_duration(text) == seconds

    @pytest.mark.parametrize("text", ["", "6", "h", "0h", "6h6h", "-1h", "1.5h", "4000d"])
    def test_no_lengths(self, text: str) -> None:
        with pytest.raises(ValueError, match="no length of time"):
            parse_duration(text)

    @pytest.mark.parametrize(
        ("line", "first"),
        [
            ("0 3 * * *", "2026-11-23 03:00"),  # a Monday
            ("*/20 * * * *", "2026-11-23 00:00"),
            ("15 4 * * 0", "2026-11-29 04:15"),
            ("15 4 * * 7", "2026-11-29 04:15"),
            ("15 4 * * sun", "2026-11-29 04:15"),
            ("15 4 * * 1-5", "2026-11-23 04:15"),
            ("15 4 * * 5-7/2", "2026-11-27 04:15"),
            ("15 4 * * */6", "2026-11-28 04:15"),
            ("0 0 1 1 *", "2027-01-01 00:00"),
        ],
    )
    def test_a_crontab_line_counts_days_from_sunday(self, line: str, first: str) -> None:
        assert parse_cron(line).next_at(datetime.fromisoformat("2026-11-23")) == datetime.fromisoformat(first)

    @pytest.mark.parametrize(
        "line", ["0 3 * *", "99 3 * * *", "0 3 31 2 *", "0 3 1 * 1", "0 3 * * 8", "0 3 * * 5-1", "a b c d *"]
    )
    def test_no_crontab_lines(self, line: str) -> None:
        with pytest.raises(ValueError, match=re_escape(line)):
            parse_cron(line)


def re_escape(text: str) -> str:
    return text.replace("*", r"\*")


class TestSignIn:
    def test_an_error_says_which_account_must_sign_in_and_where(self) -> None:
        error = AuthorizationError("Not signed in", Remedy.SIGN_IN)
        for _ in range(2):  # by whoever comes first
            job_of(source="a.csv", account="ada").name_account(error)
        assert (error.account, error.destination) == ("ada", "trakt")
        assert error.message == "account ada: Not signed in"

    def test_the_only_account_needs_no_name(self) -> None:
        error = AuthorizationError("Not signed in", Remedy.SIGN_IN)
        job_of(source="a.csv").name_account(error)
        job_of(source="a.csv").name_account(None)
        assert (error.account, error.message) == ("", "Not signed in")
