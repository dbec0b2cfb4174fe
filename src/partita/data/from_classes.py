"""Write a corpus of quantized clips, such as those of a model, without changing their level or length.

`prepare` would set the level of each clip and cut its silence, which changes its classes. These corpora have
no pitch of their own, but they can hold the features that their clips were drawn with. This module does not
know models.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.layout import PITCH_COLUMNS, hop_length_for
from partita.audio.pcm import INT16_SCALE
from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.data.corpus_writer import CorpusWriter, explain_full_disk
from partita.data.index import FORMAT, MAX_SAMPLE_RATE, SPLITS, fingerprint
from partita.data.prepared_file import PreparedFile, StorePart
from partita.data.stores import SAMPLE_BYTES
from partita.digests import new_samples_hash
from partita.errors import PartitaError


def corpus_from_classes(
    out: str | Path,
    splits: Mapping[str, NDArray[Any]],
    *,
    sample_rate: int,
    quantizer: Quantizer,
    features: Mapping[str, NDArray[np.float32]] | None = None,
) -> Corpus:
    """Write clips as a corpus and return it; each clip is a recording.

    Encoding the samples of the corpus gives exactly the classes of the clips. The corpus is written
    completely or not at all.

    Args:
        out: the corpus folder, new or a corpus.
        splits: name of a split to (clips, samples) classes.
        sample_rate: Hz.
        quantizer: the quantizer of the classes.
        features: for each split (clips, samples // hop_length + 1, columns), the features of the frames that
            each clip was drawn with; frame i is centred at sample i * hop_length. They then count as the
            features of the sound, which are not computed. None for clips without.

    Returns:
        The corpus.

    Raises:
        PartitaError: a split does not exist, the quantizer has too many classes for 16-bit samples, there is
            no clip, the features do not fit the clips, or the folder holds something else than a corpus.

    >>> import tempfile
    >>> clips = np.array([[128, 130, 125]], np.uint8)
    >>> made = corpus_from_classes(
    ...     Path(tempfile.mkdtemp()) / "corpus", {"train": clips}, sample_rate=8000, quantizer=Quantizer()
    ... )
    >>> Quantizer().encode_int16(made.samples).tolist()
    [128, 130, 125]
    """
    out, columns = Path(out), None if features is None else _columns(splits, features, sample_rate)
    with explain_full_disk(out), CorpusWriter(out) as writer:
        samples, frames = _Store(writer.scratch / "clips.i16"), _Store(writer.scratch / "clips.f32")
        files, recordings = [], []
        for split in splits:
            for number, clip in enumerate(splits[split]):
                name, offset = f"{split}-{number:05d}", samples.size // 2
                part, digest = samples.append(_to_int16(clip, quantizer).astype("<i2").tobytes())
                file = _file(name, part, digest)
                if features is not None:
                    given = features[split][number].astype("<f4")
                    part, digest = frames.append(given.tobytes())
                    file = replace(file, pitch_part=part, pitch_digest=digest)
                files.append(file)
                recordings.append(_recording(name, split, offset, len(clip)))
        index = _index(files, recordings, sample_rate, columns)
        return Corpus.from_index(out, writer.commit(index, files))


class _Store:
    """A scratch file to which the bytes of clips are appended."""

    def __init__(self, path: Path) -> None:
        self.path, self.size = path, 0
        path.write_bytes(b"")

    def append(self, data: bytes) -> tuple[StorePart, str]:
        """Append bytes; return where they are, and their digest."""
        with self.path.open("ab") as target:
            target.write(data)
        part = StorePart(self.path, self.size, len(data))
        self.size += len(data)
        return part, new_samples_hash(data).hexdigest()


def _columns(
    splits: Mapping[str, NDArray[Any]], features: Mapping[str, NDArray[np.float32]], sample_rate: int
) -> int:
    """Return the columns of the features, after checking that they fit the clips."""
    hop = hop_length_for(sample_rate)
    widths = {rows.shape[-1] for rows in features.values()}
    fit = features.keys() == splits.keys() and all(
        features[name].shape[:2] == (len(clips), clips.shape[1] // hop + 1) for name, clips in splits.items()
    )
    if not fit or len(widths) != 1 or min(widths) <= PITCH_COLUMNS:
        raise PartitaError(
            "the features do not fit the clips: for each split give (clips, samples // hop_length + 1,"
            f" columns), with bands, pitch and periodicity, for a hop length of {hop}"
        )
    return int(widths.pop())


def _to_int16(classes: NDArray[Any], quantizer: Quantizer) -> NDArray[np.int16]:
    samples = np.rint(quantizer.decode(classes).astype(np.float64) * INT16_SCALE).astype(np.int16)
    if not (quantizer.encode_int16(samples) == classes).all():
        raise PartitaError(
            f"{quantizer.classes} {quantizer.kind} classes can't be told apart in 16-bit samples: use fewer"
        )
    return samples


def _file(name: str, part: StorePart, digest: str) -> PreparedFile:
    return PreparedFile(
        source=name,
        size=part.size,
        mtime_ns=0,
        digest=digest,
        reason=None,
        stretches=((0, part.size // SAMPLE_BYTES),),
        samples_digest=digest,
        samples_part=part,
    )


def _recording(name: str, split: str, offset: int, length: int) -> dict[str, Any]:
    if split not in SPLITS:
        raise PartitaError(f"`split` is {split!r}, must be one of {', '.join(SPLITS)}")
    segment = {"source_start_s": 0.0, "offset": offset, "length": length}
    return {"source": name, "split": split, "label": None, "segments": [segment]}


def _index(
    files: Sequence[PreparedFile], recordings: list[dict[str, Any]], sample_rate: int, columns: int | None
) -> dict[str, Any]:
    if not files:
        raise PartitaError("`splits` holds no clip: give at least one")
    if not 1 <= sample_rate <= MAX_SAMPLE_RATE:
        raise PartitaError(f"`sample_rate` is {sample_rate}, must be 1 to {MAX_SAMPLE_RATE} Hz")
    if not all(file.samples for file in files):
        raise PartitaError("a clip has no samples: give clips of at least one sample")
    index = {
        "format": FORMAT,
        "sample_rate": sample_rate,
        "samples": sum(file.samples for file in files),
        "sound": "classes",
        "root": "",
        "recordings": recordings,
        "warnings": [],
        "skipped": [],
        "files": [file.as_json() for file in files],
    }
    if columns is not None:
        index |= {"feature_columns": columns, "pitch_hop_length": hop_length_for(sample_rate)}
    return {**index, "fingerprint": fingerprint(index)}
