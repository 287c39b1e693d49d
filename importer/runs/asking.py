"""Questions before a run: whose account it is, what changed there. They wait as the run does."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from importer.client.client import waiting_for_network
from importer.destinations.spec import DestinationSpec
from importer.progress import Phase, Progress
from importer.runs.destination import OpenDestination
from importer.runs.open_destination import open_destination
from importer.runs.prompts import Observer
from importer.runs.rules import DestinationOptions, SendOptions


@contextmanager
def asking(observer: Observer, options: SendOptions) -> Iterator[None]:
    """Let the questions of the block wait for a lost network as `options` say, and show it."""
    # Told already: plain lines begin with the first wait, since most questions are answered at once.
    progress = Progress(Phase.SIGNING_IN, told=Phase.SIGNING_IN)
    with observer.watch(progress), waiting_for_network(options.wait or 0.0, progress):
        yield


@contextmanager
def open_asking(
    spec: DestinationSpec,
    at: DestinationOptions,
    observer: Observer,
    options: SendOptions,
    *,
    is_dry_run: bool = False,
) -> Iterator[OpenDestination]:
    """As `open_destination`, and its question whose account it is waits as `options` say, and is seen."""
    opening = open_destination(spec, at, observer.warned, is_dry_run=is_dry_run)
    with ExitStack() as stack:
        if not spec.has_login:
            yield stack.enter_context(opening)
            return
        with asking(observer, options):
            opened = stack.enter_context(opening)
        yield opened
