"""The content of the demo's page."""

from pathlib import Path

from partita.cli.evaluate import read as read_evaluate
from partita.experiments.demo.config import ARMS, DemoConfig, evaluation_config
from partita.experiments.demo.page import evaluate_options, unequal_machine_share
from partita.runs import metrics
from partita.runs.checkpoint_state import write_state


def test_the_printed_command_repeats_the_scores_of_the_page() -> None:
    plan = evaluation_config(DemoConfig(seed=1234567), held_out=[20.0])
    about = {
        "clips": plan.clips,
        "clip_seconds": plan.seconds,
        "opening_seconds": plan.prompt_seconds,
        "bits_seconds": plan.bits_seconds,
        "temperature": plan.temperature,
        "seed": plan.seed,
    }
    options = evaluate_options(about).split()
    assert read_evaluate(["run", "corpus", *options]).config == plan


def test_a_machine_that_is_busy_for_one_arm_has_a_warning(tmp_path: Path) -> None:
    for arm, processor in zip(ARMS, ((2.0, 2.0), (2.0, 0.8)), strict=True):
        run = tmp_path / "runs" / arm
        (run / "checkpoints" / "step-000020").mkdir(parents=True)
        write_state(run / "checkpoints" / "step-000020", {"step": 20}, {})
        (run / "config.toml").touch()
        for step in range(20):
            turn = {
                "kind": "turn",
                "step": step,
                "wall_seconds": 1.0,
                "processor_seconds": processor[step % 2],
            }
            metrics.append(run / "metrics.jsonl", turn)
    warning = unequal_machine_share(tmp_path)
    assert warning is not None
    assert warning.startswith("the machine was busy while report trained: it got 68%")
    (tmp_path / "runs" / "report" / "metrics.jsonl").write_bytes(
        (tmp_path / "runs" / "likelihood" / "metrics.jsonl").read_bytes()
    )
    assert unequal_machine_share(tmp_path) is None
