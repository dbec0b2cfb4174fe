"""The scoreboard has the keys of `scores.json`, is valid JSON, and refuses unknown names."""

import json

import numpy as np
import pytest

from partita.errors import PartitaError
from partita.evaluation.statistics.scoreboard import scoreboard
from partita.evaluation.statistics.verdict import Direction

Scores = dict[str, dict[str, dict[int, float]]]


@pytest.fixture
def scores() -> Scores:
    rng = np.random.default_rng(0)
    return {
        arm: {
            "kl_forward": {seed: float(rng.normal(gain)) for seed in range(10, 18)},
            "minutes": dict.fromkeys(range(10, 18), 2.5),
        }
        for arm, gain in (("likelihood", 0), ("policy", -5), ("twin", 0))
    }


def test_the_board_has_the_documented_keys(scores: Scores) -> None:
    board = scoreboard(scores, {"kl_forward": "lower"})
    assert board["better"] == {"kl_forward": "lower"}
    assert set(board["arms"]) == {"likelihood", "policy", "twin"}
    one = board["arms"]["policy"]["kl_forward"]
    assert one["low"] < one["value"] < one["high"] and one["seeds"] == list(range(10, 18))
    assert one["value"] == pytest.approx(np.mean(one["values"]))
    keys = {
        "score", "a", "b", "difference", "low", "high", "p", "p_corrected", "verdict", "seeds", "sentence",
    }  # fmt: skip
    assert all(keys <= set(pair) for pair in board["pairs"])
    pairs = {(pair["a"], pair["b"]): pair["verdict"] for pair in board["pairs"]}
    assert pairs == {
        ("likelihood", "policy"): "worse",
        ("likelihood", "twin"): "undecided",
        ("policy", "twin"): "better",
    }
    assert board["arms"]["twin"]["minutes"]["low"] == 2.5


def test_the_board_is_json_without_infinities_even_for_one_seed(scores: Scores) -> None:
    for seeds in (1, 2, 5, 8):
        few = {
            arm: {score: dict(list(by_seed.items())[:seeds]) for score, by_seed in by_score.items()}
            for arm, by_score in scores.items()
        }
        board = scoreboard(few, {"kl_forward": "lower", "minutes": "lower"}, margins={"minutes": 1.0})
        assert json.loads(json.dumps(board, allow_nan=False)) == board


def test_named_pairs_are_compared_in_their_shared_scores(scores: Scores) -> None:
    scores["policy"]["reward"] = {10: 1.0}
    better: dict[str, Direction] = {"kl_forward": "lower", "reward": "higher"}
    board = scoreboard(scores, better, pairs=[("policy", "likelihood")])
    assert [(pair["score"], pair["a"], pair["comparisons"]) for pair in board["pairs"]] == [
        ("kl_forward", "policy", 1)
    ]


def test_each_score_is_corrected_separately(scores: Scores) -> None:
    board = scoreboard(scores, {"kl_forward": "lower", "minutes": "lower"})
    assert {pair["comparisons"] for pair in board["pairs"]} == {3}
    assert {pair["verdict"] for pair in board["pairs"] if pair["score"] == "minutes"} == {"equal"}


def test_unknown_names_are_refused(scores: Scores) -> None:
    with pytest.raises(PartitaError, match="no arm has the score `kl`"):
        scoreboard(scores, {"kl": "lower"})
    with pytest.raises(PartitaError, match="no direction"):
        scoreboard(scores, {"kl_forward": "lower"}, margins={"minutes": 1.0})
    with pytest.raises(PartitaError, match="no arm `gumbel`"):
        scoreboard(scores, {"kl_forward": "lower"}, pairs=[("gumbel", "policy")])
    scores["twin"]["minutes"][10] = float("nan")
    with pytest.raises(PartitaError, match="`minutes` of arm `twin` is nan for seed 10"):
        scoreboard(scores, {"kl_forward": "lower"})
