"""Read the config file of a run, `config.toml`, and check its format, its sections and its digest.

This file does not know what the settings of a section mean.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from partita.data.index import MAX_SAMPLE_RATE
from partita.digests import DIGEST, verify_digest
from partita.errors import PartitaError
from partita.models.choice import SHAPES
from partita.runs.config_formats import FORMAT, upgrade_run_config
from partita.tables import Table, read_toml

SECTIONS = ("corpus", "network", "quantizer", "training", "versions")
OPTIONAL_SECTIONS = ("frames", "sampling", "start", *SHAPES)
"""The frame tier's shape, settings of drawing, the run that training began from, shapes of other models."""
REMEDY = "copy the run's config again"
EDIT_REMEDY = f"{REMEDY}, or, if you edited it, remove its line `{DIGEST}`"


@dataclass(frozen=True)
class RunConfigFile:
    """The content of a run's config file.

    Args:
        values: `format` and the sections, in the current format.
        digest: the digest in the file; None if the file has none.
    """

    values: dict[str, Any]
    digest: str | None


def read_config_file(path: Path) -> RunConfigFile:
    """Return the config of a run in the current format.

    Args:
        path: the file `config.toml`.

    Raises:
        PartitaError: the file can't be read, is damaged, has a newer format, or has unknown or missing
            sections.

    >>> read_config_file(Path("config.toml"))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: config.toml can't be read (No such file or directory): copy ...
    """
    table = read_toml(path, remedy=REMEDY)
    number = table.integer("format", minimum=1)
    if number > FORMAT:
        raise PartitaError(
            f"{table.source} has format {number}, this version reads up to {FORMAT}: install a newer partita"
        )
    upgraded = replace(table, values=upgrade_run_config(table.values, where=table.source))
    _check_sections(upgraded)
    verify_digest(replace(table, remedy=EDIT_REMEDY))  # before the upgrade: the digest is that of the file
    values = {name: value for name, value in upgraded.values.items() if name != DIGEST}
    return RunConfigFile(values, table.values.get(DIGEST))


def _check_sections(table: Table) -> None:
    """Raise an error unless the config has the expected sections, no others, and describes its corpus."""
    if unknown := sorted(set(table.values) - {"format", DIGEST, *SECTIONS, *OPTIONAL_SECTIONS}):
        raise PartitaError(f"{table.source} has unknown sections {', '.join(unknown)}: remove them")
    if missing := sorted(set(SECTIONS) - set(table.values)):
        raise PartitaError(f"{table.source} lacks {', '.join(missing)}: {REMEDY}")
    for name in (*SECTIONS, *(name for name in OPTIONAL_SECTIONS if name in table.values)):
        table.table(name)
    corpus = table.table("corpus")
    for name in ("path", "relative", "fingerprint"):
        corpus.text(name)
    corpus.integer("sample_rate", minimum=1, maximum=MAX_SAMPLE_RATE)
