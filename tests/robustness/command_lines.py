"""Make odd command lines from a seed: valid ones of every subcommand with typical mistakes.

None of them runs for long: the valid values are small, and large values are refused. The command lines of
subcommands that measure or train for minutes always contain an error.
"""

import random
from collections.abc import Iterator

NUMBERS = (
    *("0", "-1", "-0", "nan", "inf", "-inf", "1e400", "1e-400", "99999999999999999999", "0x10", "1_0", "1,5"),
    *("+3", "2.5", "²", "१२", "1", "7", "0.3", "1e-9", "9" * 5000, "-1e9", "18446744073709551616", "1e30"),
)
"""Values for options that take a number."""
ODD = (
    *(
        "",
        " ",
        "None",
        "True",
        "--",
        "-",
        "---x",
        "=",
        "a=b",
        "--x=",
        "@words",
        "{x}",
        "%s",
        "*",
        "[",
        "[red]",
    ),
    *("[/]", "\\", "'", '"', "\n", "\x1b[31m", "\u202egnp", "x\0y", "\ud800", "\udce9", "é", "é" * 300),
    *("~nobody-of-this-name/x", "nowhere", "a/" * 3000, "banana", "1000000"),
)
"""Values that few options accept: empty, not a number, not finite, too large, invalid text, markup, paths."""

TINY = (
    *("--size", "tiny", "--steps", "1", "--targets", "256", "--batch", "1", "--validations", "1"),
    *("--preview-clips", "0", "--no-tensorboard", "--threads", "1"),
)
VALID = {
    "prepare": ("{recordings}", "--out", "{new}", "--sample-rate", "8000", "--seed", "1", "--gap", "0.5"),
    "train": ("{corpus}", "--out", "{new}", *TINY),
    "generate": ("{run}", "--seconds", "0.02", "--out", "{new}.wav", "--clips", "1", "--threads", "1"),
    "evaluate": ("{run}", "{corpus}", "--clips", "4", "--seconds", "0.05", "--prompt-seconds", "0.05"),
    "demo": ("--out", "{new}", "--minutes", "0.1", "--size", "tiny", "--seed", "1"),
    "arena": (
        "--out",
        "{new}",
        "--arms",
        "likelihood",
        "--steps",
        "1",
        "--seeds",
        "1",
        "--corpus",
        "{corpus}",
    ),
    "bench": ("sampler", "--size", "tiny"),
}
"""A valid command line of each subcommand that runs quickly."""

MORE = {
    "prepare": (
        *("--peak-dbfs", "--test", "--validation", "--validation-seconds", "--labels", "--workers"),
        *("--no-trim", "--sample-rate", "--seed", "--gap", "--out"),
    ),
    "train": (
        *(
            "--arm",
            "--seed",
            "--optimizer",
            "--learning-rate",
            "--warmup",
            "--lr-decay-steps",
            "--lr-floor",
            "--grad-clip",
        ),
        *(
            "--weight-decay",
            "--ema-decay",
            "--match",
            "--match-weight",
            "--match-norm",
            "--device",
            "--precision",
        ),
        *(
            "--threads",
            "--patience",
            "--log-every",
            "--checkpoint-minutes",
            "--keep-checkpoints",
            "--preview-seconds",
        ),
        *("--from", "--resume", "--config", "--quantizer.kind", "--quantizer.classes", "--rollout.route"),
        *("--rollout.clips", "--critic.run", "--network.layers", "--adversary.loss", "--epochs", "--batch"),
    ),
    "generate": (
        *("--prime", "--judge", "--steer", "--particles", "--steer-block", "--strength", "--temperature"),
        *(
            "--top-k",
            "--top-p",
            "--seed",
            "--precision",
            "--device",
            "--threads",
            "--block",
            "--format",
            "--out",
        ),
    ),
    "evaluate": (
        *(
            "--split",
            "--bits-seconds",
            "--temperature",
            "--seed",
            "--threads",
            "--device",
            "--json",
            "--clips",
        ),
    ),
    "demo": ("--recordings", "--sample-rate", "--seed", "--device", "--minutes", "--size", "--out"),
    "arena": (
        *(
            "--arms",
            "--validation-seeds",
            "--minutes",
            "--teacher",
            "--corpus",
            "--teacher-size",
            "--students",
        ),
        *(
            "--train-samples",
            "--train-clips",
            "--clips",
            "--samples",
            "--temperatures",
            "--judge",
            "--workers",
        ),
        *("--precision", "--threads", "--seed", "--targets", "--batch", "--student-size", "--critic-steps"),
    ),
    "bench": ("--scaling", "--model", "--corpus", "--json", "--size"),
}
"""Options that get odd values."""

BOUNDS = {
    "train": (
        ("--steps", "1"),
        ("--minutes", "0.01"),
        ("--size", "tiny"),
        ("--targets", "256"),
        ("--preview-clips", "0"),
    ),
    "evaluate": (("--seconds", "0.05"), ("--prompt-seconds", "0.05"), ("--bits-seconds", "0.5")),
    "demo": (("--device", "banana"),),
    "arena": (("--device", "banana"),),
    "bench": (("--size", "banana"),),
}
"""Options at the end of a line that keep it fast; options that the line already has are left out."""

ALWAYS = {"--device", "--size", "--targets"}  # appended even if the line has them: the last value counts


def command_lines(seed: int, count: int, places: dict[str, str]) -> Iterator[list[str]]:
    """Yield command lines.

    Args:
        seed: the same seed gives the same lines.
        count: the number of lines.
        places: the paths of the folders `recordings`, `corpus` and `run`, and of `new`, which does not exist.
    """
    rng = random.Random(seed)
    for number in range(count):
        name = rng.choice([*VALID, "train", "generate", "prepare"])
        words = [word.format(**{**places, "new": f"{places['new']}-{number}"}) for word in VALID[name]]
        for _ in range(rng.randint(1, 2)):
            words = _changed(words, name, rng)
        for option, value in BOUNDS.get(name, ()):
            if option in ALWAYS or not any(word.partition("=")[0] == option for word in words):
                words += [option, value]
        yield ([name] if rng.random() < 0.97 else [rng.choice(ODD)]) + words


def _changed(words: list[str], name: str, rng: random.Random) -> list[str]:
    """Return the arguments after one random change."""
    odd = rng.choice(rng.choice((NUMBERS, ODD)))
    if rng.random() < 0.4 and any(word.startswith("--") for word in words):  # the value of an option
        place = rng.choice([place for place, word in enumerate(words) if word.startswith("--")])
        return [*words[: place + 1], odd, *words[place + 2 :]]
    place = rng.randrange(len(words) + 1)
    before, after = words[:place], words[place:]
    option = rng.choice(MORE[name])
    return rng.choice(
        (
            *([[*words, option, odd]] * 4),  # an unexpected value
            [*words, f"{option}={odd}"],
            [*before, option, *after],  # an option without its value
            before + after[1:],  # a missing argument
            [*before, odd, *after],  # an extra argument
            [*before, odd, *after[1:]],  # another value
            before + after + after[:2],  # repeated
            [*before, *(word[:-1] if word.startswith("--") else word.upper() for word in after)],
        )
    )
