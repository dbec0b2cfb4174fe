"""Windows stay in their segment, every sample is a target once, and a restored stream continues bitwise."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from corpus_files import IdentityQuantizer
from hypothesis import given, settings
from hypothesis import strategies as st

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.data.windows import TrainingWindows, WindowBatch, every_window
from partita.errors import PartitaError

Q = Quantizer()


def synthetic_corpus(folder: Path, lengths: list[int], splits: list[str] | None = None) -> Corpus:
    """Return a corpus whose samples are all different: sample n of the store has the value n + 1."""
    folder.mkdir(exist_ok=True)
    total = sum(lengths)
    np.arange(1, total + 1, dtype="<i2").tofile(folder / "store.i16")
    offsets = np.cumsum([0, *lengths])
    recordings = [
        {
            "source": f"{n}.wav",
            "split": splits[n] if splits else "train",
            "label": None,
            "segments": [{"source_start_s": 0.0, "offset": int(offsets[n]), "length": length}],
        }
        for n, length in enumerate(lengths)
    ]
    index = {"fingerprint": "synthetic", "sample_rate": 1000, "samples": total, "store": "store.i16"}
    return Corpus(folder, {**index, "recordings": recordings, "skipped": []})


def check_windows(batch: WindowBatch, corpus: Corpus, split: str, context: int) -> list[int]:
    """Check that each row is padding and then a contiguous part of one segment; return the targets."""
    targets = []
    segments = corpus.segments(split)
    for row, valid in zip(batch.classes, batch.valid, strict=True):
        assert valid.any()
        counted = row[context:][valid]
        targets += counted.tolist()
        segment = next(s for s in segments if s.offset < counted[0] <= s.offset + s.length)
        real = row[row > 0]
        assert segment.offset < real[0], "the window starts before its segment"
        assert real[-1] <= segment.offset + segment.length, "the window ends after its segment"
        assert np.array_equal(real, np.arange(real[0], real[-1] + 1))
        past = row[:context]
        assert np.count_nonzero(past) == min(context, counted[0] - 1 - segment.offset), "too short a context"
        assert np.all(past[: context - np.count_nonzero(past)] == 0)
        assert np.array_equal(row[context:][: len(counted)], counted)
    return targets


@settings(max_examples=40, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 70), min_size=1, max_size=6),
    targets=st.integers(1, 40),
    context=st.integers(0, 30),
    batch_and_seed=st.tuples(st.integers(1, 5), st.integers(0, 3)),
)
def test_every_training_sample_is_a_target_once_per_epoch(
    tmp_path_factory: pytest.TempPathFactory,
    lengths: list[int],
    targets: int,
    context: int,
    batch_and_seed: tuple[int, int],
) -> None:
    batch, seed = batch_and_seed
    corpus = synthetic_corpus(tmp_path_factory.mktemp("c"), lengths)
    windows = TrainingWindows(
        corpus, targets=targets, context=context, batch=batch, seed=seed, quantizer=IdentityQuantizer()
    )
    for epoch in range(3):
        seen = []
        for _ in range(windows.batches_per_epoch):
            drawn = windows.next()
            assert windows.epoch == epoch
            seen += check_windows(drawn, corpus, "train", context)
        assert sorted(seen) == list(range(1, sum(lengths) + 1))


@settings(max_examples=25, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 70), min_size=3, max_size=6),
    targets=st.integers(1, 40),
    context=st.integers(0, 30),
    batch=st.integers(1, 5),
)
def test_scoring_windows_hold_each_sample_of_the_split_once_in_order(
    tmp_path_factory: pytest.TempPathFactory, lengths: list[int], targets: int, context: int, batch: int
) -> None:
    splits = [("train", "test", "validation")[n % 3] for n in range(len(lengths))]
    corpus = synthetic_corpus(tmp_path_factory.mktemp("c"), lengths, splits)
    for split in ("train", "validation", "test"):
        seen = []
        for drawn in every_window(
            corpus, split, targets=targets, context=context, batch=batch, quantizer=IdentityQuantizer()
        ):
            seen += check_windows(drawn, corpus, split, context)
        expected = [s.offset + n for s in corpus.segments(split) for n in range(1, s.length + 1)]
        assert seen == expected


def test_phases_and_order_depend_on_the_epoch_and_on_the_seed(tmp_path: Path) -> None:
    corpus = synthetic_corpus(tmp_path, [3000])

    def epochs(seed: int) -> list[list[int]]:
        windows = TrainingWindows(
            corpus, targets=100, context=0, batch=1, seed=seed, quantizer=IdentityQuantizer()
        )
        return [
            [int(windows.next().classes[0, 0]) for _ in range(windows.batches_per_epoch)] for _ in range(4)
        ]

    first, again, other = epochs(0), epochs(0), epochs(1)
    assert first == again != other
    assert len({tuple(sorted(starts)) for starts in first}) > 1, "the phase is the same in every epoch"
    assert all(starts != sorted(starts) for starts in first), "the windows are in order"


@pytest.mark.parametrize("stop", [0, 1, 7, 12, 13, 30])
def test_a_restored_stream_continues_bitwise(tmp_path: Path, stop: int) -> None:
    corpus = synthetic_corpus(tmp_path, [500, 90, 311])
    make: dict[str, Any] = {"targets": 32, "context": 16, "batch": 2, "seed": 5, "quantizer": Q}
    whole = TrainingWindows(corpus, **make)
    for _ in range(stop):
        whole.next()
    state = json.loads(json.dumps(whole.state()))
    resumed = TrainingWindows(corpus, **make)
    resumed.restore(state)
    for _ in range(40):
        a, b = whole.next(), resumed.next()
        assert np.array_equal(a.classes, b.classes)
        assert np.array_equal(a.valid, b.valid)
        assert a.names == b.names
        assert whole.epoch == resumed.epoch


def test_a_state_of_other_windows_is_refused(tmp_path: Path) -> None:
    corpus = synthetic_corpus(tmp_path, [500])
    one = TrainingWindows(corpus, targets=32, context=16, batch=2, seed=5, quantizer=Q)
    other = TrainingWindows(corpus, targets=32, context=16, batch=2, seed=6, quantizer=Q)
    with pytest.raises(PartitaError, match="`seed` of the windows is 6, was 5"):
        other.restore(one.state())


def test_names_hold_the_time_in_the_source(corpus: Corpus) -> None:
    drawn = next(every_window(corpus, "train", targets=4000, context=0, batch=2, quantizer=Q))
    first = corpus.segments("train")[0]
    assert drawn.names[1] == f"{corpus.source(first)} @ {first.source_start_s + 0.5:.2f} s"


def test_classes_are_those_of_the_stored_samples(corpus: Corpus) -> None:
    drawn = next(every_window(corpus, "test", targets=100, context=3, batch=1, quantizer=Q))
    start = corpus.segments("test")[0].offset
    sound = np.concatenate([np.zeros(3), corpus.samples[start : start + 100] / 32767])
    assert drawn.classes.dtype == np.int64
    assert np.array_equal(drawn.classes[0], Q.encode(sound))


@pytest.mark.parametrize("bad", [{"targets": 0}, {"context": -1}, {"batch": 0}, {"split": "no"}])
def test_refuses(corpus: Corpus, bad: dict[str, Any]) -> None:
    values: dict[str, Any] = {
        "split": "train",
        "targets": 8,
        "context": 8,
        "batch": 1,
        "seed": 0,
        "quantizer": Q,
    }
    with pytest.raises(PartitaError, match=next(iter(bad))):
        TrainingWindows(corpus, **{**values, **bad})


@pytest.mark.parametrize(
    "damage", [{"epoch": "0"}, {"epoch": -1}, {"position": 1.5}, {"position": 10**9}, {"of": None}]
)
def test_a_damaged_state_is_refused_and_changes_nothing(tmp_path: Path, damage: dict[str, Any]) -> None:
    make: dict[str, Any] = {"targets": 32, "context": 16, "batch": 2, "seed": 5, "quantizer": Q}
    windows = TrainingWindows(synthetic_corpus(tmp_path, [500, 90, 311]), **make)
    before = windows.state()
    with pytest.raises(PartitaError, match=f"`windows.{next(iter(damage))}`"):
        windows.restore({**before, **damage})
    assert windows.state() == before
