"""What the user decided, and where: folders, and a destination's settings from flags, environment and TOML.

Flags win over the environment, the environment over the file; secrets never come from flags. All problems
are told at once, each with the place it came from or could be put, and none with the value of a secret.
Choosing the destination and printing problems and warnings is left to the command line.

pydantic-settings merges the sources and checks types. Its errors hold what was put in, so none ever leaves
this module, not even as the cause of ours.
"""

import hashlib
import ipaddress
import os
import re
import stat
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, NoReturn
from urllib.parse import urlsplit

from platformdirs import user_config_path, user_state_path
from pydantic import Field, StringConstraints, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from importer.errors import SettingsError

APP = "rating-importer"


class Secret:
    """A text that shows itself only when asked by name: masked in every print, log and traceback."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Give the text itself; only what builds a request should ask for it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not written down: neither pickled nor copied")


@dataclass(frozen=True, slots=True)
class TraktV1Settings:
    """How to reach a server that speaks Trakt's original API. `warnings` are for the user to read."""

    base_url: str
    api_key: Secret
    username: str
    password_sha1: Secret
    insecure_http: bool = False
    warnings: tuple[str, ...] = ()


def config_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Say where the TOML file is looked for: `IMPORTER_CONFIG_FILE`, or the platform's config folder."""
    named = environ.get("IMPORTER_CONFIG_FILE")
    if named:
        return Path(named).expanduser()
    return user_config_path(APP, appauthor=False) / "config.toml"


def state_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Give the folder of journals and other state, created for its owner only where it does not exist."""
    named = environ.get("IMPORTER_STATE_DIR")
    folder = Path(named).expanduser() if named else user_state_path(APP, appauthor=False)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        problem = f"The state folder {folder} cannot be made ({error.strerror})."
        raise SettingsError([f"{problem} Name another with IMPORTER_STATE_DIR."]) from error
    return folder


def load_trakt_v1(
    flags: Mapping[str, object], *, environ: Mapping[str, str] = os.environ, file: Path | None = None
) -> TraktV1Settings:
    """Gather the settings of `trakt-v1`; `flags` may hold `base_url` and `insecure_http`.

    Blank variables and flags that are None or False count as not given. Raises SettingsError.
    """
    path = file or config_file(environ)
    is_named = file is not None or bool(environ.get("IMPORTER_CONFIG_FILE"))
    tables, problems = _read_tables(path, is_named=is_named)
    sources = _Sources(_given(flags), _given(environ), _given((tables or {}).get(_TRAKT_V1, {})), path)
    if tables is not None:  # what seems missing may well stand in a file that cannot be read
        problems += _missing(sources)
    fields, wrong = _merge(sources)
    if fields is None or problems:
        raise SettingsError(problems + wrong)
    return TraktV1Settings(
        base_url=fields.base_url,
        api_key=Secret(fields.api_key),
        username=fields.username,
        password_sha1=Secret(fields.password_sha1 or _sha1(fields.password)),
        insecure_http=fields.insecure_http,
        warnings=tuple(_warnings(sources)),
    )


_TRAKT_V1 = "trakt-v1"
_TEXT = Annotated[str, StringConstraints(strip_whitespace=True)]


class _TraktV1(BaseSettings):
    """Merges and checks what is given. The order of the fields counts: a check sees those above its own."""

    model_config = SettingsConfigDict(
        env_prefix="IMPORTER_TRAKT_V1_", extra="ignore", hide_input_in_errors=True, validate_default=False
    )

    insecure_http: bool = False
    base_url: _TEXT = ""
    api_key: _TEXT = Field("", repr=False)
    username: _TEXT = ""
    password: str = Field("", repr=False)
    password_sha1: _TEXT = Field("", repr=False)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the sources handed over, the strongest first, and not this process's own environment."""
        sources: _Sources = init_settings()["sources"]
        environment = EnvSettingsSource(settings_cls)
        # The library matches lower-cased names; ours are upper case and nothing else, on every platform.
        environment.env_vars = {
            name.lower(): text for name, text in sources.environ.items() if name.isupper()
        }
        return (
            InitSettingsSource(settings_cls, sources.flags),
            environment,
            InitSettingsSource(settings_cls, sources.table),
        )

    @field_validator("base_url")
    @classmethod
    def _check_url(cls, value: str, info: ValidationInfo) -> str:
        problems = list(_url_problems(value, insecure_http=info.data.get("insecure_http", True)))
        if problems:
            raise ValueError("\n".join(problems))
        return value.rstrip("/")

    @field_validator("password_sha1")
    @classmethod
    def _check_sha1(cls, value: str, info: ValidationInfo) -> str:
        if not re.fullmatch("[0-9a-fA-F]{40}", value):
            raise ValueError("{place} is no SHA-1: that has 40 hexadecimal digits.")
        password = info.data.get("password")
        if password and _sha1(password) != value.lower():
            raise ValueError("{place} is not the SHA-1 of {password}; keep the right one of the two.")
        return value.lower()


_KEYS = {_TRAKT_V1: tuple(_TraktV1.model_fields)}
"""The sections of the TOML file and the keys of each."""


