"""Draw the figures of the documents: `python docs/figures/make.py`; with `--demo DIR` those of a demo, too.

The first kind needs a few seconds and nothing else. The second reads a folder that `partita demo --out DIR`
made: its corpus, its runs and their metrics. Pictures go to this script's folder, or to `--out`.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import soundfile
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.signal import spectrogram

from partita.audio.quantizer import Quantizer
from partita.data.corpus import SPLITS, Corpus
from partita.data.notes import Note
from partita.data.preparation.prepare import prepare
from partita.etudes.render import render
from partita.experiments.demo.config import ARMS
from partita.models.sizes import WaveNetConfig
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.runs.metrics import read
from partita.sampling.categorical import probabilities
from partita.sampling.config import SamplingConfig

INK, BLUE, GREEN, RED, GREY = "#222222", "#2a6f97", "#6a994e", "#c1440e", "#9a9a9a"
RATE = 16000
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "xtick.color": INK,
    "ytick.color": INK,
    "savefig.dpi": 110,
}


def corpus_figure() -> Figure:
    """A recording with an inner silence, prepared: what is kept, and which split it belongs to."""
    studies = [render(10, sample_rate=RATE, seed=seed) for seed in (3, 4)]
    sound = np.concatenate([studies[0], np.zeros(3 * RATE, np.float32), studies[1]])
    with tempfile.TemporaryDirectory() as folder:
        recording = Path(folder) / "recording.wav"
        soundfile.write(recording, sound, RATE)
        corpus = prepare([recording], Path(folder) / "corpus")
        parts = [segment for split in SPLITS for segment in corpus.segments(split)]
    figure = Figure(figsize=(7.5, 2.2), layout="constrained")
    axes = figure.subplots()
    axes.plot(np.arange(0, len(sound), 8) / RATE, sound[::8], color=GREY, linewidth=0.4)
    for part in parts:
        colour = {"train": BLUE, "validation": GREEN, "test": RED}[part.split]
        start, stop = part.source_start_s, part.source_start_s + part.length / RATE
        axes.axvspan(start, stop, color=colour, alpha=0.18, linewidth=0)
        axes.text((start + stop) / 2, 0.95, part.split, ha="center", va="top", color=colour)
    axes.set(xlabel="seconds in the recording", yticks=[], ylim=(-1, 1), xlim=(0, len(sound) / RATE))
    return figure


def model_figure() -> Figure:
    """Two blocks of four dilated layers: the connections behind one prediction."""
    shape = WaveNetConfig(
        blocks=1, layers=4, residual_channels=1, dilation_channels=1, skip_channels=1, end_channels=1
    )
    figure = Figure(figsize=(7.5, 2.6), layout="constrained")
    axes = figure.subplots()
    seen, depth = {0}, len(shape.dilations)
    for layer in range(depth, 0, -1):
        dilation = shape.dilations[layer - 1]
        for here in seen:
            for past in (here, here - dilation):
                axes.plot([here, past], [layer, layer - 1], color=BLUE, linewidth=1)
        seen = {past for here in seen for past in (here, here - dilation)}
    for layer in range(depth + 1):
        axes.plot(np.arange(-16, 1), np.full(17, layer), "o", color=GREY, markersize=3, zorder=0)
    axes.plot([1], [depth], "o", color=RED)
    axes.plot([0, 1], [depth, depth], color=RED, linewidth=1)
    axes.set(xlabel="samples from now", yticks=range(depth + 1), xlim=(-16.5, 1.5))
    axes.set_yticklabels(["input", *(f"dilation {dilation}" for dilation in shape.dilations)])
    return figure


def adversary_figure() -> Figure:
    """Spectra of an AR(2) process, of a perfect model's free run, and of its teacher-forced output."""
    random = np.random.default_rng(0)
    a, b, count = 1.8, -0.95, 1 << 17
    innovations = random.standard_normal((2, count))
    real = np.zeros((2, count))
    for time in range(2, count):
        real[:, time] = a * real[:, time - 1] + b * real[:, time - 2] + innovations[:, time]
    past = a * np.roll(real[0], 1) + b * np.roll(real[0], 2)
    forced = past + random.standard_normal(count)
    figure = Figure(figsize=(7.5, 2.6), layout="constrained")
    axes = figure.subplots()
    for sound, label, colour, dash in (
        (real[0], "data", INK, "-"),
        (real[1], "a perfect model, generating", BLUE, "--"),
        (forced, "the same model, teacher-forced", RED, "-"),
    ):
        power = (np.abs(np.fft.rfft(sound.reshape(-1, 512) * np.hanning(512), axis=1)) ** 2).mean(axis=0)
        axes.plot(np.linspace(0, 0.5, 257), 10 * np.log10(power), color=colour, linestyle=dash, label=label)
    axes.set(xlabel="cycles a sample", ylabel="power, dB")
    axes.legend(frameon=False)
    return figure


def sampler_figure() -> Figure:
    """One distribution as it is, sharpened, and cut."""
    place = np.arange(Quantizer().classes)
    logits = np.log(0.7 * _bump(place, 150, 6) + 0.28 * _bump(place, 120, 10) + 0.02 / 256)
    figure = Figure(figsize=(7.5, 2.2), layout="constrained")
    settings = {
        "temperature 1": SamplingConfig(),
        "temperature 0.7": SamplingConfig(temperature=0.7),
        "top-k 16": SamplingConfig(top_k=16),
        "top-p 0.8": SamplingConfig(top_p=0.8),
    }
    for axes, (label, config) in zip(figure.subplots(1, 4, sharey=True), settings.items(), strict=True):
        axes.fill_between(
            place, probabilities(logits[None].astype(np.float32), config)[0], color=BLUE, linewidth=0
        )
        axes.set(title=label, xlabel="class", xlim=(80, 190), yticks=[])
    return figure


