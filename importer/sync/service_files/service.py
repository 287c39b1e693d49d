"""The service that a scheduler runs: the program, its arguments, its user and its folders."""

import getpass
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from importer.config.folders import config_file, state_dir
from importer.errors import UsageError
from importer.sync.config import SyncJob
from importer.sync.service_files.schedule import ServiceSchedule

EXIT_CODES = "0 every row succeeded, 1 some did not, 2 settings or file must change, 3 stopped early"

NO_DESKTOP = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
"""A service has no desktop session, and so no keyring: the tokens are those in the state folder."""


@dataclass(frozen=True, slots=True)
class Service:
    """The command, user, schedule and folders of a service. All paths are absolute."""

    name: str
    program: Sequence[str]
    arguments: Sequence[str]
    user: str
    schedule: ServiceSchedule
    environment: Mapping[str, str]
    state_folder: Path
    readable: Sequence[Path] = ()
    """Folders that it reads: of the settings file, the sources and the match files."""
    writable: Sequence[Path] = ()
    """Folders that it writes besides the state folder: of the results."""
    sign_ins: Sequence[str] = ()
    """The sign-ins to do once, such as `login trakt --account ada`."""

    @property
    def command(self) -> list[str]:
        """The program and its arguments."""
        return [*self.program, *self.arguments]

    @property
    def places(self) -> list[Path]:
        """All that it uses: its program and its folders."""
        return [Path(self.program[0]), self.state_folder, *self.readable, *self.writable]

    @property
    def log(self) -> Path:
        """The file for its output where the system keeps no log of it."""
        return self.state_folder / f"{self.name}.log"

    @property
    def missing_folders(self) -> list[Path]:
        """The folders for results that do not exist yet, without which runs fail."""
        return [folder for folder in dict.fromkeys(self.writable) if not folder.is_dir()]


def build_service(name: str | None, jobs: Mapping[str, SyncJob], schedule: ServiceSchedule) -> Service:
    """Describe the service that runs these jobs on this machine; `name` is set if it is one job.

    Raises UsageError for a path that a scheduler's file cannot contain.
    """
    settings, state = config_file().absolute(), state_dir().absolute()
    service = Service(
        # With an @ it would be the name of a template.
        name=f"rating-importer-{name.replace('@', '-')}" if name else "rating-importer",
        program=_find_program(),
        arguments=["sync", *([name, "--scheduled"] if name else []), "--log-format", "json"],
        user=_find_user(),
        schedule=schedule,
        environment={"IMPORTER_CONFIG_FILE": str(settings), "IMPORTER_STATE_DIR": str(state)},
        state_folder=state,
        readable=[
            settings.parent,
            *(_folder_of(job.source) for job in jobs.values() if job.is_from_file),
            *(job.files.resolved.parent for job in jobs.values() if job.files.resolved is not None),
        ],
        writable=[path.parent for job in jobs.values() for path in job.written.values() if path is not None],
        sign_ins=list(dict.fromkeys(_sign_ins(jobs.values()))),
    )
    places = map(str, service.places)
    texts = (*service.command, *service.environment.values(), *places, *service.sign_ins, service.user)
    # A line of a unit goes on after a backslash at its end.
    odd = [text for text in texts if not text.isprintable() or (os.name == "posix" and text.endswith("\\"))]
    if odd:
        raise UsageError(f"{odd[0]!r} cannot stand in such a file; rename it")
    return service


def build_sign_in_comments(service: Service, program: str = "importer") -> str:
    """Build one comment line for each sign-in that the jobs need; empty if they need none."""
    settings = " ".join(f"{key}={value}" for key, value in NO_DESKTOP.items())
    return "".join(f"# Sign in once with {settings} {program} {words}\n" for words in service.sign_ins)


def build_xml_comments(*comments: str) -> str:
    """Build XML comments; two hyphens are not allowed in one, so they are separated."""
    return "\n".join(f"<!-- {comment.replace('--', '- -')} -->" for comment in comments)


def _sign_ins(jobs: Iterable[SyncJob]) -> Iterable[str]:
    for job in jobs:
        for spec, account in ((job.spec, job.account), (job.origin.spec, job.origin.from_account)):
            if spec is not None and spec.has_login:
                yield f"login {spec.word}{f' --account {account}' if account else ''}"


def _find_user() -> str:
    """Find the name of the user. The environment may hold any other."""
    if os.name != "posix":
        return getpass.getuser()
    import pwd  # noqa: PLC0415 - Windows has none

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container's user need not have a name; systemd takes the number
        return str(os.geteuid())


def _find_program() -> list[str]:
    """Find this program. Links are not resolved: a virtual environment is found through its link."""
    program = shutil.which(sys.argv[0]) or sys.argv[0]
    if Path(program).name == "__main__.py":
        # -P: a typer.py in the folder that the scheduler starts it in must not run.
        return [sys.executable, "-P", "-m", "importer"]
    return [str(Path(program).absolute())]


def _folder_of(source: str) -> Path:
    """Return the folder of a file, or of all files that a pattern matches."""
    return next(path for path in Path(source).parents if not set("*?[") & set(str(path)))
