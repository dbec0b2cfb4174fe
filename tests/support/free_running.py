"""Settings of free-running arms that are small enough for quick tests."""

from partita.training.config.train import RolloutConfig

CRITICS = ("critic", "corrected", "phased")
ROLLOUT = RolloutConfig(clips=4, length=64, initial_length=32, growth=0.5, prompt_tail=32, replay=8)
