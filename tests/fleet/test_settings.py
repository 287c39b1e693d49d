"""`[fleet]` and `[fleet.defaults]`: checked as all settings are, each problem with its place."""

from dataclasses import fields
from pathlib import Path

import pytest

from importer.client.rate import parse_rate
from importer.errors import SettingsError
from importer.fleet.settings import FleetSettings, load_fleet
from importer.sync.jobs_file import load_jobs
from tests.test_docs import read_table


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def load(toml: Path, text: str, environ: dict[str, str] | None = None) -> FleetSettings:
    toml.write_text(text, "utf-8")
    return load_fleet(environ or {}, toml)


def test_nothing_needs_to_be_set(toml: Path) -> None:
    fleet = load(toml, "")
    assert not fleet.depot
    assert (fleet.scheduler, fleet.threads, fleet.rate, fleet.lease) == ("", 32, None, 30.0)
    assert (fleet.every, fleet.defaults) == ("1d", None)


def test_every_key_is_read(toml: Path) -> None:
    fleet = load(
        toml,
        '[fleet]\ndepot = "postgresql://fleet:pw@db/fleet"\nscheduler = "tls://scheduler:8786"\n'
        'tls_ca = "ca.pem"\ntls_cert = "own.pem"\ntls_key = "own.key"\nthreads = 8\nrate = "300/s"\n'
        'lease = "1m"\nevery = "6h"\n[fleet.defaults]\nto = "simkl"\nguard = 10\n',
        {"IMPORTER_FLEET_THREADS": "16"},
    )
    assert fleet.depot.reveal() == "postgresql://fleet:pw@db/fleet"
    assert "pw" not in repr(fleet)
    assert (fleet.scheduler, fleet.tls_ca) == ("tls://scheduler:8786", "ca.pem")
    assert (fleet.threads, fleet.rate, fleet.lease, fleet.every) == (16, parse_rate("300/s"), 60.0, "6h")
    assert fleet.defaults == {"to": "simkl", "guard": 10}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('depot = "mysql://db"', "depot in [fleet] of {file} must be an address such as postgresql://"),
        ('scheduler = "scheduler:8786"', "must be an address such as tls://scheduler:8786."),
        ('scheduler = "tls://scheduler"', "must be an address such as tls://scheduler:8786."),
        ('scheduler = "tcp://10.0.0.1:8786"', "whoever reaches such a port can run programs there"),
        ("threads = 0", "threads in [fleet] of {file} must be a whole number from 1 to 256."),
        ("threads = true", "must be a whole number from 1 to 256."),
        ('rate = "many"', "rate in [fleet] of {file}: 'many': write it as N/PERIOD"),
        ('lease = "2s"', "lease in [fleet] of {file} must be 5s or more."),
        ('every = "soon"', "every in [fleet] of {file}: 'soon' is no length of time"),
        ('tls_ca = "ca.pem"', "tls_ca in [fleet] of {file} stands alone: set "),
        ("treads = 4", "treads in [fleet] of {file} is unknown; did you mean threads?"),
        ("defaults = 3", "must be a section: [fleet.defaults]"),
        ('[fleet.defaults]\nto = "trakd"', "to in defaults in [fleet] of {file}: 'trakd' is no destination"),
        ('[fleet.defaults]\nguard = "x"', "guard in defaults in [fleet] of {file} must be a whole number."),
        (
            '[fleet.defaults]\nsource = "x.csv"',
            "source in defaults in [fleet] of {file} is each account's own",
        ),
        ('[fleet.defaults]\nevery = "1d"', "every in defaults in [fleet] of {file} is a key of [fleet]."),
    ],
)
def test_a_wrong_key_is_told_with_its_place(toml: Path, line: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(toml, f"[fleet]\n{line}\n")
    assert said.format(file=toml) in str(caught.value)
    assert "mysql" not in str(caught.value)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:8786", "tcp://localhost:8786", "tls://10.0.0.1:8786"])
def test_a_port_that_others_cannot_misuse_is_taken(toml: Path, address: str) -> None:
    assert load(toml, f'[fleet]\nscheduler = "{address}"\n').scheduler == address


def test_sync_jobs_do_not_mind_a_fleet(toml: Path) -> None:
    toml.write_text('[fleet]\nthreads = 4\n[jobs.a]\nsource = "a.csv"\n')
    assert list(load_jobs({}, toml)) == ["a"]


def test_the_docs_have_a_row_for_every_key() -> None:
    rows = read_table("docs/settings.md", "key in `[fleet]`")
    assert [row[0] for row in rows] == [
        each.name for each in fields(FleetSettings) if each.name != "defaults"
    ]
    assert all(variable == f"IMPORTER_FLEET_{key.upper()}" for key, variable, _ in rows)
