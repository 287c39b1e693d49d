"""From the settings of a fleet to its depot, and to what opens the secrets in it."""

from importer.config.folders import state_dir
from importer.errors import SettingsError
from importer.fleet.depot import Depot
from importer.fleet.folder_depot import FolderDepot
from importer.fleet.sealing import Sealer, open_sealer
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


def open_sealer_of(depot: Depot) -> Sealer:
    """Return what seals secrets for a depot. Raises what `open_sealer` raises."""
    return open_sealer(depot.folder)
