"""The methods of Trakt's API of today.

    POST /oauth/device/code, /oauth/device/token, /oauth/token, /oauth/revoke     sign-in   oauth.py
    GET, POST /activate                                          the page for the user      activate.py
    POST /sync/ratings, /sync/ratings/remove                                   writing      ratings.py
    GET  /sync/ratings/{type}/{rating}, /sync/last_activities                  reading      ratings.py
    GET  /search/..., /users/settings                                         look-ups      lookup.py

All of them pass `gate.py` first: headers, token, rate limit.
"""

from collections.abc import Callable
from functools import partial

from importer.sandbox.catalogue import Catalogue
from importer.sandbox.exchange import Answer, Call, Route, Target
from importer.sandbox.shared import Shared
from importer.sandbox.trakt.devices import Devices
from importer.sandbox.trakt.gate import Gate, Limits, UserMethod, checks_content
from importer.sandbox.trakt.lookup import build_settings, find_by_id, find_by_words, find_exactly
from importer.sandbox.trakt.oauth import OAuth
from importer.sandbox.trakt.options import TraktOptions
from importer.sandbox.trakt.ratings import Ratings
from importer.sandbox.trakt.tokens import Tokens


def build_routes(options: TraktOptions, shared: Shared) -> list[Route]:
    """Every method of this API."""
    tokens = Tokens(shared.store, options.token_life_seconds, shared.clock)
    limits = Limits(options.post_rate, options.get_rate, shared.clock)
    gate = Gate(options.client_id, approved=options.approved, tokens=tokens, limits=limits)
    devices = Devices(
        shared.store,
        shared.clock,
        life_seconds=options.device_life_seconds,
        interval_seconds=options.device_interval,
        auto_approve=options.auto_approve,
    )
    oauth = OAuth(options.client_id, options.client_secret, options.username, tokens, devices)
    ratings = Ratings(shared, options)
    return [
        *_oauth_routes(gate, oauth),
        *_rating_routes(gate, ratings),
        *_lookup_routes(gate, shared.catalogue, options),
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

    def reading(end: str) -> Route:
        answer = gate.for_user(ratings.read)
        path, label = f"/sync/ratings{end}", "sync/ratings"
        return Route("GET", path, label, answer, Target.READ, limit=gate.pace_reading)

    activities = gate.for_user(ratings.last_activities)
    label = "sync/last_activities"
    return [
        writing("sync/ratings", ratings.add),
        writing("sync/ratings/remove", ratings.remove),
        *(reading(end) for end in ("", "/{type}", "/{type}/{rating}")),
        Route("GET", f"/{label}", label, activities, limit=gate.pace_reading),
    ]


def _lookup_routes(gate: Gate, catalogue: Catalogue, options: TraktOptions) -> list[Route]:
    def searching(path: str, label: str, method: Callable[[Catalogue, Call], Answer]) -> Route:
        answer = gate.for_app(partial(method, catalogue))
        return Route("GET", path, label, answer, Target.SEARCH, limit=gate.pace_reading)

    settings = gate.for_user(lambda _call, user: build_settings(user, vip=options.vip))
    find_words = partial(find_by_words, loose=options.loose_search)
    return [
        searching("/search/{type}/exact", "search/exact", find_exactly),
        searching("/search/{id_type}/{id}", "search/id", find_by_id),
        searching("/search/{type}", "search/query", find_words),
        Route("GET", "/users/settings", "users/settings", settings, Target.PROBE, limit=gate.pace_reading),
    ]
