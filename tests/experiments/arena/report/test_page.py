import re
from pathlib import Path
from typing import Any

import pytest

from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.report.page import write_arena_page
from partita.experiments.arena.report.plots import divergence_plane, outside_the_plane
from partita.reports.axes import limited_range


def score(value: float) -> dict[str, Any]:
    return {"value": value, "low": value - 0.01, "high": value + 0.01, "seeds": [value, value]}


def choice(settings: str) -> dict[str, Any]:
    return {
        "settings": settings if settings == "likelihood" else f"steer:x=<b>{settings}</b>",
        "temperature": 0.9,
        "validation": 0.4,
    }


def build_scores(away: float = 0.4) -> dict[str, Any]:
    """Return scores of two arms, one of them steered, with HTML in their names."""
    likelihood = {"kl_sum": score(0.5), "kl_forward": score(0.2), "kl_reverse": score(0.3)}
    beside = likelihood | {"kl_reverse_bound": score(0.3)}
    runaway = {"kl_sum": score(away + 0.2), "kl_forward": score(0.2), "kl_reverse": score(away)}
    steer = {"kl_reverse_bound": score(0.25)}
    return {
        "arms": {"likelihood": beside, "steer": steer},
        "pairs": [
            {
                "family": "learned",
                "score": "kl_sum",
                "a": "steer",
                "b": "likelihood",
                "difference": -0.0123456,
                "low": -0.02,
                "high": -0.01,
                "p": 0.01,
                "p_corrected": 0.02,
                "verdict": "better",
                "seeds": [0, 1],
            }
            | change
            for change in ({}, {"low": None, "high": None, "p_corrected": None, "verdict": "undecided"})
        ],
        "seeds": [0, 1],
        "choices": {"likelihood": choice("likelihood"), "steer": choice("settings")},
        "curves": {
            "likelihood": [{"temperature": 1.0} | likelihood, {"temperature": 0.8} | runaway],
            "steer": [{"temperature": 1.0} | steer],
        },
        "validation": {
            "likelihood": [{"temperature": 1.0} | likelihood, {"temperature": 0.8} | runaway],
            "steer:x=<b>settings</b>": [{"temperature": 1.0} | steer],
        },
        "training": {"likelihood": {"steps": 200.0}, "steer": {"steps": 90.0, "critic_seconds": 12.0}},
        "heard": {"steer": [0.5, 0.0]},
        "told_right": {"steer": [0.6, None, 0.5]},
        "agreement": {"steer": {"value": 0.37, "low": 0.3, "high": 0.4}},
        "warnings": ["the curves were <i>steep</i>"],
    }


def config(out: Path) -> ArenaConfig:
    return ArenaConfig(out=out, arms=("likelihood", "steer"), corpus=Path("my corpus"))


def test_the_page_is_complete_and_its_text_is_escaped(tmp_path: Path) -> None:
    page = write_arena_page(config(tmp_path), build_scores())
    text = page.read_text()
    assert not re.search(r'(src|href)="(?!data:|#)', text), "the page needs no other file"
    assert "&lt;b&gt;settings&lt;/b&gt;" in text and "&lt;i&gt;steep&lt;/i&gt;" in text
    for shown in (
        "0.5000",
        "0.4900 to 0.5100",
        "−0.0123",
        "better",
        "undecided",
        "critic seconds",
        "in 25% of updates",
        "<dt>discriminator’s accuracy</dt><dd>55%</dd>",
        "at most",
        "partita arena --out",
    ):
        assert shown in text, shown


def test_all_figures_are_vector_graphics_with_a_title(tmp_path: Path) -> None:
    # regression: the plots were white PNG images on a dark page
    text = write_arena_page(config(tmp_path), build_scores()).read_text()
    assert "data:image/png" not in text
    assert len(re.findall(r'<svg [^>]*class="drawing"', text)) == 4
    for figure in re.findall(r"<svg .*?</svg>", text, re.DOTALL):
        assert "<title>" in figure or 'aria-hidden="true"' in figure


@pytest.mark.parametrize("away", [0.4, 60.0])
def test_extreme_values_do_not_break_the_page(tmp_path: Path, away: float) -> None:
    assert write_arena_page(config(tmp_path), build_scores(away)).is_file()


def ends(values: list[float], *chosen: dict[str, float]) -> tuple[float, float]:
    found = limited_range(values, chosen)
    assert found is not None
    return found


@pytest.mark.parametrize(("chosen", "inside"), [(0.9, True), (60.0, False)])
def test_a_chosen_point_is_inside_the_plot_unless_it_is_extreme(chosen: float, inside: bool) -> None:
    low, high = ends([0.1, chosen, 50.0], {"value": chosen, "low": -0.9 * chosen, "high": chosen})
    assert low < 0.1 and high < 50.0
    assert (high > chosen) == inside
    assert (low < -0.5) == inside  # the interval of an extreme point does not extend the axis


@pytest.mark.parametrize("least", [-0.1, 0.14])
def test_negative_values_do_not_reverse_the_axis(least: float) -> None:
    # regression: with few students an interval reaches below 0, and so did the end of the axis
    low, high = ends([least, 0.14, 2.1], {"value": 0.14, "low": -0.1, "high": 0.38})
    assert low < -0.1 and high > 0.38


def test_a_chosen_point_outside_the_plot_is_listed() -> None:
    found = build_scores(60.0)
    found["arms"] |= {"report": {"kl_forward": score(0.2), "kl_reverse": score(60.0)}}
    for part in ("curves", "choices"):
        found[part]["report"] = found[part]["likelihood"]
    assert outside_the_plane(found) == ["report: at 0.2, 60"]
    plane = divergence_plane(found)
    assert plane is not None and [cross.arm for cross in plane.crosses] == [0]
    found["arms"]["steer"] = {"kl_reverse_bound": score(9.0)}
    assert outside_the_plane(found) == ["steer: y at most 9", "report: at 0.2, 60"]
    plane = divergence_plane(found)
    assert plane is not None and plane.guides == []


def test_a_point_of_the_plane_is_at_its_divergences() -> None:
    plane = divergence_plane(build_scores())
    assert plane is not None
    (cross,) = plane.crosses
    assert cross.left < cross.x < cross.right and cross.top < cross.y < cross.bottom
    (guide,) = plane.guides
    assert guide.place > cross.y and guide.arm == 1  # 0.25 is below 0.3
    assert (
        "likelihood, T = 0.9 at 0.2, 0.3" in plane.summary
        and "steer, T = 0.9, at most at 0.25" in plane.summary
    )


def test_a_page_with_one_steered_arm(tmp_path: Path) -> None:
    found = build_scores()
    for part in ("arms", "choices", "curves", "training"):
        found[part] = {"steer": found[part]["steer"]}
    assert "at most" in write_arena_page(config(tmp_path), found).read_text()
