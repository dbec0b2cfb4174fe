"""A corpus of sound that is in classes already, such as a model's clips: written as it is, level and length.

`prepare` would bring each recording to one level and cut its silences, and so change every class. Knows
nothing of models.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.pcm import INT16_SCALE
from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.data.corpus_writer import CorpusWriter, PreparedFile, clear_disk_errors
from partita.data.index import FORMAT, HIGHEST_RATE, SPLITS, fingerprint
from partita.digests import samples_hash
from partita.errors import PartitaError


def corpus_of_classes(
    out: str | Path, splits: Mapping[str, NDArray[Any]], *, sample_rate: int, quantizer: Quantizer
) -> Corpus:
    """Write clips as a corpus, complete or not at all, and return it; each clip is a recording of its own.

    The corpus gives back the very classes that were put in.

    Args:
        out: the corpus's folder, new or a corpus's.
        splits: split to (clips, samples) classes.
        sample_rate: Hz.
        quantizer: classes -> waveform.

    Raises:
        PartitaError: no such split, classes too many for 16-bit samples, no clip, or a folder that holds
            something else.

    >>> import tempfile
    >>> clips = np.array([[128, 130, 125]], np.uint8)
    >>> made = corpus_of_classes(
    ...     Path(tempfile.mkdtemp()) / "corpus", {"train": clips}, sample_rate=8000, quantizer=Quantizer()
    ... )
    >>> Quantizer().encode_int16(made.samples).tolist()
    [128, 130, 125]
    """
    out = Path(out)
    with clear_disk_errors(out), CorpusWriter(out) as workspace:
        store, files, recordings = workspace.scratch / "clips.i16", [], []
        with store.open("wb") as target:
            for split in splits:
                for number, clip in enumerate(splits[split]):
                    data = _int16(clip, quantizer).astype("<i2").tobytes()
                    name, offset = f"{split}-{number:05d}", target.tell() // 2
                    files.append(_file(name, data, offset, store))
                    recordings.append(_recording(name, split, offset, len(clip)))
                    target.write(data)
        index = workspace.commit(_index(files, recordings, sample_rate), files)
        return Corpus.mapped(out, index)


def _int16(classes: NDArray[Any], quantizer: Quantizer) -> NDArray[np.int16]:
    samples = np.rint(quantizer.decode(classes).astype(np.float64) * INT16_SCALE).astype(np.int16)
    if not (quantizer.encode_int16(samples) == classes).all():
        raise PartitaError(
            f"{quantizer.classes} {quantizer.kind} classes can't be told apart in 16-bit samples: take fewer"
        )
    return samples


def _file(name: str, data: bytes, offset: int, store: Path) -> PreparedFile:
    digest = samples_hash(data).hexdigest()
    return PreparedFile(
        source=name,
        size=len(data),
        mtime_ns=0,
        digest=digest,
        reason=None,
        stretches=((0, len(data) // 2),),
        samples_digest=digest,
        offset=offset,
        store=store,
    )


def _recording(name: str, split: str, offset: int, length: int) -> dict[str, Any]:
    if split not in SPLITS:
        raise PartitaError(f"`split` is {split!r}, must be one of {', '.join(SPLITS)}")
    segment = {"source_start_s": 0.0, "offset": offset, "length": length}
    return {"source": name, "split": split, "label": None, "segments": [segment]}


def _index(
    files: Sequence[PreparedFile], recordings: list[dict[str, Any]], sample_rate: int
) -> dict[str, Any]:
    if not files:
        raise PartitaError("there is no clip to make a corpus of: give at least one")
    if not 1 <= sample_rate <= HIGHEST_RATE:
        raise PartitaError(f"`sample_rate` is {sample_rate}, must be 1 to {HIGHEST_RATE} Hz")
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
    return {**index, "fingerprint": fingerprint(index)}
