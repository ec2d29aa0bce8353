"""What a prediction's output is, said in a word when it is no picture."""

from __future__ import annotations

from errors import BadOutput, InvalidPhoto

JSON_WORDS = {type(None): "null", dict: "an object", bool: "a boolean", int: "a number", float: "a number"}


def bad_output(shape: str) -> BadOutput:
    """A finished prediction that holds no picture; `shape` is what it holds instead."""
    return BadOutput(f"output is {shape}", shape=shape)


def address_of(output: object) -> str:
    """Where the picture lies: the output itself, or the first of a list.

    Raises:
        BadOutput: it is neither an http(s) address nor a data URI.
    """
    first = output[0] if isinstance(output, list) and output else output
    if isinstance(first, str) and first.startswith(("https://", "http://", "data:")):
        return first
    raise bad_output(_word(first) if first is output else f"a list of {_word(first)}")


def not_a_picture(data: bytes, fault: InvalidPhoto) -> BadOutput:
    """What was downloaded, when the codec cannot read it."""
    start = data[:200].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return bad_output("HTML")
    if start.startswith((b"{", b"[")):
        return bad_output("JSON")
    if start and all(9 <= byte < 127 for byte in start):
        return bad_output("text")
    return bad_output(f"an unreadable file ({fault.code})")


def _word(output: object) -> str:
    if isinstance(output, str):
        return "text" if output else "empty text"
    if isinstance(output, list):
        return "a list" if output else "an empty list"
    return JSON_WORDS.get(type(output), "something unknown")
