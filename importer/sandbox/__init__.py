"""A local look-alike of the destination's APIs: real TCP, real SQLite, scripted faults.

It imports nothing else of `importer`: a server and a client that shared one encoder would agree on the
same mistake. `import importer.sandbox` pulls in aiohttp's server, so only the sandbox command does it.
"""

from importer.sandbox.options import SandboxOptions
from importer.sandbox.server import Sandbox, serve

__all__ = ["Sandbox", "SandboxOptions", "serve"]
