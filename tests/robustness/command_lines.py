"""Odd command lines from a seed: valid ones of every subcommand, changed a few times in the ways that people
and scripts get them wrong.

None of them computes for long: what is not changed is small, values that are large are refused, and
subcommands that measure or train for minutes always end with a mistake.
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
"""Values that few options expect: empty, no number, not finite, too large, no text, markup, paths."""

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
"""A quick command line of each subcommand."""

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
"""Options that odd values are given to."""

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
"""What a line is ended with: options that keep it short, those that are there already left out."""

ALWAYS = {"--device", "--size", "--targets"}  # even where they are there already: the last one counts


def command_lines(seed: int, count: int, places: dict[str, str]) -> Iterator[list[str]]:
    """Yield command lines.

    Args:
        seed: the same seed gives the same lines.
        count: how many.
        places: folders `recordings`, `corpus` and `run`, and `new`, where there is nothing yet.
    """
    chance = random.Random(seed)
    for number in range(count):
        name = chance.choice([*VALID, "train", "generate", "prepare"])
        words = [word.format(**{**places, "new": f"{places['new']}-{number}"}) for word in VALID[name]]
        for _ in range(chance.randint(1, 2)):
            words = _changed(words, name, chance)
        for option, value in BOUNDS.get(name, ()):
            if option in ALWAYS or not any(word.partition("=")[0] == option for word in words):
                words += [option, value]
        yield ([name] if chance.random() < 0.97 else [chance.choice(ODD)]) + words


def _changed(words: list[str], name: str, chance: random.Random) -> list[str]:
    """Return the words with one mistake more, perhaps."""
    odd = chance.choice(chance.choice((NUMBERS, ODD)))
    if chance.random() < 0.4 and any(word.startswith("--") for word in words):  # the value of an option
        place = chance.choice([place for place, word in enumerate(words) if word.startswith("--")])
        return [*words[: place + 1], odd, *words[place + 2 :]]
    place = chance.randrange(len(words) + 1)
    before, after = words[:place], words[place:]
    option = chance.choice(MORE[name])
    return chance.choice(
        (
            *([[*words, option, odd]] * 4),  # a value that no option expects
            [*words, f"{option}={odd}"],
            [*before, option, *after],  # an option without its value
            before + after[1:],  # a word too few
            [*before, odd, *after],  # a word too many
            [*before, odd, *after[1:]],  # another value
            before + after + after[:2],  # repeated
            [*before, *(word[:-1] if word.startswith("--") else word.upper() for word in after)],
        )
    )
