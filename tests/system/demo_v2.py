"""Today's Trakt API from sign-in to results, without a human: `python -m tests.system.demo_v2 FILE`.

Starts a sandbox, types `importer login trakt`, clicks Approve on the sandbox's own page as a person would,
and imports the file with `importer run FILE --to trakt`. `make run-v2` shows it; a test asserts it.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

COMMAND = Path(sys.executable).with_name("importer")


def main(file: str, *more: str) -> int:
    """Show it all on the terminal and return the exit code of the import."""
    with subprocess.Popen(
        [COMMAND, "sandbox", "--until-stdin-closes"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            url = server.stdout.readline().removeprefix("sandbox ready at ").strip()
            environment = os.environ | {
                "IMPORTER_TRAKT_BASE_URL": url,
                "IMPORTER_TRAKT_AUTH_URL": url,
                "IMPORTER_TRAKT_CLIENT_ID": "sandbox-client",
                "IMPORTER_TRAKT_CLIENT_SECRET": "sandbox-secret",
            }
            if code := _sign_in(environment):
                return code
            words = ["run", file, "--to", "trakt", *more]
            _say(f"$ importer {' '.join(words)}")
            return subprocess.run([COMMAND, *words], env=environment, check=False).returncode
        finally:
            server.stdin.close()


def _sign_in(environment: dict[str, str]) -> int:
    _say("$ importer login trakt")
    with subprocess.Popen(
        [COMMAND, "login", "trakt"], env=environment, stdout=subprocess.PIPE, text=True
    ) as login:
        assert login.stdout is not None
        page = ""
        for line in login.stdout:
            _say(line.rstrip())
            if found := re.match(r"Open +(\S+)", line):
                page = found[1]
            elif found := re.match(r"and enter +(\S+)", line):
                _approve(page, found[1])
        return login.wait()


def _approve(page: str, code: str) -> None:
    form = urlencode({"code": code, "action": "approve"}).encode()
    request = Request(page, form, {"User-Agent": "a person's browser"})
    with urlopen(request, timeout=10) as answer:
        _say(f"  (a person clicks Approve on {page}: HTTP {answer.status})")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
