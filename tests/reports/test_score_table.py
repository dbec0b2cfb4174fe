"""The table of scores."""

from partita.reports.score_table import score_rows


def score(value: float, low: float, high: float) -> dict[str, float]:
    return {"value": value, "low": low, "high": high}


def test_rows_have_the_arms_and_the_real_sound() -> None:
    arms = [
        {
            "bits_per_sample": score(4.5, 4.4, 4.6),
            "frechet_log_mel": score(30, 20, 40),
            "frechet_real_halves": score(10, 8, 12),
            "silence_share": {**score(0.25, 0.1, 0.4), "real": score(0.5, 0.4, 0.6)},
        },
        {
            "bits_per_sample": score(5, 4.9, 5.1),
            "frechet_log_mel": score(20, 10, 30),
            "frechet_real_halves": score(10, 8, 12),
            "silence_share": {**score(0.0, 0.0, 0.0), "real": score(0.5, 0.4, 0.6)},
        },
    ]
    bits, distance, silence = score_rows(arms)
    assert [cell.value for cell in bits.cells] == ["4.500", "5.000"]
    assert bits.reference.value == "–"
    assert (distance.reference.value, distance.reference.interval) == ("10.0", "8.0 to 12.0")
    assert [cell.value for cell in silence.cells] == ["25.0 %", "0.0 %"]
    assert [whisker.arm for whisker in silence.whiskers] == [0, 1, -1]


def test_whiskers_are_scaled_to_the_extremes_of_their_row() -> None:
    (row,) = score_rows([{"bits_per_sample": score(4.5, 4, 5)}, {"bits_per_sample": score(6, 5, 8)}])
    first, second = row.whiskers
    assert (first.low, first.value, first.high) == (0, 0.125, 0.25)
    assert second.high == 1


def test_a_score_that_an_arm_lacks_is_a_dash_and_one_that_all_lack_has_no_row() -> None:
    (row,) = score_rows([{}, {"bits_per_sample": score(1, 1, 1)}])
    assert [cell.value for cell in row.cells] == ["–", "1.000"]
    assert [whisker.arm for whisker in row.whiskers] == [1]
    assert score_rows([{}, {}]) == []


def test_equal_scores_are_in_the_middle() -> None:
    (row,) = score_rows([{"bits_per_sample": score(8, 8, 8)}])
    assert row.whiskers[0].value == 0.5


def test_bits_that_are_an_upper_bound_are_said_to_be_one() -> None:
    parts = {"frame_bits_per_sample": score(0.5, 0.4, 0.6), "conditional_bits_per_sample": score(4, 3.9, 4.1)}
    rows = score_rows([{"bits_per_sample": {**score(4.5, 4.3, 4.7), "upper_bound": True}, **parts}])
    assert rows[0].kind.name == "Bits per sample, at most" and "frames" in rows[0].kind.meaning
    assert [row.cells[0].value for row in rows] == ["4.500", "0.500", "4.000"]
