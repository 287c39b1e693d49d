"""From the settings of a fleet to its depot, and to what opens the secrets in it."""

from collections.abc import Collection, Iterator

from importer.config.folders import state_dir
from importer.errors import SettingsError
from importer.fleet.depot import Depot
from importer.fleet.folder_depot import FolderDepot
from importer.fleet.sealing import Sealer, has_key, open_sealer
from importer.parts import MissingPartError, is_there

_SCHEMES = ("postgresql://", "postgres://")


def open_depot(address: str = "") -> Depot:
    """Return the depot at this address, to be entered; without one, the state folder's.

    Raises SettingsError, StateFileError and MissingPartError.
    """
    if not address:
        return FolderDepot(state_dir() / "fleet")
    if not address.startswith(_SCHEMES):
        raise SettingsError(["depot in [fleet] must be an address such as postgresql://fleet@db/fleet."])
    if not is_there("fleet"):
        raise MissingPartError("fleet", "a depot in PostgreSQL")
    from importer.fleet.postgres_depot import PostgresDepot  # noqa: PLC0415 - an optional part

    return PostgresDepot(address)


def open_sealer_of(depot: Depot, renewed: Collection[str] | None = None) -> Sealer:
    """Return what seals secrets for a depot, checked to open what is sealed there.

    `renewed` are the accounts that get new secrets now: with these alone, also a new key is made. Raises
    KeyLostError and what else `open_sealer` raises.
    """
    has_sealed = any(name not in (renewed or ()) for name, _ in _list_sealed(depot))
    sealer = open_sealer(depot.folder, has_sealed=has_sealed)
    if renewed is None:
        sealer.check(_list_sealed(depot))
    return sealer


def find_key_problem(depot: Depot) -> str:
    """Say why no secrets can be opened with the key of this process; empty if they can, or it needs none."""
    if not has_key(depot.folder) or not depot.sealed(limit=1) or not is_there("fleet"):
        return ""
    try:
        open_sealer_of(depot)
    except SettingsError as error:
        return str(error)
    return ""


def _list_sealed(depot: Depot) -> Iterator[tuple[str, bytes]]:
    after = ""
    while found := depot.sealed(after=after):
        yield from found
        after = found[-1][0]
