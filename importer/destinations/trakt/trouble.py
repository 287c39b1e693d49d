"""What any request to Trakt may meet: no answer, a rate limit, a refusal of the app, a web page. Pure."""

from dataclasses import replace

from importer.destinations.decisions import RefreshToken, Retry, RetryPolicy, Stop, interpret_loss
from importer.destinations.policies import RATE_LIMIT, RETRY_MARGIN_SECONDS, ask_again, build_question
from importer.errors import AuthorizationError, ConnectionLostError, Remedy, StopRunError
from importer.http import Response, is_web_page, read_retry_after

NOT_TRAKTS = "an answer that is not the API's"

REFRESH_TOKEN = RefreshToken(f"Trakt does not accept the sign-in, although it is new (401). {Remedy.SIGN_IN}")

QUESTION = build_question("Trakt")
PATIENT_QUESTION = replace(QUESTION, attempts=5)
HASTY_QUESTION = replace(QUESTION, attempts=2, waits_for_network=False)


def interpret_trouble(answer: Response | ConnectionLostError, policy: RetryPolicy = QUESTION) -> Retry | Stop:
    """Decide on what every question may meet, when nothing better is known of the answer."""
    if isinstance(answer, ConnectionLostError):
        return interpret_loss(answer, "Trakt", policy)
    status = answer.status
    if status == 429:
        return interpret_rate_limit(answer)
    if status >= 500:
        return ask_again(f"HTTP {status}", policy, read_retry_after(answer.headers))
    if 200 <= status < 300:
        return ask_again(NOT_TRAKTS, policy)
    if status == 403:
        return Stop(explain_forbidden(answer))
    if status == 423:
        return Stop(
            AuthorizationError("Trakt has locked or deactivated this account (423): ask its support.")
        )
    return Stop(StopRunError(f"Trakt answers HTTP {status}, which makes no sense here."))


def interpret_rate_limit(answer: Response) -> Retry:
    """Decide on a 429: wait as long as it says and a little more; if it does not say, longer and longer."""
    seconds = read_retry_after(answer.headers)
    return Retry(
        "Trakt asks to slow down (429)",
        RATE_LIMIT,
        wait_seconds=None if seconds is None else seconds + RETRY_MARGIN_SECONDS,
    )


def explain_forbidden(answer: Response) -> AuthorizationError:
    """Explain a 403: the web page of the protection layer is not the API's word about the app."""
    if is_web_page(answer):
        return AuthorizationError(
            "Cloudflare, which stands before Trakt, blocked this request (403 with a web page). Neither your "
            "app nor your sign-in is at fault: it is this network's address. Try again later or from another "
            "network",
            Remedy.UPLOAD_FILE,
        )
    return AuthorizationError(
        "Trakt refuses the app (403): the client id is wrong, or the app is not approved. Compare "
        "IMPORTER_TRAKT_CLIENT_ID with your app's page on Trakt. Only VIP members can create an app now",
        Remedy.UPLOAD_FILE,
    )
