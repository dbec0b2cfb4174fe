"""What steering gains where the truth is known: a trained model is the data, a smaller one learns to draw it.

With the exact log-ratio of the two as the judge, -E[log2 Z_K] / T bounds KL(steered || data) from above, in
bits a sample, and is exact for K = 1, plain sampling. Continuations of prompts that the teacher drew, for
several K and several blocks on the same seeds; no block is drawn before the end. Run it as

    python docs/results/sampler/steering.py RUN CORPUS --student FILE --out steering.json
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from partita import Corpus, load, storage
from partita.data.prompts import prompts
from partita.evaluation.statistics.scores import Score, block_mean, percentile_interval
from partita.models.sizes import SIZES
from partita.models.wavenet import WaveNet
from partita.runs.loading import LoadedModel
from partita.runs.versions import versions
from partita.sampling.config import SamplingConfig, SteeringConfig
from partita.sampling.smc.sampler import SteeredStream, Steering
from partita.sampling.smc.scorers import RatioScorer
from partita.sampling.stream import draw
from partita.seeds import numpy_stream
from partita.training.config.train import TrainConfig
from partita.training.schedule import learning_rate
from partita.training.steps.learner import StepInfo
from partita.training.steps.wavenet import WaveNetStep

NATS_PER_BIT = float(np.log(2.0))
RESAMPLES = 2000


def teacher_sound(teacher: LoadedModel, corpus: Corpus, split: str, clips: int, steps: int, seed: int) -> Any:
    """Return (clips, steps) classes that the teacher drew, the first receptive field of them forgotten."""
    model, field = teacher.model, teacher.model.receptive_field
    given = prompts(corpus, split, count=clips, length=field, seed=seed, quantizer=teacher.quantizer)
    config, zero = SamplingConfig(seed=seed), teacher.quantizer.zero_class
    drawn = draw(model, clips=clips, steps=field + steps, prompt=given, config=config, zero_class=zero)
    return drawn[:, field:]


def train_student(sound: NDArray[np.uint8], minutes: float, seed: int) -> WaveNet:
    """Return a `tiny` network that has learnt to draw such sound, as `partita train` would train it."""
    config = TrainConfig(size="tiny", steps=1, seed=seed, targets=8192, batch=2)
    learner, random = WaveNetStep(config), numpy_stream(seed, "data")
    length = learner.generator.receptive_field + config.targets
    valid = torch.ones(config.batch, config.targets, dtype=torch.bool)
    start, step, said = time.monotonic(), 0, 0.0
    learner.generator.train()
    while (progress := (time.monotonic() - start) / (60.0 * minutes)) < 1.0:
        clips = random.integers(len(sound), size=config.batch)
        firsts = random.integers(sound.shape[1] - length, size=config.batch)
        windows = np.stack([sound[c, f : f + length] for c, f in zip(clips, firsts, strict=True)])
        rate = learning_rate(
            step, progress, peak=config.learning_rate, warmup=config.warmup, floor=config.lr_floor,
            decay_steps=config.lr_decay_steps,
        )  # fmt: skip
        step += 1
        numbers = learner.update(torch.from_numpy(windows).long(), valid, StepInfo(step, rate, progress))
        said = 0.98 * said + 0.02 * float(numbers["bits"])
        if step % 100 == 0:
            print(f"step {step}, {progress:.0%}, {said / (1 - 0.98**step):.4f} bits", flush=True)
    return learner.best_model


@torch.inference_mode()
def bits(model: WaveNet, past: NDArray[Any], sound: NDArray[Any]) -> NDArray[np.float64]:
    """Return -log2 p of each clip, (clips,), by plain teacher forcing: what the judge is held to."""
    found = []
    for clip in np.concatenate([past[:, -model.receptive_field :], sound], 1):
        classes = torch.from_numpy(clip).long()[None]
        logits = model(classes[:, :-1])[0].double()
        chosen = classes[0, model.receptive_field :, None]
        found.append(-float(logits.log_softmax(1).gather(1, chosen).sum()) / NATS_PER_BIT)
    return np.array(found)


def lower_by(value: NDArray[np.float64], plain: NDArray[np.float64], seed: int) -> Score:
    """Return by how many per cent the mean is below the plain one; the bootstrap draws pairs of clips."""
    picks = numpy_stream(seed, "evaluation/bootstrap").integers(len(value), size=(RESAMPLES, len(value)))
    replicates = 100.0 * (1.0 - value[picks].mean(1) / plain[picks].mean(1))
    return percentile_interval(100.0 * (1.0 - value.mean() / plain.mean()), replicates)


class Experiment:
    """A teacher, a student, and prompts to continue."""

    def __init__(self, teacher: WaveNet, student: WaveNet, prompt: NDArray[Any], steps: int, seed: int):
        self.teacher, self.student = teacher, student
        self.prompt, self.steps, self.seed = prompt, steps, seed

    def steered(self, particles: int, block: int) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """Return continuations and their log2 Z_K."""
        judge = RatioScorer(self.teacher, self.student)
        settings = SteeringConfig(particles=particles, block=block, lag=None)
        stream = SteeredStream(
            self.student, Steering(scorer=judge, config=settings), prompt=self.prompt,
            clips=len(self.prompt), steps=self.steps, config=SamplingConfig(seed=self.seed), zero_class=128,
        )  # fmt: skip
        sound = stream.take(self.steps)
        return sound, stream.log_evidence / NATS_PER_BIT

    def score(self, totals: NDArray[np.float64]) -> dict[str, float]:
        """Return a mean a sample, with its interval over clips."""
        return block_mean(totals, np.full(len(totals), self.steps), seed=self.seed).as_json()

    def plain(self) -> tuple[dict[str, Any], NDArray[np.float64]]:
        """Return the bound for K = 1, beside KL by teacher forcing on the same clips and on plain ones."""
        sound, evidence = self.steered(1, 256)
        config, clips = SamplingConfig(seed=self.seed), len(self.prompt)
        same = draw(
            self.student, clips=clips, steps=self.steps, prompt=self.prompt, config=config, zero_class=128
        )
        direct = bits(self.teacher, self.prompt, sound) - bits(self.student, self.prompt, sound)
        found = {
            "bound": self.score(-evidence),
            "kl_by_teacher_forcing": self.score(direct),
            "equals_plain_sampling": bool((sound == same).all()),
        }
        return found, -evidence

    def case(self, particles: int, block: int, plain: NDArray[np.float64]) -> dict[str, Any]:
        """Return the bound for some particles and a block, and by how much it is lower than for K = 1."""
        _, evidence = self.steered(particles, block)
        found = {
            "particles": particles,
            "block": block,
            "bound": self.score(-evidence),
            "lower_by_per_cent": lower_by(-evidence, plain, self.seed).as_json(),
        }
        print(found, flush=True)
        return found


def read() -> argparse.Namespace:
    """Return the command line's words."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="the teacher: a run")
    parser.add_argument("corpus", type=Path, help="whose sound the teacher goes on from")
    parser.add_argument("--student", type=Path, required=True, help="where the student is kept")
    parser.add_argument("--out", type=Path, required=True, help="where the numbers go, JSON")
    parser.add_argument("--minutes", type=float, default=7.0, help="of the student's training")
    parser.add_argument("--samples", type=int, default=3_000_000, help="that the student learns from")
    parser.add_argument("--clips", type=int, default=64)
    parser.add_argument("--steps", type=int, default=2048)
    parser.add_argument("--particles", type=int, nargs="+", default=[4, 16, 64])
    parser.add_argument("--blocks", type=int, nargs="+", default=[64, 16, 256, 1])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only-train", action="store_true", help="leave when the student is kept")
    return parser.parse_args()


