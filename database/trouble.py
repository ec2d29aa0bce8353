"""What is wrong with a database, in one word, from the codes of its driver; and what the owner can do about it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from errors import Trouble

SQLITE: Mapping[int, Trouble] = {  # primary result codes, https://www.sqlite.org/rescode.html
    5: Trouble.LOCKED,
    6: Trouble.LOCKED,
    8: Trouble.READ_ONLY,
    10: Trouble.OTHER,
    11: Trouble.CORRUPT,
    13: Trouble.FULL,
    14: Trouble.MISSING,
    26: Trouble.CORRUPT,
}
MOVED = 8 | (4 << 8)  # SQLITE_READONLY_DBMOVED: the file was deleted or renamed under us
POSTGRES: Mapping[str, Trouble] = {  # classes of SQLSTATE, or whole states
    "08": Trouble.MISSING,
    "57": Trouble.MISSING,
    "3D": Trouble.MISSING,
    "25006": Trouble.READ_ONLY,
    "53100": Trouble.FULL,
    "55P03": Trouble.LOCKED,
    "XX": Trouble.CORRUPT,
}
ADVICE: Mapping[Trouble, str] = {
    Trouble.LOCKED: "the database is locked by another program: stop that one, or wait for it, and start again",
    Trouble.READ_ONLY: "the database can only be read: give this user the right to write its file and its folder",
    Trouble.FULL: "the disk of the database is full: free some space and start again",
    Trouble.MISSING: "the database cannot be reached: look at DATABASE_URL and DATA_DIR, and whether it is there",
    Trouble.CORRUPT: "the database is damaged, or no database: put a backup in its place, or move the file away",
    Trouble.NEWER: "the database was made by a newer version: start that version, or use another DATA_DIR",
    Trouble.OTHER: "the database failed",
}


def trouble_of(error: SQLAlchemyError) -> Trouble | None:
    """None when the database is well and only the statement was not."""
    if not isinstance(error, DBAPIError) or isinstance(error, IntegrityError):
        return None
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return Trouble.MISSING if code == MOVED else SQLITE.get(code & 0xFF, Trouble.OTHER)
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return Trouble.MISSING if error.connection_invalidated or "connect" in str(error.orig) else Trouble.OTHER
    return POSTGRES.get(state) or POSTGRES.get(state[:2], Trouble.OTHER)
