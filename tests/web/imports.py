"""The steps of an import on the page, as a person takes them.

```python
draft = await take(page, places, RATINGS + FILMS[0])
await choose(page, draft, "sandbox")
result = await page.get(await run(page, draft))
```
"""

import asyncio
from pathlib import Path

from importer.web.commands import Command
from importer.web.drafts import Draft, load_draft
from tests.web.page import Answer, Page

SAMPLE = Path(__file__).parents[2] / "samples/imdb-2024.csv"
RATINGS = "Const,Your Rating,Date Rated,Title,Title Type,Year\n"
FILMS = ["tt0000417,9,2024-01-02,A Trip to the Moon,Movie,1902", "tt6263850,8,2024-01-03,Deadpool,Movie,2024"]


async def ended(command: Command) -> None:
    await asyncio.to_thread(command.wait)


async def take(page: Page, places: Path, place: str) -> Draft:
    """Paste it, and wait until it was looked at."""
    answer = await page.paste(place)
    assert answer.status == 303, answer.text
    draft = load_draft(places / "web", answer.place.rpartition("/")[2])
    await ended(draft.command("inspect"))
    return draft


async def choose(page: Page, draft: Draft, to: str) -> Answer:
    answer = await page.post(f"/imports/{draft.id}/where", {"to": to})
    await ended(draft.command("plan"))
    return answer


async def run(page: Page, draft: Draft) -> str:
    """Send, and return the address of the result."""
    await page.post(f"/imports/{draft.id}/run")
    await ended(draft.command("run"))
    return (await page.get(f"/imports/{draft.id}/run")).place