def main() -> None:
    """Train the student, unless it is there, and measure."""
    words = read()
    torch.set_num_threads(2)
    teacher, corpus = load(words.run), Corpus.open(words.corpus)
    student = WaveNet(SIZES["tiny"]).eval().requires_grad_(False)
    if not words.student.exists():
        sound = teacher_sound(teacher, corpus, "train", 256, words.samples // 256, words.seed)
        trained = train_student(sound, words.minutes, words.seed)
        with storage.atomic_file(words.student) as part:
            save_file(dict(trained.state_dict()), part)
    if words.only_train:
        return
    student.load_state_dict(load_file(words.student))
    field = teacher.model.receptive_field
    heard = teacher_sound(teacher, corpus, "validation", words.clips, field + words.steps, words.seed + 1)
    past, future = heard[:, :field], heard[:, field:]
    experiment = Experiment(teacher.model, student, past, words.steps, words.seed + 2)
    plain, totals = experiment.plain()
    result: dict[str, Any] = {
        "unit": "bits a sample",
        "command": "python docs/results/sampler/steering.py RUN CORPUS --student FILE --out steering.json",
        "versions": versions(),
        "teacher": {"size": teacher.config["training"]["size"], "step": teacher.step},
        "student": {"size": "tiny", "minutes": words.minutes, "samples": words.samples},
        "clips": words.clips, "steps": words.steps, "strength": 1.0, "threshold": 0.5, "seed": words.seed,
        "teacher_on_its_sound": experiment.score(bits(teacher.model, past, future)),
        "student_on_the_teachers_sound": experiment.score(bits(student, past, future)),
        "plain": plain,
        "cases": [],
    }  # fmt: skip
    for particles in words.particles:
        for block in words.blocks:
            result["cases"].append(experiment.case(particles, block, totals))
            storage.write_json(words.out, result)


if __name__ == "__main__":
    main()
