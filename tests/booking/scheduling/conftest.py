"""A practice that is open from that Monday on, and somebody who decides."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from practice.models import PracticeSettings, User
from tests import factories
from tests.booking.scheduling.acts import NOW


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def open_practice(practice: PracticeSettings) -> PracticeSettings:
    factories.schedule()
    return practice


@pytest.fixture
def user(open_practice: PracticeSettings) -> User:
    return factories.user("somebody@example.com")
