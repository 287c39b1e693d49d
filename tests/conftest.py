"""Settings all tests share."""

import os

import pytest
from hypothesis import settings

from tests import hurried_time

# No deadline: how long an example takes says more about the machine than about the code.
settings.register_profile("quick", max_examples=60, deadline=None)
settings.register_profile("thorough", max_examples=3000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture
def time_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is counted must not be sent twice, nor fail, because the machine stalled for half a second."""
    monkeypatch.setattr(hurried_time, "HURRY", 20)
