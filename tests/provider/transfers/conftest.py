"""A key of its own for each test."""

from __future__ import annotations

import pytest


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """A key of its own for each test: the sandbox remembers the entries of others."""
    return f"{request.node.name.replace('[', '-').replace(']', '')}/talk.mp4"
