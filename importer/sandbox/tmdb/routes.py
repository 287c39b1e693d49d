"""The methods of TMDB, below `/tmdb`: the other services have paths of the same names.

POST, DELETE /3/movie/{id}/rating, /3/tv/{id}/rating                          one title
POST, DELETE /3/tv/{id}/season/{season}/episode/{episode}/rating              one episode
GET /3/account/{id}/rated/{movies | tv | tv/episodes}                         20 a page
GET /3/account, /3/find/{id}, /3/{movie | tv}/{id}/account_states
GET /3/authentication/token/new; POST, DELETE /3/authentication/session...    sign-in
"""

from importer.sandbox.exchange import Route, Target
from importer.sandbox.shared import Shared
from importer.sandbox.titles import Kind
from importer.sandbox.tmdb.gate import Gate, Method
from importer.sandbox.tmdb.options import TmdbOptions
from importer.sandbox.tmdb.ratings import Ratings
from importer.sandbox.tmdb.sessions import Sessions
from importer.sandbox.tmdb.sign_in import SignIn
from importer.sandbox.tmdb.titles import Titles

PREFIX = "/tmdb"

_RATED = {
    Kind.MOVIE: ("movie/{id}", "movies"),
    Kind.SHOW: ("tv/{id}", "tv"),
    Kind.EPISODE: ("tv/{id}/season/{season}/episode/{episode}", "tv/episodes"),
}


def build_routes(options: TmdbOptions, shared: Shared) -> list[Route]:
    """Every method of this API."""
    sessions = Sessions(shared.store, options.tmdb_session, shared.clock)
    gate = Gate(options, sessions)
    ratings = Ratings(options, shared, Titles(shared.catalogue, options))
    sign_in = SignIn(options, sessions, PREFIX)
    return [*_rating_routes(gate, ratings), *_other_routes(gate, ratings), *_sign_in_routes(gate, sign_in)]


def _rating_routes(gate: Gate, ratings: Ratings) -> list[Route]:
    routes = []
    for kind, (path, rated) in _RATED.items():
        label = f"tmdb/{kind}/rating"
        for verb, method in (("POST", ratings.rate(kind)), ("DELETE", ratings.remove(kind))):
            routes.append(_build(gate, verb, f"{path}/rating", label, gate.for_user(method), Target.RATE))
        answer = gate.for_user(ratings.read(kind))
        routes.append(
            _build(
                gate, "GET", f"account/{{account}}/rated/{rated}", f"tmdb/rated/{rated}", answer, Target.READ
            )
        )
        if kind is not Kind.EPISODE:
            states = gate.for_user(ratings.tell_states(kind))
            routes.append(_build(gate, "GET", f"{path}/account_states", "tmdb/account_states", states))
    return routes


def _other_routes(gate: Gate, ratings: Ratings) -> list[Route]:
    return [
        _build(gate, "GET", "account", "tmdb/account", gate.for_user(ratings.tell_account), Target.PROBE),
        _build(gate, "GET", "find/{id}", "tmdb/find", gate.for_app(ratings.find), Target.SEARCH),
    ]


def _sign_in_routes(gate: Gate, sign_in: SignIn) -> list[Route]:
    token, session = "authentication/token/new", "authentication/session"
    page, label = f"{PREFIX}/authenticate/{{token}}", "tmdb/authenticate"
    return [
        _build(gate, "GET", token, f"tmdb/{token}", gate.for_app(sign_in.new_token)),
        _build(
            gate,
            "POST",
            f"{session}/new",
            f"tmdb/{session}/new",
            gate.for_app(sign_in.new_session),
            Target.TOKEN,
        ),
        _build(gate, "DELETE", session, f"tmdb/{session}", gate.for_app(sign_in.end_session)),
        Route("GET", page, label, sign_in.show_page),
        Route("POST", page, label, sign_in.decide),
    ]


def _build(
    gate: Gate, verb: str, path: str, label: str, answer: Method, target: Target | None = None
) -> Route:
    return Route(verb, f"{PREFIX}/3/{path}", label, answer, target, gate.pace)
