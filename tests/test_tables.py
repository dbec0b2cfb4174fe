"""Tables read from files: the error for a wrong value names the key, the rule and the remedy."""

from collections.abc import Callable
from pathlib import Path

import pytest

from partita.errors import PartitaError
from partita.tables import Table, read_json, read_toml

TABLE = Table(
    {"whole": 3, "real": 2.5, "yes": True, "name": "a", "rows": [{"length": 5}], "nothing": None},
    source="x.json",
    remedy="copy it again",
)


def test_values_of_the_expected_types_are_returned() -> None:
    assert TABLE.integer("whole", minimum=3, maximum=3) == 3
    assert TABLE.number("real") == 2.5 and TABLE.number("whole") == 3.0
    assert TABLE.boolean("yes") is True and TABLE.text("name") == "a"
    assert [row.integer("length") for row in TABLE.tables("rows")] == [5]
    assert TABLE.integer("absent", default=7) == 7
    assert TABLE.optional("nothing", TABLE.text) is None


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (lambda: TABLE.integer("real"), "`real` in x.json is 2.5, must be an integer: copy it again"),
        (lambda: TABLE.integer("yes"), "`yes` in x.json is True, must be an integer"),
        (lambda: TABLE.integer("whole", minimum=4), "must be an integer of at least 4"),
        (lambda: TABLE.integer("whole", maximum=2), "must be at most 2"),
        (lambda: TABLE.number("name"), "must be a number"),
        (lambda: TABLE.text("whole"), "must be a string"),
        (lambda: TABLE.boolean("whole"), "must be true or false"),
        (lambda: TABLE.table("rows"), "must be a table"),
        (lambda: TABLE.array("name"), "must be a list"),
        (lambda: TABLE.integer("absent"), "`absent` is missing in x.json: copy it again"),
        (lambda: TABLE.tables("rows")[0].text("length"), r"`rows\[0\].length` in x.json is 5"),
        (lambda: Table({"a": "x" * 999}, "f", "r").boolean("a"), r"^`a` in f is '.{59}\.\.\., must be"),
        (lambda: Table({"a": [{}, 5]}, "f", "r").tables("a"), "item 1 is not a table"),
        (lambda: Table({"a": float("nan")}, "f", "r").number("a"), "must be a number"),
    ],
)
def test_other_values_raise_an_error_with_key_rule_and_remedy(read: Callable[[], object], words: str) -> None:
    with pytest.raises(PartitaError, match=words):
        read()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"a": ', "is damaged"),
        (b"\xff\xfe", "is damaged"),
        (b"[1]", "its content is not a JSON object or a TOML table"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is damaged"),
    ],
)
def test_damaged_json_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(PartitaError, match=f"a.json .*{words}.*: remove it"):
        read_json(tmp_path / "a.json", remedy="remove it")


@pytest.mark.parametrize(
    "content",
    [
        b"a = ",
        b"\xff",
        b"a = " + b"[" * 50_000,
        b"a = 1\na = 2",
        b"a = [" * 3000,
        b"a = [0x" + b"f" * 5000 + b"]",
    ],
)
def test_damaged_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.toml").write_bytes(content)
    with pytest.raises(PartitaError, match=r"is damaged .*: repair it"):
        read_toml(tmp_path / "a.toml", remedy="repair it")


@pytest.mark.parametrize("digits", ["1e999", str(2**1024 - 1)])
def test_numbers_beyond_the_range_of_floats_are_refused(tmp_path: Path, digits: str) -> None:
    (tmp_path / "x.json").write_text(f'{{"bits": {digits}}}')
    with pytest.raises(PartitaError, match=r"`bits` .*must be a number"):
        read_json(tmp_path / "x.json", remedy="remove it").number("bits")


def test_a_folder_instead_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PartitaError, match="can't be read"):
        read_json(tmp_path, remedy="remove it")
