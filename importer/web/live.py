"""A page that looks again by itself is answered when there is news, and not again and again with the same.

```text
GET /imports/3f9a/plan, HX-Trigger: live     the plan is being made: the answer waits
                                             the command ends: it is answered with the plan, at once
                                             0.7 s are over: it is answered with how far it is
```
"""

import asyncio

from aiohttp import web

from importer.web.commands import list_running
from importer.web.drafts import FOLDER
from importer.web.guard import SAFE_METHODS, Handler

LONGEST_SECONDS = 0.7
_PAUSE_SECONDS = 0.03


@web.middleware
async def wait_for_news(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let `live` of templates/macros.html wait until a command of its import or run has ended, or a while."""
    match = request.match_info
    name = match.get("draft") or f"run-{match.get('run')}"
    if request.method in SAFE_METHODS and request.headers.get("HX-Trigger") == "live":
        running = list_running(request.app[FOLDER] / name)
        for _ in range(round(LONGEST_SECONDS / _PAUSE_SECONDS)):
            if not running or not all(each.is_running for each in running):
                break
            await asyncio.sleep(_PAUSE_SECONDS)
    return await handler(request)