@dataclass(frozen=True, slots=True, repr=False)
class _Sources:
    """What each source holds, the strongest first, and how to name a place in it."""

    flags: dict[str, Any]
    environ: dict[str, Any]
    table: dict[str, Any]
    file: Path

    def place(self, field: str) -> str:
        """Name the place that the value of `field` is taken from; empty when no source has one."""
        flag, variable, key = self._places(field)
        if field in self.flags:
            return flag
        if variable in self.environ:
            return variable
        return key if field in self.table else ""

    def choices(self, field: str) -> str:
        """Name the places where a value for `field` could be put."""
        flag, variable, key = self._places(field)
        return f"{flag}, {variable} or {key}" if field == "base_url" else f"{variable} or {key}"

    def _places(self, field: str) -> tuple[str, str, str]:
        return (
            "--" + field.replace("_", "-"),
            f"{_TraktV1.model_config['env_prefix']}{field.upper()}",
            f"{field} in [{_TRAKT_V1}] of {self.file}",
        )


def _given(source: Mapping[str, Any]) -> dict[str, Any]:
    def is_given(value: object) -> bool:
        return bool(value.strip()) if isinstance(value, str) else value is not None and value is not False

    return {name: value for name, value in source.items() if is_given(value)}


def _missing(sources: _Sources) -> Iterator[str]:
    if not sources.place("base_url"):
        yield (
            "No server is named. Trakt has retired its original (v1) API, so name a compatible server: "
            f"set {sources.choices('base_url')}. To try things out, start your own with `importer sandbox`."
        )
    if not sources.place("api_key"):
        yield f"The API key is missing: set {sources.choices('api_key')}."
    if not sources.place("username"):
        yield f"The user name is missing: set {sources.choices('username')}."
    if not sources.place("password") and not sources.place("password_sha1"):
        yield (
            f"The password is missing: set {sources.choices('password')}. "
            "Its SHA-1 does as well, under the name password_sha1."
        )


_WRONG_TYPES = {"string_type": "{place} must be a text in quotes."} | dict.fromkeys(
    ("bool_type", "bool_parsing"), "{place} must be true or false."
)


def _merge(sources: _Sources) -> tuple[_TraktV1 | None, list[str]]:
    try:
        return _TraktV1(sources=sources), []  # type: ignore[call-arg]
    except ValidationError as error:
        problems = []
        for details in error.errors(include_input=False, include_url=False):
            cause = details.get("ctx", {}).get("error")
            template = (
                str(cause) if cause else _WRONG_TYPES.get(details["type"], "{place}: " + details["msg"])
            )
            place = sources.place(str(details["loc"][0]))
            sentence = template.replace("{place}", place).replace("{password}", sources.place("password"))
            problems += sentence.splitlines()
        return None, problems


def _sha1(password: str) -> str:
    # The API asks for SHA-1. A variable need not be UTF-8, and the server hashes bytes.
    return hashlib.sha1(password.encode("utf-8", "surrogateescape")).hexdigest()  # noqa: S324


def _url_problems(url: str, *, insecure_http: bool) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_address = parts.scheme in {"http", "https"} and bool(host) and (parts.port or 1) > 0
    except ValueError:
        is_address = False
    if not is_address or not url.isprintable() or " " in url:
        yield "{place} is no web address; it should look like https://ratings.example.org."
        return
    if "@" in parts.netloc:
        yield "{place} must not hold a user name or a password: these are settings of their own."
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        yield "{place} must end with its path, without ? and # and what follows them."
    if f".{host.rstrip('.')}".endswith(".trakt.tv"):
        yield (
            f"{{place}} names {host}, which no longer speaks Trakt's original (v1) API: your password hash "
            "would be sent for nothing. Name a server that is compatible with that API."
        )
    elif parts.scheme == "http" and not insecure_http and not _is_loopback(host):
        yield (
            f"{{place}} is plain http: the API key and the password hash would travel in clear to {host}. "
            f"Use https, or accept it with --insecure-http (or insecure_http = true in [{_TRAKT_V1}])."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read_tables(file: Path, *, is_named: bool) -> tuple[dict[str, Any] | None, list[str]]:
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        problem = f"The settings file {file} does not exist, although it was asked for by name."
        return (None, [problem]) if is_named else ({}, [])
    except OSError as error:
        return None, [f"The settings file {file} cannot be read ({error.strerror})."]
    except UnicodeDecodeError:
        return None, [f"The settings file {file} is not UTF-8 text."]
    except tomllib.TOMLDecodeError as error:
        return None, [f"The settings file {file} is not valid TOML: {error}."]
    return _sections(file, tables)


def _sections(file: Path, tables: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    sections: dict[str, Any] = {}
    problems = []
    for name, table in tables.items():
        if name not in _KEYS:
            section = f"[{name}]" if isinstance(table, dict) else name
            problems.append(f"{section} in {file} is unknown{_did_you_mean(name, _KEYS)}.")
        elif not isinstance(table, dict):
            problems.append(f"{name} in {file} must be a section: [{name}] on a line of its own.")
        else:
            sections[name] = table
            problems += [
                f"{key} in [{name}] of {file} is unknown{_did_you_mean(key, _KEYS[name])}."
                for key in table
                if key not in _KEYS[name]
            ]
    return sections, problems


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; it can be {' or '.join(known)}"


_SECRETS = ("api_key", "password", "password_sha1")


def _warnings(sources: _Sources) -> Iterator[str]:
    if os.name != "posix" or not any(key in sources.table for key in _SECRETS):
        return
    if sources.file.stat().st_mode & stat.S_IROTH:
        file = sources.file
        yield f"{file} holds secrets and every user of this machine can read it: chmod 600 '{file}'"
