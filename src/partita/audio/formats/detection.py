"""What a file is by its first bytes, whatever its name: only what is known is decoded.

A decoder that guesses takes random bytes for sound.
"""

from pathlib import Path
from typing import IO

from partita.audio.formats.headers import kind_of_chunks

HEAD = 64
MAGIC = {  # bytes at an offset -> the format's name in FFmpeg
    (0, b"OggS"): "ogg",
    (0, b"fLaC"): "flac",
    (0, b"\x1a\x45\xdf\xa3"): "matroska",
    (0, bytes.fromhex("3026b2758e66cf11")): "asf",
    (0, b"MAC "): "ape",
    (0, b"wvpk"): "wv",
    (0, b"#!AMR"): "amr",
    (0, b"\x0b\x77"): "ac3",
    (0, b"TTA1"): "tta",
    (0, b"DSD "): "dsf",
    (0, b"MPCK"): "mpc8",
    (0, b"MP+"): "mpc",
    (0, b"tBaK"): "tak",
    (0, b"FLV\x01"): "flv",
    (0, b"\x7f\xfe\x80\x01"): "dts",
    (4, b"ftyp"): "mov",
    (8, b"AVI "): "avi",
}
QUICKTIME = (b"moov", b"mdat", b"wide", b"free", b"skip")
OLD_QUICKTIME = {".mov", ".qt", ".mp4", ".m4a"}  # may begin without "ftyp"
CHUNKED = ("wav", "w64", "aiff", "au", "caf")


def container(path: Path) -> str | None:
    """Return what a file is by its first bytes: "wav", "w64", "aiff", "au", "caf", "ogg", "flac", a name of
    FFmpeg's, or None for another.

    Raises:
        OSError: the file can't be read.

    >>> container(Path(__file__)) is None
    True
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
        if head.startswith(b"ID3") and len(head) >= 10:
            file.seek(10 + sum((head[6 + k] & 127) << 7 * (3 - k) for k in range(4)))
            head = file.read(HEAD)
    if kind := kind_of_chunks(head):
        return kind
    for (offset, magic), name in MAGIC.items():
        if head[offset:].startswith(magic):
            return name
    if head[4:8] in QUICKTIME and path.suffix.lower() in OLD_QUICKTIME:
        return "mov"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "aac"
    return None


def scan_flac(file: IO[bytes], size: int) -> list[int]:
    """Return where FLAC files begin that were joined, the first at 0; else a decoder stops after the first.

    >>> import io
    >>> scan_flac(io.BytesIO(b"fLaC\\0\\0\\0\\x22" + bytes(99) + b"fLaC\\0\\0\\0\\x22" + bytes(99)), 214)
    [0, 107]
    """
    mark = b"fLaC\x00\x00\x00\x22"  # the magic and the head of STREAMINFO
    places, base, kept = [], 0, b""
    while data := file.read(1 << 20):
        data = kept + data
        at = -1
        while (at := data.find(mark, at + 1)) >= 0:
            places.append(base - len(kept) + at)
        base += len(data) - len(kept)
        kept = data[-len(mark) + 1 :]
    return [0, *places[1:]]