def training_figure(demo: Path) -> Figure:
    """Learning curves of a demo's arms: bits per sample, and the adversary's losses."""
    figure = Figure(figsize=(7.5, 2.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    for path, colour in zip(_runs(demo), (BLUE, RED), strict=False):
        records = read(RunFolder.open(path).metrics_path)
        training = [record for record in records if record["kind"] == "train"]
        left.plot([r["step"] for r in training], [r["bits"] for r in training], color=colour, alpha=0.35)
        held = [record for record in records if record["kind"] == "validation"]
        bits = [record.get("bits_average", record["bits"]) for record in held]
        left.plot(
            [record["step"] for record in held], bits, "o-", color=colour, markersize=3, label=path.name
        )
        for name, dash in (("discriminator_loss", "-"), ("adversarial_loss", ":")):
            rows = [(record["step"], record[name]) for record in training if name in record]
            if rows:
                right.plot(*zip(*rows, strict=True), dash, color=colour, label=name.replace("_", " "))
    left.set(xlabel="updates", ylabel="bits per sample")
    right.set(xlabel="updates", ylabel="loss")
    for axes in (left, right):
        axes.legend(frameon=False)
    return figure


def violin_figure() -> Figure:
    """What the model that ships draws: freely, and the first bars of a scale from a score."""
    model = load("bach-violin")
    scale = [Note(0.5 * k, 0.5 * (k + 1), pitch) for k, pitch in enumerate((62, 64, 66, 67, 69, 71, 73, 74))]
    free, played = model.draw(6.0, clips=2, seed=3), model.draw(notes=scale, seed=3)
    figure = Figure(figsize=(7.5, 4.6), layout="constrained")
    rows = figure.subplots(3, 1)
    clips = {"drawn freely": free[0], "drawn freely, another clip": free[1], "a scale of D major": played[0]}
    for axes, (title, clip) in zip(rows, clips.items(), strict=True):
        frequencies, times, power = spectrogram(clip, model.sample_rate, nperseg=1024, noverlap=768)
        shown = 10 * np.log10(np.maximum(power, 1e-12))
        axes.pcolormesh(
            times, frequencies / 1000, shown, cmap="magma", vmin=shown.max() - 75, rasterized=True
        )
        axes.set(ylabel="kHz")
        axes.set_title(title, fontsize=9, loc="left")
    rows[-1].set(xlabel="seconds")
    return figure


def evaluation_figure(demo: Path) -> Figure:
    """How much sound the splits of a demo's corpus hold, and each arm's scores with their intervals."""
    from partita.evaluation.evaluate import EvaluateConfig, evaluate

    corpus = Corpus.open(demo / "corpus")
    config = EvaluateConfig(clips=8, seconds=2.0, bits_seconds=20.0)
    found = {path.name: evaluate(path, corpus, config) for path in _runs(demo)}
    figure = Figure(figsize=(7.5, 1.8), layout="constrained")
    panels = (("bits_per_sample", "bits per sample"), ("frechet_log_mel", "Frechet distance, log-mel"))
    for axes, (score, label) in zip(figure.subplots(1, 2), panels, strict=True):
        for row, scores in enumerate(found.values()):
            _interval(axes, row, scores[score], (BLUE, RED)[row % 2])
        axes.set_yticks(range(len(found)), list(found))
        if score == "frechet_log_mel":
            real = next(iter(found.values()))["frechet_real_halves"]
            axes.axvspan(
                real["low"], real["high"], color=GREY, alpha=0.3, linewidth=0, label="two real halves"
            )
            axes.legend(frameon=False)
        axes.set(xlabel=label, ylim=(-0.6, len(found) - 0.4))
    amounts = ", ".join(f"{split} {corpus.seconds(split):.0f} s" for split in SPLITS)
    figure.suptitle(amounts, fontsize=9)
    return figure


def _interval(axes: Axes, row: int, score: dict[str, float], colour: str) -> None:
    axes.plot([score["low"], score["high"]], [row, row], color=colour, linewidth=2)
    axes.plot([score["value"]], [row], "o", color=colour)


def _bump(place: np.ndarray, centre: float, width: float) -> np.ndarray:
    return np.asarray(np.exp(-0.5 * ((place - centre) / width) ** 2) / (width * np.sqrt(2 * np.pi)))


def _runs(demo: Path) -> list[Path]:
    return [demo / "runs" / arm for arm in ARMS]


def main() -> None:
    """Draw what was asked for."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--demo", type=Path, help="a folder made by `partita demo`")
    asked.add_argument("--out", type=Path, default=Path(__file__).parent)
    given = asked.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    plain = {
        "corpus": corpus_figure,
        "model": model_figure,
        "adversary": adversary_figure,
        "sampler": sampler_figure,
        "violin": violin_figure,
    }
    trained = {
        "training": training_figure,
        "evaluation": evaluation_figure,
    }
    with mpl.rc_context(STYLE):
        for name, draw in plain.items():
            draw().savefig(given.out / f"{name}.png")
        for name, draw_from in trained.items() if given.demo else ():
            draw_from(given.demo).savefig(given.out / f"{name}.png")


if __name__ == "__main__":
    main()
