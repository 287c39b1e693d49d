"""A local look-alike of the services that ratings are sent to: real TCP, real SQLite, scripted faults.

    trakt/ trakt_v1/          one folder a service, listed in services.py
    exchange faults quota store catalogue      what they share
    server > pipeline > service > misbehave    the way of one request

It imports nothing else of `importer`: a server and a client that shared one encoder would agree on the
same mistake. `import importer.sandbox` loads aiohttp's server, so only the sandbox command does it.
"""

from importer.sandbox.server import Sandbox, serve
from importer.sandbox.services import SandboxOptions, read_options

__all__ = ["Sandbox", "SandboxOptions", "read_options", "serve"]
