"""The plots for notebooks: what is drawn is the frame, and nothing global is touched."""

from __future__ import annotations

import inspect
import re
from datetime import date

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex

from earlywarn import report
from earlywarn.errors import EarlyWarnError, ScoreError
from earlywarn.indicators.catalogue import INDICATORS
from earlywarn.report.indicator_history import indicator_history
from earlywarn.report.risk_history import rank_movement, risk_history
from earlywarn.scoring.explanation import explain
from earlywarn.scoring.national import score
from earlywarn.scoring.standing_words import CAUTION
from earlywarn.statistics.intervals import byar_limits


@pytest.fixture(autouse=True)
def _closed():
    before = dict(mpl.rcParams)
    yield
    plt.close("all")
    assert dict(mpl.rcParams) == before, "a plot has changed the settings of matplotlib"


@pytest.fixture(scope="module")
def scores(model, snapshot) -> pd.DataFrame:
    return score(model, snapshot)


@pytest.fixture(scope="module")
def histories(snapshot) -> pd.DataFrame:
    return indicator_history(snapshot)


RELIABILITY = pd.DataFrame(
    {
        "window": "confirmation",
        "model": "earlywarn",
        "bin": [1, 2, 3],
        "n": [50, 50, 50],
        "events": [2, 5, 12],
        "expected": [0.05, 0.14, 0.3],
        "observed": [0.04, 0.1, 0.24],
        "lower": [0.01, 0.06, 0.18],
        "upper": [0.1, 0.24, 0.42],
    }
)


def windows_of(*names: str) -> pd.DataFrame:
    return pd.concat([RELIABILITY.assign(window=name) for name in names])


WARNINGS = pd.DataFrame(
    {
        "model": "earlywarn",
        "la_code": ["878", "357", "383"],
        "inspection_start": ["2024-09-30", "2023-12-04", "2022-02-21"],
        "on_last_list": [1.0, 0.0, 1.0],
        "warning_months": [69.0, 0.0, 2.4],
    }
)
TWO_MODELS = pd.concat([WARNINGS, WARNINGS.assign(model="red flags")])


def inputs(kind, national, model, snapshot, scores):
    return {
        "ranked_intervals": (scores.head(26),),
        "waterfall": (explain(model, snapshot, "Tameside"),),
        "history": (national, "Tameside", "agency_workers"),
        "funnel": (snapshot, "rereferrals"),
        "calibration": (RELIABILITY,),
        "lead_time": (WARNINGS,),
        "tile_map": (scores,),
    }[kind]


