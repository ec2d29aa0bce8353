"""The database: engine, sessions, migrations and the translation of its errors."""

from database.base import Base, UtcDateTime
from database.engine import Database
from database.migrate import migrate

__all__ = ["Base", "Database", "UtcDateTime", "migrate"]
