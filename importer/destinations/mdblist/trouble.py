"""What any request to MDBList may meet: no answer, a limit, a wrong key, a web page. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from math import ceil

from importer.destinations.decisions import Retry, RetryPolicy, Stop, interpret_loss
from importer.destinations.mdblist.settings import KEY_PAGE
from importer.destinations.policies import RATE_LIMIT, RETRY_MARGIN_SECONDS, ask_again, build_question
from importer.errors import AuthorizationError, ConnectionLostError, Remedy, StopRunError
from importer.http import Response, is_web_page, parse_object, read_retry_after
from importer.text import clean_words

NOT_MDBLISTS = "an answer that is not MDBList's"

QUESTION = build_question("MDBList")
PATIENT_QUESTION = replace(QUESTION, attempts=5)

_LONGEST_WINDOW_SECONDS = 600.0
"""A window is 5 minutes long: a longer wait is that for the next day."""


def interpret_trouble(
    answer: Response | ConnectionLostError, secrets: Iterable[str], policy: RetryPolicy = QUESTION
) -> Retry | Stop:
    """Decide on what every question may meet, when nothing better is known of the answer."""
    if isinstance(answer, ConnectionLostError):
        return interpret_loss(answer, "MDBList", policy)
    if (decision := interpret_refused_access(answer)) is not None:
        return decision
    status = answer.status
    if status >= 500 or status == 408:
        return ask_again(f"HTTP {status}", policy, read_retry_after(answer.headers))
    if 200 <= status < 300:
        return ask_again(NOT_MDBLISTS, policy)
    return Stop(StopRunError(describe_refusal(answer, secrets)))


def interpret_refused_access(answer: Response) -> Retry | Stop | None:
    """Decide on a wrong key and on limits; None for all else."""
    if answer.status == 401 or (answer.status == 403 and not is_web_page(answer)):
        message = f"MDBList does not accept the key ({answer.status}); {KEY_PAGE} shows the right one"
        return Stop(AuthorizationError(message, Remedy.SIGN_IN))
    if answer.status == 403:
        message = "MDBList's protection blocked this request (403 with a web page): try another network"
        return Stop(StopRunError(message))
    return interpret_limit(answer) if answer.status == 429 else None


def interpret_limit(answer: Response) -> Retry | Stop:
    """Decide on a 429: wait as long as it says, but stop if that is until the next day."""
    seconds = read_retry_after(answer.headers)
    if seconds is not None and seconds > _LONGEST_WINDOW_SECONDS:
        hours = ceil(seconds / 3600)
        wait = "within the hour" if hours == 1 else f"in about {hours} hours"
        return Stop(
            StopRunError(
                "MDBList's requests of this day are used up (429): a free account has 1,000. New ones come "
                f"at midnight UTC, {wait}; the same command then continues."
            )
        )
    waits = None if not seconds else seconds + RETRY_MARGIN_SECONDS
    return Retry("MDBList asks to slow down (429)", RATE_LIMIT, wait_seconds=waits)


def describe_refusal(answer: Response, secrets: Iterable[str]) -> str:
    """Say what MDBList answered, with its own words where it has any."""
    words = read_error(answer, secrets)
    return f"MDBList answers HTTP {answer.status}{f': {words}' if words else ''}"


def read_error(answer: Response, secrets: Iterable[str]) -> str:
    """Return the server's error text, safe to show."""
    content = parse_object(answer.body)
    words = (clean_words(content.get(name), secrets) for name in ("error", "detail"))
    return next(filter(None, words), "")
