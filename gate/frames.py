"""What goes through the pipes: a header as JSON, then so many bytes. Standard library only: both ends import it."""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

LENGTHS = struct.Struct(">IQ")

Header = dict[str, Any]


def write_frame(pipe: BinaryIO, header: Header, body: bytes = b"") -> None:
    head = json.dumps(header).encode()
    pipe.write(LENGTHS.pack(len(head), len(body)))
    pipe.write(head)
    pipe.write(body)
    pipe.flush()


def read_frame(pipe: BinaryIO) -> tuple[Header, bytes]:
    """Raises `EOFError` when the other end is gone."""
    head, body = LENGTHS.unpack(_exactly(pipe, LENGTHS.size))
    header: Header = json.loads(_exactly(pipe, head))
    return header, _exactly(pipe, body)


def _exactly(pipe: BinaryIO, length: int) -> bytes:
    data = pipe.read(length)
    if len(data) != length:
        raise EOFError
    return data
