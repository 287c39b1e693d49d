"""When the account's ratings last changed (`GET /sync/last_activities`), so that they need not be read."""

from collections.abc import Mapping

from importer.destinations.answer_body import parse_object
from importer.destinations.base import Answer, Retry, Stop
from importer.destinations.trakt_account import Refused, build_headers, judge_trouble
from importer.destinations.trakt_oauth import SIGN_IN_AGAIN
from importer.errors import AuthorizationError
from importer.wire import Request, Response

GROUPS = ("movies", "shows", "seasons", "episodes")
"""The groups that have a `rated_at` (API contracts: lastActivitiesResponseSchema)."""

Activities = Mapping[str, str]
"""When ratings of each kind last changed, as the server words it. Equal to an earlier answer: no change."""


def build_activities(base_url: str, client_id: str, access_token: str) -> Request:
    """Ask when anything last changed: one small answer, whatever the account holds."""
    headers = build_headers(client_id, access_token)
    return Request("GET", f"{base_url}/sync/last_activities", "GET sync/last_activities", headers=headers)


def read_activities(answer: Answer) -> Activities | Retry | Stop | Refused:
    """Read the moments of the ratings; none of them where the answer does not have them all.

    A 401 is `Refused`, for renewing the token may help.
    """
    if isinstance(answer, Response):
        if answer.status == 200:
            return _parse(answer.body)
        if answer.status == 401:
            return Refused(AuthorizationError(f"Trakt does not accept the sign-in (401). {SIGN_IN_AGAIN}"))
        if answer.status in {404, 405, 410, 501}:
            return {}
    return judge_trouble(answer, tries=3)


def _parse(body: bytes) -> Activities:
    """Half an answer cannot prove that nothing changed. Who never rated a kind may have null there."""
    groups = parse_object(body)
    found = {name: group for name in GROUPS if isinstance(group := groups.get(name), dict)}
    moments = {name: group["rated_at"] for name, group in found.items() if "rated_at" in group}
    if len(moments) < len(GROUPS) or not all(map(_is_moment, moments.values())):
        return {}
    return {name: moment or "" for name, moment in moments.items()}


def _is_moment(value: object) -> bool:
    return value is None or (isinstance(value, str) and len(value) < 40)
