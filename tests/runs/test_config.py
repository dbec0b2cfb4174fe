"""A config is written as TOML and read back; a wrong key or value is refused."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from partita.audio.quantizer import Quantizer
from partita.errors import PartitaError
from partita.runs.config import from_table, to_table, write_toml
from partita.tables import read_toml


@dataclass(frozen=True, kw_only=True)
class Inner:
    share: float = 0.5
    words: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Outer:
    steps: int
    name: str = "a"
    on: bool = False
    limit: float | None = None
    inner: Inner = field(default_factory=Inner)
    other: Inner | None = None


@pytest.mark.parametrize(
    "config",
    [
        Outer(steps=1),
        Outer(steps=2, name='quote " and \\ ü', on=True, limit=1e-300, inner=Inner(share=0.1 + 0.2)),
        Outer(steps=3, other=Inner(words=("x", "y"))),
    ],
)
def test_a_config_comes_back_exactly_from_its_file(config: Outer, tmp_path: Path) -> None:
    write_toml(tmp_path / "c.toml", to_table(config))
    assert (
        from_table(Outer, read_toml(tmp_path / "c.toml", remedy="edit it").values, where="c.toml") == config
    )


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"steps": 1, "stepz": 2}, "`stepz` in c.toml is not a setting"),
        ({"steps": 1, "inner": {"sahre": 2}}, r"`sahre` in c.toml \[inner\] is not a setting"),
        ({}, "`steps` is missing in c.toml"),
        ({"steps": "many"}, "`steps` in c.toml is 'many', must be of type int"),
        ({"steps": True}, "must be of type int"),
        ({"steps": 1, "inner": 3}, "must be of type Inner"),
        ({"steps": 1, "on": 1}, "must be of type bool"),
        ({"steps": [1]}, r"`steps` in c.toml is \[1\], must be of type int"),
        ({"steps": 1, "limit": 10**400}, "`limit` in c.toml is a number too long to show"),
        ({"steps": 1, "limit": [[[]]]}, "`limit` in c.toml"),
        ({"steps": 1, "inner": {"words": "x"}}, r"`words` in c.toml \[inner\] is 'x', must be of type tuple"),
        (
            {"steps": 1, "inner": {"words": [1, "x"]}},
            r"`words` in c.toml \[inner\] is 1, must be of type str",
        ),
        ({"steps": 1, "inner": "x" * 999}, r"`inner` in c.toml is 'x{59}\.\.\., must be"),
    ],
)
def test_wrong_keys_and_types_are_refused(table: dict[str, object], words: str) -> None:
    with pytest.raises(PartitaError, match=words):
        from_table(Outer, table, where="c.toml")


def test_a_whole_number_is_read_as_a_float() -> None:
    config = from_table(Outer, {"steps": 1, "limit": 3}, where="c.toml")
    assert isinstance(config.limit, float)
    assert config.limit == 3


def test_a_value_out_of_range_says_in_which_file_it_is() -> None:
    with pytest.raises(PartitaError, match=r"`classes` is 1, must be .*\(in c\.toml \[quantizer\]\)"):
        from_table(Quantizer, {"classes": 1}, where="c.toml [quantizer]")
