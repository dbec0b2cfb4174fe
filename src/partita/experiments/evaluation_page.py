"""The page of an evaluation: clips, scores and learning curves of one model or several, and what to do next.

The models are scored elsewhere; `reports` renders the page.
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from partita import storage
from partita.data.corpus import Corpus
from partita.evaluation.evaluate import EvaluateConfig, Evaluation
from partita.experiments.command_line import experiment_command
from partita.experiments.folder import ExperimentFolder
from partita.experiments.run_facts import arm_facts, corpus_facts, network_facts, recordings_of, scoring_facts
from partita.reports.next_steps import Step, model_steps
from partita.reports.report import ArmReport, ReportData, write_report
from partita.reports.sound_words import advice, nearest, sounds_like
from partita.runs.folder import RunFolder, is_finished
from partita.runs.weights import find_checkpoint


@dataclass(frozen=True, kw_only=True)
class EvaluationPage:
    """Where the page of an evaluation goes, and what was evaluated.

    Args:
        out: the folder of the page, its clips and its scores.
        models: run folders, checkpoints or names of models that ship, as they were typed.
        names: a short and distinct name for each of them.
        corpus: the corpus.
        config: the settings of the evaluation.
    """

    out: Path
    models: Sequence[str]
    names: Sequence[str]
    corpus: Corpus
    config: EvaluateConfig

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Make the folder, or take that of an earlier evaluation, and reserve it while the block runs.

        Raises:
            PartitaError: the path is a file, the folder contains something else, or another process uses it.
        """
        folder = ExperimentFolder(path=self.out, kind="evaluation", format=1)
        with folder.lock():
            folder.write({"settings": {"models": list(self.models), "corpus": self.corpus.fingerprint}})
            yield

    def write(self, evaluations: Mapping[str, Evaluation]) -> Path:
        """Write `report.html`, the clips beside it and `scores.json`, and return the path of the page.

        Args:
            evaluations: the evaluation of each model, by its name as it was typed.
        """
        scores = {name: found.scores for name, found in evaluations.items()}
        storage.write_json(self.out / "scores.json", {"models": scores})
        return write_report(self.out / "report.html", self.content(evaluations))

    def content(self, evaluations: Mapping[str, Evaluation]) -> ReportData:
        """Return the content of the page.

        Args:
            evaluations: the evaluation of each model, by its name as it was typed.
        """
        first = next(iter(evaluations.values()))
        command = experiment_command("evaluate", self.config, *map(Path, self.models), self.corpus.path)
        best = nearest({name: found.scores for name, found in evaluations.items()})
        return ReportData(
            title=_title(self.names),
            sentences=self._sentences(evaluations, best),
            real=first.real,
            arms=[self._arm(name, head, evaluations[name]) for name, head in self._heads.items()],
            steps=self._steps(best),
            facts=[
                *corpus_facts(self.corpus),
                *scoring_facts(first.scores["about"]),
                ("split", self.config.split),
                ("seed", str(self.config.seed)),
            ],
            recordings=[row for row in recordings_of(self.corpus) if self.config.split in row[1]],
            commands=[f"{command} --out {shlex.quote(str(self.out))}"],
            kind="evaluation",
        )

    @property
    def _heads(self) -> dict[str, str]:
        """The short name of each model by its name as it was typed."""
        return dict(zip(self.models, self.names, strict=True))

    def _sentences(self, evaluations: Mapping[str, Evaluation], best: str) -> tuple[str, str, str]:
        """Return what the page is, how the clips sound, and what to do next."""
        like = {name: sounds_like(one.scores) for name, one in evaluations.items()}
        about, several = evaluations[best].scores["about"], len(like) > 1
        who = f"{len(like)} models, which continue" if several else f"{self.names[0]}, a model that continues"
        sound = "; those of ".join(f"{self._heads[name]} are {words}" for name, words in like.items())
        if len({*like.values()}) == 1:
            sound = f"{'all models' if several else 'the model'} are {like[best]}"
        further = f"Go on with {self._heads[best]}, whose clips are nearest to the recordings."
        return (
            f"This page has clips of {who} {about['clips']} moments of recordings in {self.corpus.path.name},"
            f" and scores that say how far the clips are from how the recordings go on.",
            f"The clips of {sound}.",
            further if several else advice(evaluations[best].scores),
        )

    def _steps(self, model: str) -> list[Step]:
        """Return what to do with a model."""
        run, _ = find_checkpoint(model)
        steps = model_steps(model, self.corpus.path, self.out, finished=is_finished(run.path))
        return [step for step in steps if "partita evaluate" not in step.command]

    def _arm(self, name: str, head: str, found: Evaluation) -> ArmReport:
        run, checkpoint = find_checkpoint(name)
        about = found.scores["about"]
        step = int(checkpoint.name.removeprefix("step-"))
        temperature = f"{about['temperature']:g}"
        if about["frame_temperature"] is not None:
            temperature += f" for the samples, {about['frame_temperature']:g} for the frames"
        return ArmReport(
            name=head,
            summary=f"{name} after {step:,} updates; its clips are drawn at temperature {temperature}.",
            scores=found.scores,
            clips=found.clips,
            metrics=run.records(),
            facts=self._facts(run, temperature),
        )

    def _facts(self, run: RunFolder, temperature: str) -> list[tuple[str, str]]:
        trained: list[tuple[str, str]] = arm_facts(run) if run.records() else []
        return [*trained, *network_facts(run, self.corpus.sample_rate), ("temperature", temperature)]


def _title(names: Sequence[str]) -> str:
    """Return the heading of the page.

    >>> _title(["mine"]), _title(["a", "b"])
    ('How does mine sound?', 'How do 2 models sound?')
    """
    return f"How does {names[0]} sound?" if len(names) == 1 else f"How do {len(names)} models sound?"
