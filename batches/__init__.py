"""Many photos at once: taken in, estimated, carried through runs by a queue, and handed out as one ZIP."""

from batches.archive import Entry, archived, report_csv, report_json, stems
from batches.desk import Desk, ItemClaim, ItemKey, Kept
from batches.files import BatchFiles
from batches.intake import Handed, take_in
from batches.local import LocalQueue, Queue
from batches.postgres import PostgresQueue, prepare
from batches.report import batch_report
from batches.worker import Hands, Worker

__all__ = [
    "BatchFiles",
    "Desk",
    "Entry",
    "Handed",
    "Hands",
    "ItemClaim",
    "ItemKey",
    "Kept",
    "LocalQueue",
    "PostgresQueue",
    "Queue",
    "Worker",
    "archived",
    "batch_report",
    "prepare",
    "report_csv",
    "report_json",
    "stems",
    "take_in",
]
