"""The methods of Trakt's API of today.

    POST /oauth/device/code, /oauth/device/token, /oauth/token, /oauth/revoke     sign-in   oauth.py
    GET, POST /activate                                          the page for the user      activate.py
    POST /sync/ratings, /sync/ratings/remove                                   writing      ratings.py
    GET  /sync/ratings/{type}/{rating}, /users/me/ratings/..., /sync/last_activities
                                                                               reading      ratings.py
    GET  /search/..., /users/settings                                         look-ups      lookup.py

All of them pass `gate.py` first: headers, token, rate limit.
"""

from collections.abc import Callable

from importer.sandbox.exchange import Answer, Call, Route, Target
from importer.sandbox.shared import Shared
from importer.sandbox.trakt.devices import Devices
from importer.sandbox.trakt.gate import Gate, Limits, UserMethod, checks_content
from importer.sandbox.trakt.lookup import Lookup
from importer.sandbox.trakt.oauth import OAuth
from importer.sandbox.trakt.options import TraktOptions
from importer.sandbox.trakt.ratings import Ratings
from importer.sandbox.trakt.tokens import Tokens


def build_routes(options: TraktOptions, shared: Shared) -> list[Route]:
    """Every method of this API."""
    tokens = Tokens(shared.store, options.token_life_seconds, shared.clock)
    limits = Limits(options, shared.clock)
    gate = Gate(options.client_id, approved=options.approved, tokens=tokens, limits=limits)
    devices = Devices(
        shared.store,
        shared.clock,
        life_seconds=options.device_life_seconds,
        interval_seconds=options.device_interval,
        auto_approve=options.auto_approve,
    )
    oauth = OAuth(options, tokens, devices)
    ratings = Ratings(shared, options)
    return [
        *_oauth_routes(gate, oauth),
        *_rating_routes(gate, ratings),
        *_lookup_routes(gate, Lookup(shared.catalogue, options)),
    ]


def _oauth_routes(gate: Gate, oauth: OAuth) -> list[Route]:
    methods = [
        ("oauth/device/code", oauth.new_device_code, None),
        ("oauth/device/token", oauth.poll_device, Target.TOKEN),
        ("oauth/token", oauth.exchange, Target.TOKEN),
        ("oauth/revoke", oauth.revoke, None),
    ]
    return [
        Route("GET", "/activate", "activate", oauth.show_page),
        Route("GET", "/activate/{code}", "activate", oauth.show_page),
        Route("POST", "/activate", "activate", oauth.decide),
        *(
            Route("POST", f"/{label}", label, gate.for_sign_in(oauth.with_body(method)), target)
            for label, method, target in methods
        ),
    ]


def _rating_routes(gate: Gate, ratings: Ratings) -> list[Route]:
    def writing(label: str, method: UserMethod) -> Route:
        answer = gate.for_user(checks_content(method))
        return Route("POST", f"/{label}", label, answer, Target.RATE, limit=gate.pace_writing)

    def reading(label: str, end: str, method: UserMethod) -> Route:
        answer = gate.for_user(method)
        return Route("GET", f"/{label}{end}", label, answer, Target.READ, limit=gate.pace_reading)

    activities = gate.for_user(ratings.last_activities)
    label = "sync/last_activities"
    ends = ("/{type}", "/{type}/{rating}")
    return [
        writing("sync/ratings", ratings.add),
        writing("sync/ratings/remove", ratings.remove),
        *(reading("sync/ratings", end, ratings.read_synced) for end in ("", *ends)),
        *(reading("users/me/ratings", end, ratings.read) for end in ends),
        Route("GET", f"/{label}", label, activities, limit=gate.pace_reading),
    ]


def _lookup_routes(gate: Gate, lookup: Lookup) -> list[Route]:
    def searching(path: str, label: str, method: Callable[[Call], Answer]) -> Route:
        return Route("GET", path, label, gate.for_app(method), Target.SEARCH, limit=gate.pace_reading)

    settings = gate.for_user(lookup.settings)
    return [
        searching("/search/{type}/exact", "search/exact", lookup.find_exactly),
        searching("/search/{id_type}/{id}", "search/id", lookup.find_by_id),
        searching("/search/{type}", "search/query", lookup.find_by_words),
        Route("GET", "/users/settings", "users/settings", settings, Target.PROBE, limit=gate.pace_reading),
    ]
