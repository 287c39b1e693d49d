"""The methods of Trakt's original API.

    POST /rate/movie/{apikey}     {"username", "password", "imdb_id", "rating"}      one rating, may be posted
    POST /rate/movies/{apikey}    {"username", "password", "movies": [...]}          many, never posted
    GET  /user/ratings/movies.json/{apikey}/{username}                               reading back

Protocol facts name their API page. Where the real server's behaviour is unknown, the docstring says that
the sandbox chose.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from importer.sandbox.catalogue import Catalogue, Kind, Title
from importer.sandbox.exchange import (
    Answer,
    Call,
    NotAnObjectError,
    Pace,
    Route,
    Target,
    build_json,
    read_object,
)
from importer.sandbox.quota import Quota, parse_quota
from importer.sandbox.shared import Shared
from importer.sandbox.store import Account, Store
from importer.sandbox.trakt_v1.input import (
    HATE,
    LOVE,
    UNRATE,
    Credentials,
    read_number,
    read_rating,
    read_user,
    read_wanted,
)
from importer.sandbox.trakt_v1.options import TraktV1Options
from importer.sandbox.trakt_v1.output import (
    LOWEST_LOVED,
    build_failure,
    build_too_many,
    listed,
    rated_body,
)

_MOVIE_IDS = ("imdb_id", "tmdb_id")
_SHOW_IDS = ("tvdb_id", "imdb_id")

_KINDS = (Kind.MOVIE, Kind.SHOW, Kind.EPISODE)
"""v1 rates no seasons (there is no such API page)."""

Body = Mapping[str, Any]
Method = Callable[[Call, Body], Answer]


def build_routes(options: TraktV1Options, shared: Shared) -> list[Route]:
    """Every method of this API."""
    shared.store.save_account(Account(options.username, options.rating_mode, options.social))
    credentials = Credentials(options.api_key, options.username, options.password)
    quota = parse_quota(options.rate) if options.rate else None
    return TraktV1(shared.store, shared.catalogue, credentials, quota).routes()


class TraktV1:
    """The methods over a store, a catalogue and one account."""

    def __init__(
        self, store: Store, catalogue: Catalogue, credentials: Credentials, quota: Quota | None = None
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._credentials = credentials
        self._quota = quota

    def routes(self) -> list[Route]:
        """Every method of this API."""
        return [*self._rating_routes(), *self._reading_routes(), *self._account_routes()]

    def _rating_routes(self) -> list[Route]:
        routes = []
        for kind in _KINDS:
            single, bulk = partial(self._rate_one, kind), partial(self._rate_many, kind)
            for label, method in ((f"rate/{kind}", single), (f"rate/{kind}s", bulk)):
                path = f"/{label}/{{apikey}}"
                # Only ratings count: as in today's API, writing and reading have budgets of their own.
                routes.append(
                    Route("POST", path, label, self._for_user(method), Target.RATE, limit=self._pace)
                )
        return routes

    def _pace(self, _call: Call, arrived: float) -> Pace:
        wait_seconds = self._quota.wait_seconds(arrived) if self._quota else 0
        return Pace(build_too_many(wait_seconds) if wait_seconds else None)

    def _reading_routes(self) -> list[Route]:
        routes = []
        for kind in _KINDS:
            label = f"user/ratings/{kind}s.json"
            answer = self._for_anyone(partial(self._user_ratings, kind))
            path = f"/{label}/{{apikey}}/{{username}}"
            routes += [
                Route(verb, path + end, label, answer, Target.READ)
                for verb in ("GET", "POST")
                for end in ("", "/{rating}")
            ]
        return routes

    def _account_routes(self) -> list[Route]:
        test, settings = self._for_user(self._account_test), self._for_user(self._account_settings)
        now = self._for_anyone(self._server_time)
        return [
            Route("POST", "/account/test/{apikey}", "account/test", test, Target.PROBE),
            Route("POST", "/account/settings/{apikey}", "account/settings", settings),
            Route("GET", "/server/time.json/{apikey}", "server/time.json", now),
        ]

    def _for_user(self, method: Method) -> Callable[[Call], Answer]:
        return partial(self._admit, method, needs_user=True)

    def _for_anyone(self, method: Method) -> Callable[[Call], Answer]:
        return partial(self._admit, method, needs_user=False)

    def _admit(self, method: Method, call: Call, *, needs_user: bool) -> Answer:
        """Check key and user, then do the work (refusals: API page errors).

        Credentials that are sent must be right, also where none are needed.
        """
        if not self._credentials.accept_key(call.params["apikey"]):
            return build_failure(401, "invalid API key")
        try:
            body = read_object(call)
        except NotAnObjectError as error:
            return build_failure(400, str(error))  # no API page says what follows: the sandbox's choice
        user = read_user(call, body)
        if needs_user if user is None else not self._credentials.accept_user(*user):
            return build_failure(401, "failed authentication")
        return method(call, body)

    def _rate_one(self, kind: Kind, _call: Call, body: Body) -> Answer:
        """`rate/movie`, `rate/show`, `rate/episode` (API pages rate-movie, rate-show).

        An unknown title gets 404 and an impossible rating 400, both with a JSON failure: the sandbox's own
        choice, the real status and text are unknown.
        """
        rating = read_rating(body.get("rating"))
        if rating is None:
            return build_failure(400, "invalid rating")
        title = self._find(kind, body)
        if title is None:
            return build_failure(404, f"{kind} not found")
        account = self._account()
        # A removed rating is not posted: the sandbox's own choice.
        posted = account.social if rating != UNRATE else ()
        with self._store.changes():
            self._put(title, rating)
            for network in posted:
                self._store.count_post(account.username, network)
        votes = self._store.votes(title)
        return build_json(200, rated_body(title, rating, body["rating"], votes, posted), rows=1)

    def _rate_many(self, kind: Kind, _call: Call, body: Body) -> Answer:
        """`rate/movies`, `rate/shows`, `rate/episodes` (API pages rate-movies, rate-episodes).

        Replaces ratings that stand, posts to no network, and only counts what it skipped: no list is known.
        That `rated` includes unchanged items is the sandbox's own choice, and so is the message.
        """
        items = body.get(f"{kind}s")
        if not isinstance(items, list):
            return build_failure(400, f"{kind}s is not a list")
        with self._store.changes():
            given = [self._rate_item(kind, item) for item in items]
        skipped, unrated = given.count(None), given.count(UNRATE)
        rated = len(given) - skipped - unrated
        message = f"{rated} {kind}s rated, {unrated} unrated, {skipped} skipped"
        counts = {"rated": rated, "unrated": unrated, "skipped": skipped}
        return build_json(200, {"status": "success", "message": message, **counts}, rows=len(items))

    def _rate_item(self, kind: Kind, item: object) -> int | None:
        """Rate one item of a bulk call and return its rating; None if the item was skipped."""
        if not isinstance(item, dict):
            return None
        rating, title = read_rating(item.get("rating")), self._find(kind, item)
        if rating is None or title is None:
            return None
        self._put(title, rating)
        return rating

    def _put(self, title: Title, rating: int) -> None:
        if rating == UNRATE:
            self._store.remove_rating(self._credentials.username, title)
        else:
            self._store.put_rating(self._credentials.username, title, rating)

    def _find(self, kind: Kind, item: Body) -> Title | None:
        """The title that an item means, by the documented order of ids.

        IMDb before TMDB before exact title and year for a movie (API page rate-movie); TVDB before IMDb for
        a show (API page rate-show); an episode by its show's ids, season and number (API page rate-episodes).
        """
        wanted = read_wanted(item)
        if kind is Kind.MOVIE:
            return self._catalogue.find(kind, wanted, _MOVIE_IDS)
        show = self._catalogue.find(Kind.SHOW, wanted, _SHOW_IDS)
        if kind is Kind.SHOW or show is None:
            return show
        season, episode = read_number(item.get("season")), read_number(item.get("episode"))
        if season is None or episode is None:
            return None
        return self._catalogue.find_episode(show, season, episode)

    def _account(self) -> Account:
        username = self._credentials.username
        return self._store.account(username) or Account(username)

    def _account_test(self, _call: Call, _body: Body) -> Answer:
        """`account/test`: success, in the words that script.trakt expected."""
        return build_json(200, {"status": "success", "message": "all good!"})

    def _account_settings(self, _call: Call, _body: Body) -> Answer:
        """`account/settings`: of the real answer's many fields those that matter to ratings."""
        account = self._account()
        settings = {
            "status": "success",
            "message": f"All settings for {account.username}",
            "profile": {"username": account.username},
            "viewing": {"ratings": {"mode": account.rating_mode}},
        }
        return build_json(200, settings)

    def _server_time(self, _call: Call, _body: Body) -> Answer:
        """`server/time.json`: Unix seconds. It needs the key but no user."""
        return build_json(200, {"timestamp": int(time.time())})

    def _user_ratings(self, kind: Kind, call: Call, _body: Body) -> Answer:
        """`user/ratings/{movies,shows,episodes}.json`: this user's ratings, all of them or one value.

        Profiles are public, so credentials may be left out; that is the sandbox's own choice, and so are
        the statuses of the failures.
        """
        username = call.params["username"]
        if self._store.account(username) is None:
            return build_failure(404, "user not found")
        chosen = _read_choice(call.params.get("rating", "all"))
        if not chosen:
            return build_failure(400, "invalid rating")
        items = [listed(it) for it in self._store.ratings(username, kind) if it.rating in chosen]
        return build_json(200, items, rows=len(items))


def _read_choice(text: str) -> range:
    """The ratings that the end of the path asks for: `all`, `love`, `hate` or a number; empty if wrong."""
    words = {
        "all": range(HATE, LOVE + 1),
        "love": range(LOWEST_LOVED, LOVE + 1),
        "hate": range(HATE, LOWEST_LOVED),
    }
    rating = read_number(text) or 0
    return words.get(text) or range(rating, rating + (HATE <= rating <= LOVE))