KINDS = [
    "ranked_intervals",
    "waterfall",
    "history",
    "funnel",
    "calibration",
    "lead_time",
    "tile_map",
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_draws_on_the_axes_given_and_shows_nothing(
    kind, national, model, snapshot, scores, monkeypatch
):
    monkeypatch.setattr(plt, "show", lambda *_: pytest.fail("show was called"))
    figure = getattr(report, kind)
    given = inputs(kind, national, model, snapshot, scores)
    frame = figure.frame(*given)
    assert len(frame) > 2
    _, own = plt.subplots()
    assert figure(*given, ax=own) is own
    assert own.get_title(loc="left")
    made = figure(*given)
    assert made is not own
    note = f" {CAUTION}" if kind in ("ranked_intervals", "tile_map") else ""
    assert made.get_label() == f"{figure.title}: {made.get_title(loc='left')}.{note}"
    drawn = " ".join(text.get_text() for text in made.texts).split()
    assert note.strip() in " ".join(drawn)
    own.set_label("words of one's own")
    assert figure(*given, ax=own).get_label() == "words of one's own"
    made.figure.canvas.draw()


def test_ranked_intervals_draw_the_frame(scores):
    axes = report.ranked_intervals(scores.head(5))
    frame = report.ranked_intervals.frame(scores.head(5))
    assert [tick.get_text() for tick in axes.get_yticklabels()] == frame["la_name"].tolist()
    assert np.allclose(axes.lines[0].get_xdata(), 100 * frame["risk"])
    ends = np.array([segment[:, 0] for segment in axes.collections[0].get_segments()])
    assert np.allclose(ends, 100 * frame[["risk_lower", "risk_upper"]])


def test_a_waterfall_runs_from_the_start_to_the_risk(model, snapshot, scores):
    rows = explain(model, snapshot, "Tameside")
    frame = report.waterfall.frame(rows)
    risk = scores.set_index("la_name")["risk"]["Tameside"]
    assert frame["risk_after"].iloc[-1] == pytest.approx(risk, abs=1e-12)
    assert np.allclose(frame["start"].iloc[1:-1], frame["end"].iloc[:-2])
    assert set(frame["step"].iloc[1:-1].str.lower()) == set(rows["family"]) - {"baseline"}
    bars = report.waterfall(rows).patches
    assert np.allclose([bar.get_width() for bar in bars], frame["contribution"].iloc[1:-1])


def test_a_waterfall_is_of_one_authority(model, snapshot):
    with pytest.raises(ScoreError, match="153 authorities"):
        report.waterfall(explain(model, snapshot))


@pytest.mark.parametrize(
    ("indicator", "day"), [("rereferrals", "31 March"), ("agency_workers", "30 September")]
)
def test_the_axis_of_a_history_says_when_its_years_end(national, indicator, day):
    axes = report.history(national, "Leeds", indicator)
    assert axes.get_xlabel() == f"Reporting year, to {day}"


def test_the_newest_value_of_a_history_is_the_indicator(histories, indicators):
    """The report draws the figures that the model reads."""
    known = histories[histories["value"].notna()]
    newest = known.groupby(["indicator", "la_code"])["value"].last()
    checked = 0
    for record in INDICATORS:
        if record.kind == "history":
            continue
        used = indicators[record.id].dropna()
        drawn = newest[record.id].reindex(used.index)
        inherited = drawn.isna()
        assert np.allclose(used[~inherited], drawn[~inherited], rtol=0, atol=1e-9), record.id
        assert inherited.sum() <= 2, record.id
        checked += len(used)
    assert checked > 4000


def test_limits_hold_the_value_and_narrow_with_size(histories):
    rows = histories.dropna(subset=["value", "lower", "upper"])
    rows = rows[rows["value"] <= 100] if len(rows) else rows
    assert len(rows) > 10_000
    assert (rows["lower"] <= rows["value"] + 1e-9).all()
    assert (rows["value"] <= rows["upper"] + 1e-9).all()
    own = rows[(rows["indicator"] == "rereferrals") & (rows["period"] == 2024)]
    width = (own["upper"] - own["lower"]).to_numpy()
    assert np.corrcoef(np.log(own["size"]), np.log(width))[0, 1] < -0.8


def test_a_missing_value_has_a_reason(histories):
    lacking = histories[histories["value"].isna()]
    assert len(lacking) > 1000
    assert set(lacking["status"]) <= {
        "suppressed",
        "unavailable",
        "not applicable",
        "unreliable",
        "not published",
        "did not exist",
    }


def test_years_before_an_authority_was_made_are_said_to_be(histories, snapshot):
    early = histories[histories["status"] == "did not exist"]
    assert early["value"].isna().all()
    opened = snapshot.register.authorities.set_index("la_code")["opened"]
    ends = [date(year, 3, 31) for year in early["period"]]
    assert (opened.reindex(early["la_code"]).to_numpy() > np.array(ends)).all()
    cumberland = histories[(histories["la_code"] == "942") & (histories["period"] > 2023)]
    assert "did not exist" not in set(cumberland["status"])
    assert len(early) > 500


def test_a_history_draws_what_was_published(national):
    axes = report.history(national, "Kent", "rereferrals")
    frame = report.history.frame(national, "Kent", "rereferrals")
    by_label = {line.get_label(): line for line in axes.lines}
    assert np.allclose(by_label["Kent"].get_ydata(), frame["value"], equal_nan=True)
    assert np.allclose(by_label["England"].get_ydata(), frame["england"], equal_nan=True)
    assert to_hex(by_label["Kent"].get_color()).upper() == "#12436D"


def test_funnel_limits_hold_most_authorities(snapshot):
    frame = report.funnel.frame(snapshot, "rereferrals")
    assert (frame["lower_998"] <= frame["lower_95"]).all()
    assert (frame["upper_95"] <= frame["upper_998"]).all()
    assert frame["outside"].mean() < 0.1, "limits adjusted for over-dispersion hold most"
    inside = frame["value"].between(frame["lower_95"], frame["upper_95"])
    assert 0.8 < inside.mean() < 1
    assert len(report.funnel(snapshot, "rereferrals").texts) == frame["outside"].sum()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda s, n: report.funnel(s, "absence"), "a funnel needs the number of cases"),
        (lambda s, n: report.funnel(s, "nonsense"), "no such indicator"),
        (lambda s, n: report.history(n, "Leeds", "previously_good"), "no figures by year"),
        (lambda s, n: report.history(n, "Atlantis", "rereferrals"), "Atlantis"),
        (lambda s, n: report.calibration(RELIABILITY.iloc[:0]), "0 pairs of window and model"),
        (
            lambda s, n: report.calibration(windows_of("confirmation", "from 2022")),
            "two windows contain the same inspections.*confirmation and from 2022",
        ),
        (lambda s, n: report.calibration(windows_of("latest", "latest")), "appears twice"),
        (
            lambda s, n: report.lead_time(pd.concat([WARNINGS, WARNINGS.assign(model="x")])),
            "2 models",
        ),
        (lambda s, n: report.tile_map(RELIABILITY), "the frame lacks columns"),
    ],
)
def test_a_fault_of_the_user_is_told(call, said, snapshot, national):
    with pytest.raises(EarlyWarnError, match=said):
        call(snapshot, national)


