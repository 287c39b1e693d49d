"""What any request to Simkl may meet: no answer, a rate limit, a used-up day, a refusal of the app. Pure.

Simkl names the trouble in `error` of a JSON body; the status alone does not always say it (a 400 may be a
lock that others of the same account hold).

```text
429 user_limit_exceeded          Stop: the day's requests are used up; the reset is named
429 rate_limit, 429              Retry(RATE_LIMIT): all workers wait
412 client_id_failed             Stop: the app is unknown, or blocked for too many requests
400 rate_limit, 409, 423         Retry(LOCKED): something else of the account is being written
401 invalid_client               Stop: the app
401                              RefreshToken
403 insufficient_scope           Stop: the sign-in may only read
```
"""

from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime

from importer.destinations.decisions import Effect, RefreshToken, Retry, RetryPolicy, Stop, interpret_loss
from importer.destinations.policies import RATE_LIMIT, RETRY_MARGIN_SECONDS, ask_again, build_question
from importer.destinations.simkl.settings import APPS_PAGE
from importer.errors import AuthorizationError, ConnectionLostError, Remedy, StopRunError
from importer.http import Response, is_web_page, parse_object, read_retry_after

LONGEST_WAIT_SECONDS = 900.0
"""A 429 that asks to wait longer is taken for a used-up day, whatever it is called."""

NOT_SIMKLS = "an answer that is not the API's"

REFRESH_TOKEN = RefreshToken(f"Simkl does not accept the sign-in, although it is new (401). {Remedy.SIGN_IN}")

QUESTION = build_question("Simkl")
PATIENT_QUESTION = replace(QUESTION, attempts=5)
HASTY_QUESTION = replace(QUESTION, attempts=2, waits_for_network=False)

LOCKED = RetryPolicy(
    attempts=5,
    first_wait_seconds=20,  # such a lock is held for up to 20 s
    pauses_all_workers=True,
    stop_message="Simkl keeps the account locked ({reason}). Type the same command again later.",
)

_USED_UP = {"user_limit_exceeded": "account", "app_limit_exceeded": "app"}
_WRONG_APP = frozenset({"invalid_client", "unauthorized_client"})
WRONG_PATH = frozenset({404, 405, 410})


def read_error(answer: Response) -> str:
    """Return the word for the trouble, in lower case; empty if there is none."""
    word = parse_object(answer.body).get("error")
    return word.lower() if isinstance(word, str) else ""


def interpret_trouble(
    answer: Response | ConnectionLostError, policy: RetryPolicy = QUESTION
) -> Retry | Stop | RefreshToken:
    """Decide on what every question may meet, when nothing better is known of the answer."""
    if isinstance(answer, ConnectionLostError):
        return interpret_loss(answer, "Simkl", policy)
    if decision := interpret_refusal(answer):
        return decision
    status = answer.status
    if status >= 500:
        return ask_again(f"HTTP {status}", policy, read_retry_after(answer.headers))
    if 200 <= status < 300:
        return ask_again(NOT_SIMKLS, policy)
    return Stop(StopRunError(f"Simkl answers HTTP {status}, which makes no sense here."))


def interpret_refusal(answer: Response) -> Retry | Stop | RefreshToken | None:
    """Decide on what has nothing to do with the content of a request; None for any other answer."""
    status, error = answer.status, read_error(answer)
    if status == 429:
        return _interpret_limit(answer, error)
    if error in _WRONG_APP and 400 <= status < 500:
        return _refuse_app(f"{status} {error}")
    if status == 401:
        return REFRESH_TOKEN
    if status == 403:
        return Stop(_explain_forbidden(answer, error))
    if status == 412:
        return Stop(
            AuthorizationError(
                f"Simkl refuses the app (412): its client id is "
                "wrong, or it is blocked for some time because of too many requests. Compare "
                f"IMPORTER_SIMKL_CLIENT_ID with your app's page ({APPS_PAGE}), or try again later"
            )
        )
    if status in {409, 423} or (status == 400 and error == "rate_limit"):
        # What was refused by name was not carried out.
        effect = Effect.NONE if error == "rate_limit" else Effect.UNKNOWN
        return Retry(f"the account is being written ({status})", LOCKED, effect)
    if status in WRONG_PATH or 300 <= status < 400:
        problem = f"There is no Simkl API at this address (HTTP {status})"
        return Stop(StopRunError(f"{problem}: check or unset IMPORTER_SIMKL_BASE_URL."))
    return None


def refuse_app() -> Stop:
    """Stop because the app is not known."""
    return _refuse_app("401")


def _refuse_app(why: str) -> Stop:
    return Stop(
        AuthorizationError(
            f"Simkl does not accept the app ({why}): compare IMPORTER_SIMKL_CLIENT_ID with your app's page "
            f"({APPS_PAGE}). An app or a sign-in from before auth V2 has to be made anew",
            Remedy.SIGN_IN,
        )
    )


def _explain_forbidden(answer: Response, error: str) -> AuthorizationError:
    if error == "insufficient_scope":
        return AuthorizationError("This sign-in may read at Simkl but not rate (403)", Remedy.SIGN_IN)
    if is_web_page(answer):
        return AuthorizationError(
            "A web page came instead of Simkl's answer (403): something between blocks this network's "
            "address. Try again later or from another network"
        )
    return AuthorizationError("Simkl refuses the request (403)", Remedy.SIGN_IN)


def _interpret_limit(answer: Response, error: str) -> Retry | Stop:
    seconds = read_retry_after(answer.headers)
    if error in _USED_UP or (seconds or 0) > LONGEST_WAIT_SECONDS:
        whose = _USED_UP.get(error, "account")
        reset = _describe_reset(answer, seconds)
        told = f"Simkl's requests of the day are used up for this {whose} (429)"
        return Stop(StopRunError(f"{told}; there are new ones {reset}. The same command then goes on."))
    reason = "Simkl asks to slow down (429)"
    return Retry(reason, RATE_LIMIT, wait_seconds=None if seconds is None else seconds + RETRY_MARGIN_SECONDS)


def _describe_reset(answer: Response, seconds: float | None) -> str:
    """Say when the day ends, by the server's clock if it tells it."""
    if seconds is None:
        return "after midnight in New York"
    try:
        reset = parsedate_to_datetime(answer.headers.get("Date", "")) + timedelta(seconds=seconds)
    except (TypeError, ValueError, OverflowError):
        hours, minutes = divmod(round(min(seconds, 1e6) / 60), 60)
        return f"in {hours} h {minutes:02} min"
    return f"at {reset:%Y-%m-%d %H:%M} UTC"
