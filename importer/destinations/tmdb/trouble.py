"""What any request to TMDB may meet: no answer, a limit, wrong credentials, an outage. Pure.

TMDB says in `status_code` of a JSON body what its answer means:

```text
401   7 Invalid API key               Stop: the token or the key
401   3 Authentication failed         Stop: there is no session, or it has ended
429  25                               Retry(RATE_LIMIT): all workers wait
500  11, 503 9, 504 24, any 46        Retry
```
"""

from collections.abc import Iterable
from dataclasses import replace

from importer.destinations.decisions import Retry, RetryPolicy, Stop, interpret_loss
from importer.destinations.policies import RATE_LIMIT, RETRY_MARGIN_SECONDS, ask_again, build_question
from importer.destinations.tmdb.settings import KEY_PAGE
from importer.errors import AuthorizationError, ConnectionLostError, Remedy, StopRunError
from importer.http import Response, is_web_page, parse_object, read_retry_after
from importer.text import clean_words

INVALID_KEY = 7
NOT_FOUND = 34

NOT_TMDBS = "an answer that is not TMDB's"

QUESTION = build_question("TMDB")
PATIENT_QUESTION = replace(QUESTION, attempts=5)

RATE_LIMITED = replace(RATE_LIMIT, first_wait_seconds=10)
"""Without a `Retry-After`: TMDB counts requests of a second, so a short wait is long enough."""


def read_code(answer: Response) -> int | None:
    """Return the `status_code` of an answer; None if it has none."""
    code = parse_object(answer.body).get("status_code")
    return code if type(code) is int else None


def interpret_trouble(
    answer: Response | ConnectionLostError, secrets: Iterable[str], policy: RetryPolicy = QUESTION
) -> Retry | Stop:
    """Decide on what every question may meet, when nothing better is known of the answer."""
    if isinstance(answer, ConnectionLostError):
        return interpret_loss(answer, "TMDB", policy)
    if (decision := interpret_refusal(answer)) is not None:
        return decision
    if answer.status >= 500 or answer.status == 408:
        return ask_again(f"HTTP {answer.status}", policy, read_retry_after(answer.headers))
    if 200 <= answer.status < 300:
        return ask_again(NOT_TMDBS, policy)
    return Stop(StopRunError(describe_answer(answer, secrets)))


def interpret_refusal(answer: Response) -> Retry | Stop | None:
    """Decide on what has nothing to do with the content of a request; None for any other answer."""
    status = answer.status
    if status == 429:
        seconds = read_retry_after(answer.headers)
        waits = None if seconds is None else seconds + RETRY_MARGIN_SECONDS
        return Retry("TMDB asks to slow down (429)", RATE_LIMITED, wait_seconds=waits)
    if status == 403 and is_web_page(answer):
        return Stop(StopRunError("TMDB blocked this request (403 with a web page): try another network"))
    if status in {401, 403}:
        return Stop(_refuse_access(answer))
    if 300 <= status < 400 or status == 405 or (status in {404, 410} and read_code(answer) is None):
        problem = f"There is no TMDB at this address (HTTP {status})"
        return Stop(StopRunError(f"{problem}: check or unset IMPORTER_TMDB_BASE_URL."))
    return None


def describe_answer(answer: Response, secrets: Iterable[str]) -> str:
    """Say what TMDB answered, with its own words where it has any."""
    words = clean_words(parse_object(answer.body).get("status_message"), secrets)
    return f"TMDB answers HTTP {answer.status}{f': {words}' if words else ''}"


def _refuse_access(answer: Response) -> AuthorizationError:
    if read_code(answer) == INVALID_KEY:
        problem = f"TMDB does not accept the token or key ({answer.status}): copy it again from {KEY_PAGE}"
        return AuthorizationError(problem)
    problem = f"TMDB wants a session that is approved ({answer.status}): there is none, or it has ended"
    return AuthorizationError(problem, Remedy.SIGN_IN)