def test_the_calibration_says_how_many_came_for_each_foretold():
    axes = report.calibration(RELIABILITY)
    ratio = 19 / (50 * (0.05 + 0.14 + 0.3))
    limits = " to ".join(f"{limit * ratio / 19:.2f}" for limit in byar_limits(19))
    title = f"{ratio:.2f} judged Inadequate for each one predicted (95% limits: {limits})"
    assert axes.get_title(loc="left") == title
    apart = report.calibration(windows_of("confirmation", "latest"))
    assert apart.get_title(loc="left").startswith(
        f"{ratio:.2f} judged Inadequate for each one predicted ("
    )


def test_the_calibration_of_two_models_says_each_by_itself():
    less = RELIABILITY.assign(model="red flags", expected=RELIABILITY["expected"] / 2)
    axes = report.calibration(pd.concat([RELIABILITY, less]))
    title = "Judged Inadequate for each one predicted: earlywarn 0.78, red flags 1.55"
    assert axes.get_title(loc="left") == title


def test_lead_times_are_drawn_backwards_from_the_inspection():
    axes = report.lead_time(WARNINGS)
    frame = report.lead_time.frame(WARNINGS)
    assert frame["warning_months"].tolist() == [69.0, 2.4, 0.0]
    assert [tick.get_text() for tick in axes.get_yticklabels()] == frame["la_name"].tolist()
    assert axes.get_yticklabels()[0].get_text() == "Devon, 2024"
    starts = [segment[0][0] for segment in axes.collections[0].get_segments()]
    assert starts == [-69.0, -2.4]
    assert axes.get_title(loc="left").startswith("2 of 3")


def test_the_waterfall_says_beside_each_step_what_it_adds(model, snapshot):
    rows = explain(model, snapshot, "Tameside")
    frame = report.waterfall.frame(rows)
    told = [text.get_text() for text in report.waterfall(rows).texts]
    assert len(told) == len(frame)
    for words, row in zip(told[1:-1], frame.iloc[1:-1].to_dict("records"), strict=True):
        assert words == f"{row['contribution']:+.2f}, to {row['risk_after']:.1%}"
    assert told[-1] == f"{frame['risk_after'].iloc[-1]:.1%}"


def test_a_long_list_gets_a_longer_picture(scores):
    short, long = (report.ranked_intervals(scores.head(n)).figure for n in (5, 100))
    assert long.get_size_inches()[1] > 2 * short.get_size_inches()[1]


