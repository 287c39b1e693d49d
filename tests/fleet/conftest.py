"""Depots for tests: one in a folder, one in a database of its own."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.fleet.postgres import Cluster, cluster
from tests.fleet.site import Site, _no_settings, running_site  # noqa: F401 - a fixture

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    with cluster() as started:
        yield started


@pytest.fixture
def new_database(postgres: Cluster) -> Callable[[], str]:
    """Make an empty database, and return its address."""
    import psycopg  # noqa: PLC0415 - an optional part

    def make() -> str:
        name = f"fleet_{next(_numbers)}"
        with psycopg.connect(postgres.address(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return postgres.address(name)

    return make


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, _no_settings: None) -> Iterator[Site]:  # noqa: F811 - the fixture
    """A server of many users, whose settings this process has."""
    with running_site() as site:
        for name, text in site.settings.items():
            monkeypatch.setenv(name, text)
        yield site
