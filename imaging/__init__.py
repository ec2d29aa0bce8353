"""Pixels in, pixels out: decoding, cutting out, measuring, encoding. Bytes and values only: no files, no network."""

from imaging.compliance import assess
from imaging.cutout import Cut, cut_out, make_cutout
from imaging.decode import decode, decode_picture
from imaging.encode import encode_png, encode_preview, encode_upload
from imaging.engine import object_mask
from imaging.evidence import evidence
from imaging.examine import examine
from imaging.export import format_for, make_export
from imaging.formats import container_of
from imaging.geometry import Geometry, Prepared, prepare
from imaging.listing_file import Written
from imaging.measures import matte_of, measure
from imaging.provenance import says_generated
from imaging.sights import sights
from imaging.strokes import strokes_of, struck
from imaging.touchup import easel, finish, is_empty, mend

__all__ = [
    "Cut",
    "Geometry",
    "Prepared",
    "Written",
    "assess",
    "container_of",
    "cut_out",
    "decode",
    "decode_picture",
    "easel",
    "encode_png",
    "encode_preview",
    "encode_upload",
    "evidence",
    "examine",
    "finish",
    "format_for",
    "is_empty",
    "make_cutout",
    "make_export",
    "matte_of",
    "measure",
    "mend",
    "object_mask",
    "prepare",
    "says_generated",
    "sights",
    "strokes_of",
    "struck",
]
