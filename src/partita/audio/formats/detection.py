"""Find out the format of a file from its first bytes; the name hardly matters.

A file in an unknown format is not decoded: a decoder that guesses may read any bytes as sound.
"""

from pathlib import Path

HEAD = 64
MAGIC = {  # (offset, bytes): FFmpeg's name of the format
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
OLD_QUICKTIME = {".mov", ".qt", ".mp4", ".m4a"}  # suffixes of files that may begin without "ftyp"
CHUNKED = ("wav", "w64", "aiff", "au", "caf")
W64_MAGIC = b"riff" + bytes.fromhex("2E91CF11A5D628DB04C10000")


def container(path: Path) -> str | None:
    """Return the format of a file by its first bytes.

    Returns:
        "wav", "w64", "aiff", "au", "caf", "ogg", "flac", or FFmpeg's name of another format; None for an
        unknown one.

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
    if kind := chunked_kind(head):
        return kind
    for (offset, magic), name in MAGIC.items():
        if head[offset:].startswith(magic):
            return name
    if head[4:8] in QUICKTIME and path.suffix.lower() in OLD_QUICKTIME:
        return "mov"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "aac"
    return None


def chunked_kind(head: bytes) -> str | None:
    """Return which of the formats `CHUNKED` a file has, by its first 12 bytes or more; None for another.

    >>> chunked_kind(b"RIFF....WAVEfmt "), chunked_kind(b"fLaC")
    ('wav', None)
    """
    if head[:4] in (b"RIFF", b"RIFX", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[:4] in (b".snd", b"dns.") and len(head) >= 12:
        return "au"
    if head[:8] in (b"caff\x00\x01\x00\x00", b"caff\x00\x01\x00\x01"):
        return "caf"
    return "w64" if head.startswith(W64_MAGIC[:12]) else None
