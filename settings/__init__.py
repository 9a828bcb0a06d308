"""One environment's settings: read from YAML, checked once, and handed on as values."""

from settings.model import Settings
from settings.reader import read

__all__ = ["Settings", "read"]
