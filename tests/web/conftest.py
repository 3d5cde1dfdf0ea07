"""What is logged during a test."""

from tests.sinks.conftest import logged

__all__ = ["logged"]
