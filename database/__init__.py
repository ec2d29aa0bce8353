"""The database: engine, sessions, migrations and the translation of its errors."""

from database.base import Base, UtcDateTime
from database.engine import WORTH_WAITING_UNTIL, Database
from database.migrate import migrate

__all__ = ["WORTH_WAITING_UNTIL", "Base", "Database", "UtcDateTime", "migrate"]
