"""What a visitor chooses for a training, and the command that does the same. Nothing is trained."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from partita.training.config.train import TrainConfig

MOST_MINUTES = 7 * 24 * 60.0
PREVIEW_SECONDS = 3.0
SIZES = {
    "tiny": "Small: quick to train and to play, with a rougher sound",
    "small": "Usual: what a computer without a graphics card trains well",
    "wide": "Large: about four times as slow as the usual one; for many hours, or a graphics card",
}
"""The sizes that the page offers, in words."""


class TrainRequest(BaseModel):
    """What to train.

    Args:
        recordings: the name of a set of recordings.
        name: what the run is called; by default as the set.
        minutes: wall-clock time.
        size: see `SIZES`; a model to start from has its own.
        start: the name of a model in the library, to start from; "" for none.

    >>> TrainRequest(recordings="cello", minutes=20).size
    'small'
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    recordings: str = Field(max_length=200)
    name: str = Field("", max_length=200)
    minutes: float = Field(gt=0.05, le=MOST_MINUTES, allow_inf_nan=False)
    size: str = Field("small", pattern=f"^({'|'.join(SIZES)})$")
    start: str = Field("", max_length=4096)


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """The settings of a run.

    Args:
        corpus: its folder.
        minutes: wall-clock time.
        size: of the network; without effect on a run that starts from a model.
        start: the model to start from, as the command line calls it; "" for none.
        threads: CPU threads.
        more: further options of `partita train`.
    """

    corpus: Path
    minutes: float
    size: str = "small"
    start: str = ""
    threads: int = 1
    more: tuple[str, ...] = ()

    def words(self, out: Path) -> list[str]:
        """Return the arguments of `partita` that train a run.

        Args:
            out: the folder of the run.

        >>> " ".join(RunSettings(corpus=Path("corpus"), minutes=20, threads=2).words(Path("runs/a")))
        'train corpus --out runs/a --size small --minutes 20 --preview-seconds 3 --threads 2'
        """
        kind = ["--from", self.start] if self.start else ["--size", self.size]
        numbers = ["--minutes", f"{self.minutes:g}", "--preview-seconds", f"{PREVIEW_SECONDS:g}"]
        threads = ["--threads", str(self.threads)]
        return ["train", str(self.corpus), "--out", str(out), *kind, *numbers, *threads, *self.more]

    def on(self, corpus: Path) -> "RunSettings":
        """Return the same settings with another corpus.

        Args:
            corpus: its folder.
        """
        return replace(self, corpus=corpus)

    def config(self) -> "TrainConfig":
        """Return the same as a config, to measure how fast it trains.

        Raises:
            PartitaError: the model to start from is not there.
        """
        from partita.training.config.train import TrainConfig
        from partita.training.start.like_model import like_model

        values: dict[str, Any] = {"minutes": self.minutes, "threads": self.threads}
        if self.start:
            return like_model(TrainConfig(**values), self.start)
        return TrainConfig(size=self.size, **values)
