"""A provider for the tests of polled feeds."""

from collections.abc import Iterator

import pytest

from tests.integration.collect.provider import Provider


@pytest.fixture
def provider() -> Iterator[Provider]:
    found = Provider()
    yield found
    found.close()
