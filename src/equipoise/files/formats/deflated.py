"""Compressed Dataset-JSON (.dsjc, CDISC 2025): NDJSON as one zlib stream (RFC 1950), with nothing before or behind it."""

from __future__ import annotations

import io
import zlib
from typing import Any, BinaryIO

from equipoise.files.formats.piece import bad

_READ = 1 << 16


class Inflated(io.RawIOBase):
    """What a compressed file holds, read as a stream. Raises BadInput where it is broken or cut off."""

    def __init__(self, file: BinaryIO, source: str) -> None:
        self.file, self.source = file, source
        self.stream, self.pending = zlib.decompressobj(), b""

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As a stream of bytes does it: how many were taken, 0 at the end."""
        while not self.stream.eof:
            data = self.pending or self.file.read(_READ)
            if not data:
                raise bad(self.source, "truncated", "file", "a zlib stream that breaks off", "a whole one")
            try:
                out = self.stream.decompress(data, len(buffer))
            except zlib.error as error:
                given = "a gzip file" if data[:2] == b"\x1f\x8b" else str(error)
                raise bad(self.source, "not-zlib", "file", given, "NDJSON compressed by zlib, as .dsjc is") from None
            self.pending = self.stream.unconsumed_tail
            if out:
                buffer[: len(out)] = out
                return len(out)
        if self.stream.unused_data or self.file.read(1):
            raise bad(self.source, "not-zlib", "file", "bytes behind the zlib stream", "nothing more")
        return 0

    def close(self) -> None:
        """Close the file too."""
        self.file.close()
        super().close()


class Deflating:
    """A file to be written compressed: ``write`` as often as need be, then ``end``."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.stream = file, zlib.compressobj(9)

    def write(self, data: bytes) -> None:
        """Take in a part."""
        self.file.write(self.stream.compress(data))

    def end(self) -> None:
        """Write what is left."""
        self.file.write(self.stream.flush())
