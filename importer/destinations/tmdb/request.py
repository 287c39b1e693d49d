"""Builds requests to TMDB: the token stands in a header; a key and a session stand in the address.

```text
token              Authorization: Bearer TOKEN      /3/movie/949/rating
token, session     Authorization: Bearer TOKEN      /3/movie/949/rating?session_id=...
key, session                                        /3/movie/949/rating?api_key=...&session_id=...
```

The label, which is what logs show, has none of them.
"""

from dataclasses import dataclass, field
from urllib.parse import urlencode

import orjson

from importer.destinations.tmdb.settings import TmdbSettings
from importer.http import Request

_JSON = {"Content-Type": "application/json;charset=utf-8"}


@dataclass(frozen=True, slots=True)
class TmdbAccess:
    """The host and the credentials of one account."""

    base_url: str
    token: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    session_id: str = field(default="", repr=False)

    @classmethod
    def of(cls, settings: TmdbSettings) -> "TmdbAccess":
        """Take them from the settings; with a token, a key is not sent."""
        token, key, session_id = (
            secret.reveal() for secret in (settings.bearer, settings.api_key, settings.session_id)
        )
        return cls(settings.base_url, token, "" if token else key, session_id)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that no message may show."""
        return tuple(filter(None, (self.token, self.api_key, self.session_id)))

    def build(
        self,
        method: str,
        path: str,
        label: str,
        content: object = None,
        *,
        as_user: bool = False,
        **query: str,
    ) -> Request:
        """Build a request to `/3` and the path; `as_user` sends the session, too."""
        if self.api_key:
            query["api_key"] = self.api_key
        if as_user and self.session_id:
            query["session_id"] = self.session_id
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        body = None if content is None else orjson.dumps(content)
        url = f"{self.base_url}/3{path}{'?' if query else ''}{urlencode(query)}"
        return Request(method, url, f"{method} {label}", body, headers | (_JSON if body else {}))
