"""A file of weights: which bytes it must have, whether it is there, and the bytes once they are checked."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from errors import SettingError, WeightsFault


class Missing(StrEnum):
    """Why a model with weights is not ready."""

    NO_RUNTIME = "no_runtime"
    NO_WEIGHTS = "no_weights"
    WRONG_WEIGHTS = "wrong_weights"


@dataclass(frozen=True, slots=True)
class Pin:
    """One published file: where it lies on the hub, at which commit, its size in bytes and its SHA-256."""

    repo: str
    revision: str
    file: str
    size: int
    sha256: str


BIREFNET_LITE = Pin(
    repo="senty-au/BiRefNet_lite-ONNX-dynamic",
    revision="173d635935b93839608b9b9039da8d1d212471e9",
    file="onnx/model.onnx",
    size=180_839_545,
    sha256="1e0da42f0fde010e32e938bad388457ecefe35806fde9d923421997861ae9391",
)
"""The export that is fetched; where these facts come from: docs/decisions/0005-weights-on-this-machine.md."""

COMMUNITY = Pin(
    repo="onnx-community/BiRefNet_lite-ONNX",
    revision="de15b22ba131738a16dff04aab8bdf8dc32e3ac1",
    file="onnx/model.onnx",
    size=224_005_088,
    sha256="5600024376f572a557870a5eb0afb1e5961636bef4e1e22132025467d0f03333",
)
"""The common export of the same weights, also rembg's `birefnet-general-lite`: twice the memory, so never fetched."""

PUBLISHED = (BIREFNET_LITE, COMMUNITY)


class Weights:
    """One file that must have one content; whatever has another is refused and never handed out."""

    def __init__(self, path: Path, size: int, sha256: str) -> None:
        self.path = path
        self.size = size
        self.sha256 = sha256
        self._refused: tuple[int, int] | None = None

    @property
    def there(self) -> bool:
        return self.path.is_file()

    @property
    def published(self) -> Pin | None:
        """Where a file with this content was published, as far as this program knows."""
        return next((pin for pin in PUBLISHED if pin.sha256 == self.sha256), None)

    def missing(self) -> Missing | None:
        """What a look at the file tells: nothing is read, as this is asked at every turn."""
        try:
            seen = self.path.stat()
        except OSError:
            return Missing.NO_WEIGHTS
        fits = seen.st_size == self.size and _stamp(seen) != self._refused
        return None if fits else Missing.WRONG_WEIGHTS

    def read(self) -> bytes:
        """The whole file; what is checked is what is handed out, whatever happens to the file meanwhile.

        Raises:
            WeightsFault: it cannot be read, or its SHA-256 is another; it is not read again before it changes.
        """
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise WeightsFault(f"the weights cannot be read: {type(error).__name__}") from error
        if hashlib.sha256(data).hexdigest() != self.sha256:
            self.refuse()
            raise WeightsFault(f"{self.path.name} has another SHA-256 than {self.sha256}")
        return data

    def refuse(self) -> None:
        """Leave the file as it is alone from now on; another one in its place is looked at anew."""
        if self.there:
            self._refused = _stamp(self.path.stat())


def pinned(pin: Pin, folder: Path) -> Weights:
    """The published file under a name of its own in `folder`, whether it is there or not."""
    return Weights(folder / f"birefnet-lite-{pin.sha256[:12]}.onnx", pin.size, pin.sha256)


def recorded(path: Path) -> Weights:
    """An owner's own file; its content of this moment is the only one that is accepted until the program ends.

    Raises:
        SettingError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return Weights(path, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())
    except OSError as error:
        raise SettingError("BIREFNET_WEIGHTS cannot be read", name="BIREFNET_WEIGHTS") from error


def _stamp(seen: os.stat_result) -> tuple[int, int]:
    """Changes when the file is replaced or written to."""
    return seen.st_ino, seen.st_mtime_ns