def test_a_tile_map_has_a_tile_an_authority(scores):
    axes = report.tile_map(scores)
    assert len(axes.patches) == len(scores)
    told = " ".join(text.get_text() for text in axes.texts)
    assert "Bournemouth,\nChristchurch" in told.replace("-\n", "")
    assert "Somerset" in told
    assert not report.tile_map.frame(scores).duplicated(["column", "row"]).any()


class TestMarks:
    @pytest.mark.parametrize("kind", ["ranked_intervals", "funnel", "lead_time", "tile_map"])
    def test_an_authority_is_picked_out_by_name(
        self, kind, national, model, snapshot, scores
    ) -> None:
        figure, given = getattr(report, kind), inputs(kind, national, model, snapshot, scores)
        whom = figure.frame(*given)["la_code"].iloc[1]
        name = snapshot.register.name_of(whom)
        frame = figure.frame(*given, mark=name)
        assert frame.loc[frame["marked"], "la_code"].tolist() == [whom]
        axes = figure(*given, mark=[name])
        assert f"Marked: {frame.loc[frame['marked'], 'la_name'].iloc[0]}." in axes.get_label()
        ticks = [tick for tick in axes.get_yticklabels() if tick.get_fontweight() == "bold"]
        assert len(ticks) == (kind in {"ranked_intervals", "lead_time"})

    def test_a_funnel_names_the_marked_and_says_where_they_lie(self, snapshot) -> None:
        axes = report.funnel(snapshot, "rereferrals", mark="Leeds")
        assert "Leeds" in [text.get_text() for text in axes.texts]
        assert re.search(r"Leeds \d+\.\d, (in|out)side$", axes.get_title(loc="left"))

    def test_one_that_is_not_drawn_is_refused(self, scores) -> None:
        lowest = scores["la_name"].iloc[-1]
        with pytest.raises(ScoreError, match="is not in the figure"):
            report.ranked_intervals(scores.head(3), mark=lowest)


@pytest.mark.parametrize("kind", KINDS)
def test_each_figure_is_a_function_that_says_what_it_takes(kind: str) -> None:
    figure = getattr(report, kind)
    assert inspect.isfunction(figure)
    taken = inspect.signature(figure).parameters
    assert not [name for name in taken if taken[name].kind is inspect.Parameter.VAR_POSITIONAL]
    assert all(f"    {name} : " in figure.__doc__ for name in taken)
    assert "Examples" in figure.__doc__


# --- movement ------------------------------------------------------------------------------------


def test_nothing_moves_between_a_day_and_itself(model, snapshot):
    moved = rank_movement(model, snapshot, snapshot)
    assert (moved["moved"] == 0).all()
    assert not moved["beyond_noise"].any()
    assert (moved["moved_lower"] <= 0).all()
    assert (moved["moved_upper"] >= 0).all()


def test_movement_is_of_the_ranks_that_are_scored(model, national, snapshot, scores):
    before = national.as_of("2024-12-31")
    moved = rank_movement(model, before, snapshot)
    assert (moved["rank"] == scores.set_index("la_code")["rank"].reindex(moved.index)).all()
    earlier = score(model, before).set_index("la_code")["rank"]
    assert (moved["rank_before"] == earlier.reindex(moved.index)).all()
    assert (moved["moved"] == moved["rank_before"] - moved["rank"]).all()
    assert (moved["moved_lower"] <= moved["moved"]).all()
    assert (moved["moved"] <= moved["moved_upper"]).all()
    told = (moved["moved_lower"] > 0) | (moved["moved_upper"] < 0)
    assert (moved.loc[told, "beyond_noise"]).all()
    assert 0 < moved["beyond_noise"].sum() < len(moved) / 2


def test_risk_history_is_what_is_scored_day_by_day(model, national):
    rows = risk_history(national, model, national.as_of("2018-02-28").as_of)
    assert rows["as_of"].unique().tolist() == ["2016-02-28", "2017-02-28", "2018-02-28"]
    one = score(model, national.as_of("2017-02-28"))
    same = rows[rows["as_of"] == "2017-02-28"].reset_index(drop=True)
    one = one.set_index("la_code")[["risk", "risk_lower", "risk_upper"]]
    assert len(same) == len(one) > 140
    pd.testing.assert_frame_equal(same.set_index("la_code").reindex(one.index)[one.columns], one)
