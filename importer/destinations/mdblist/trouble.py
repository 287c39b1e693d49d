"""What any request to MDBList may meet: no answer, a limit, a wrong key, a web page. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from math import ceil

from importer.destinations.decisions import Effect, Retry, RetryPolicy, Stop, interpret_loss
from importer.destinations.mdblist.settings import KEY_PAGE
from importer.errors import AuthorizationError, ConnectionLostError, Remedy, StopRunError
from importer.http import Response, parse_object, read_retry_after
from importer.text import clean_words

NOT_MDBLISTS = "an answer that is not MDBList's"

QUESTION = RetryPolicy(
    attempts=3,
    first_wait_seconds=2,
    stop_message="MDBList gives no proper answer ({reason}). Type the same command again later.",
)
"""Anything that changes nothing."""

PATIENT_QUESTION = replace(QUESTION, attempts=5)

RATE_LIMIT = RetryPolicy(
    attempts=1,
    first_wait_seconds=30,
    exponential=True,
    counts=False,
    pauses_all_workers=True,
    stop_message="{reason} and goes on asking. Type the same command again later.",
)

_MARGIN_SECONDS = 0.9
"""`Retry-After` is rounded to whole seconds."""

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
        asked = read_retry_after(answer.headers)
        seconds = None if asked is None else max(policy.first_wait_seconds, asked)
        return Retry(f"HTTP {status}", policy, Effect.UNKNOWN, seconds)
    if 200 <= status < 300:
        return Retry(NOT_MDBLISTS, policy, Effect.UNKNOWN)
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
    waits = None if not seconds else seconds + _MARGIN_SECONDS
    return Retry("MDBList asks to slow down (429)", RATE_LIMIT, wait_seconds=waits)


def is_web_page(answer: Response) -> bool:
    """Whether a web page came instead of an answer: then it was not the API that refused."""
    is_html = "html" in answer.headers.get("Content-Type", "").lower()
    return is_html or answer.body[:200].lstrip().startswith(b"<")


def describe_refusal(answer: Response, secrets: Iterable[str]) -> str:
    """Say what MDBList answered, with its own words where it has any."""
    words = read_error(answer, secrets)
    return f"MDBList answers HTTP {answer.status}{f': {words}' if words else ''}"


def read_error(answer: Response, secrets: Iterable[str]) -> str:
    """Return the server's error text, safe to show."""
    content = parse_object(answer.body)
    words = (clean_words(content.get(name), secrets) for name in ("error", "detail"))
    return next(filter(None, words), "")
