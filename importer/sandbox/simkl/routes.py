"""The methods of Simkl's API, below `/simkl`: the other services have paths of the same names.

    POST /oauth2/device, /oauth2/token, /oauth2/revoke; GET, POST /pin           sign-in   sign_in.py
    POST /sync/ratings, /sync/ratings/remove                                     writing   ratings.py
    GET  /sync/ratings/{type}/{ratings}, /sync/activities, /users/settings       reading   ratings.py

All of them pass `gate.py` first: the app, the token, the limits.
"""

from importer.sandbox.exchange import Route, Target
from importer.sandbox.shared import Shared
from importer.sandbox.simkl.gate import Gate, UserMethod
from importer.sandbox.simkl.options import SimklOptions
from importer.sandbox.simkl.ratings import Ratings
from importer.sandbox.simkl.sign_in import SignIn
from importer.sandbox.simkl.tokens import Tokens

PREFIX = "/simkl"


def build_routes(options: SimklOptions, shared: Shared) -> list[Route]:
    """Every method of this API."""
    tokens = Tokens(shared.store, options.simkl_token_life_seconds, shared.clock)
    gate = Gate(options, tokens, shared.clock)
    sign_in = SignIn(options, tokens, PREFIX)
    return [*_sign_in_routes(gate, sign_in), *_rating_routes(gate, Ratings(shared, options))]


def _sign_in_routes(gate: Gate, sign_in: SignIn) -> list[Route]:
    methods = [
        ("oauth2/device", sign_in.new_code, None),
        ("oauth2/token", sign_in.exchange, Target.TOKEN),
        ("oauth2/revoke", sign_in.revoke, None),
    ]
    return [
        Route("GET", f"{PREFIX}/pin", "simkl/pin", sign_in.show_page),
        Route("POST", f"{PREFIX}/pin", "simkl/pin", sign_in.decide),
        *(
            Route(
                "POST", f"{PREFIX}/{name}", f"simkl/{name}", gate.for_app(sign_in.with_body(method)), target
            )
            for name, method, target in methods
        ),
    ]


def _rating_routes(gate: Gate, ratings: Ratings) -> list[Route]:
    def writing(name: str, method: UserMethod) -> Route:
        answer = gate.for_user(method, writes=True)
        return Route("POST", f"{PREFIX}/{name}", f"simkl/{name}", answer, Target.RATE, gate.pace_writing)

    def reading(name: str, end: str, method: UserMethod, target: Target | None) -> Route:
        answer = gate.for_user(method)
        return Route("GET", f"{PREFIX}/{name}{end}", f"simkl/{name}", answer, target, gate.pace_reading)

    return [
        writing("sync/ratings", ratings.add),
        writing("sync/ratings/remove", ratings.remove),
        reading("sync/ratings", "/{type}/{ratings}", ratings.read, Target.READ),
        reading("sync/activities", "", ratings.activities, None),
        reading("users/settings", "", ratings.settings, Target.PROBE),
    ]
