"""One environment's settings: read from YAML, checked once, and handed on as values."""

from settings.model import Settings, StateSettings
from settings.reader import read, read_state

__all__ = ["Settings", "StateSettings", "read", "read_state"]
