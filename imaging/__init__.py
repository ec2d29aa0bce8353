"""Pixels in, pixels out: decoding, cutting out, measuring, encoding. Bytes and values only: no files, no network."""

from imaging.cutout import Cut, cut_out, make_cutout
from imaging.decode import decode, decode_picture
from imaging.encode import encode_png, encode_preview, encode_upload
from imaging.engine import object_mask
from imaging.evidence import evidence
from imaging.geometry import Geometry, Prepared, prepare
from imaging.measures import matte_of, measure
from imaging.sights import sights
from imaging.strokes import strokes_of, struck
from imaging.touchup import easel, finish, is_empty, mend

__all__ = [
    "Cut",
    "Geometry",
    "Prepared",
    "cut_out",
    "decode",
    "decode_picture",
    "easel",
    "encode_png",
    "encode_preview",
    "encode_upload",
    "evidence",
    "finish",
    "is_empty",
    "make_cutout",
    "matte_of",
    "measure",
    "mend",
    "object_mask",
    "prepare",
    "sights",
    "strokes_of",
    "struck",
]
