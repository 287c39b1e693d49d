"""The ids of runs, and their short forms of 8 characters.

```text
20261130-051648-da80    begun at 05:16:48 on 30 November 2026
0516da80                the same run in a list
```
"""

import re

_LONG = re.compile(r"\d{8}-(\d{4})\d{2}-([0-9a-f]{4})")


def short_id(run_id: str) -> str:
    """Shorten an id; one of another form, from an older version, stays as it is."""
    found = _LONG.fullmatch(run_id)
    return found[1] + found[2] if found else run_id


def is_meant(run_id: str, typed: str) -> bool:
    """Whether somebody who types this may mean the run: by the beginning of its id, or by its short form."""
    return bool(typed) and (run_id.startswith(typed) or short_id(run_id) == typed)
