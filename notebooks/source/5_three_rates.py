# %% [markdown]
# # The three headline rates, and spend
#
# Most people look at three figures first: referrals for each ten thousand children, the share of referrals that are
# re-referrals within a year, and the share of child protection plans that are second or later ones. In
# 2016 the National Audit Office found that they differed greatly between authorities, and that quality was unrelated to
# spend:
#
# > Spending on children's social work varies widely across England and is not related to quality. Average reported
# > spending in 2014-15 ranged from an estimated £340 per child in need in one authority to £4,970 in another. Good
# > performance is not related to deprivation, region, numbers of children or the amount spent on children in need.
# > (From the [summary of the report](https://www.nao.org.uk/press-release/children-in-need-of-help-or-protection/).)
#
# Is that still so?

# %%
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import earlywarn as ew
from earlywarn.judgements.targets import get_target
from earlywarn.report import funnel, indicator_history
from earlywarn.report.notebook import picture, say, table
from earlywarn.report.palette import DARK_BLUE, DARK_PINK, LIMITS
from earlywarn.statistics.metrics import auc

RATES = ("referral_rate", "rereferrals", "repeat_plans")
SPEND, WEEKS = "social_work_spend", 365 / 7
titles = {record.id: record.title for record in ew.INDICATORS}
units = {record.id: record.unit for record in ew.INDICATORS}

panel = ew.load_panel()
snapshot = panel.as_of(panel.newest_publication)
history = indicator_history(snapshot)
history = history[history["indicator"].isin([*RATES, SPEND]) & history["value"].notna()]
rates = history[history["indicator"].isin(RATES)]
say(
    f"The panel has {len(rates):,} figures of the three rates, {rates['period'].min()} to {rates['period'].max()}, "
    f"of {rates['la_code'].nunique()} authorities that exist today."
)

# %% [markdown]
# ## How far apart are authorities?
#
# The middle eight tenths of authorities lie between the two outer columns. The last column shows how many times as
# large the higher one is as the lower: one would mean that all were the same.

# %%


def spread(indicator):
    by_year = history[history["indicator"] == indicator].groupby("period")["value"]
    low, high = by_year.quantile(0.1), by_year.quantile(0.9)
    return pd.DataFrame(
        {
            "low": low,
            "middle": by_year.median(),
            "high": high,
            "times": high / low,
            "authorities": by_year.size(),
        }
    )


spreads = {indicator: spread(indicator) for indicator in RATES}
table(
    pd.concat(
        [
            frame.iloc[[0, len(frame) // 2, -1]]
            .assign(what=titles[name], unit=units[name])
            .reset_index()
            for name, frame in spreads.items()
        ]
    )[["what", "unit", "period", "authorities", "low", "middle", "high", "times"]]
    .round(1)
    .set_axis(
        [
            "Rate",
            "Unit",
            "Year to March",
            "Authorities",
            "A tenth lie below",
            "Middle",
            "A tenth lie above",
            "Times",
        ],
        axis=1,
    ),
    "The spread between authorities in the first, a middle and the newest year",
)

# %%
figure = Figure(figsize=(9, 3.4), layout="constrained")
for axes, (name, frame) in zip(figure.subplots(1, len(spreads)), spreads.items(), strict=True):
    axes.fill_between(frame.index, frame["low"], frame["high"], color=LIMITS, lw=0)
    axes.plot(frame.index, frame["middle"], color=DARK_BLUE, lw=2.5)
    axes.set_title(f"{titles[name]},\n{units[name]}", loc="left", fontsize=9)
    axes.set_ylim(bottom=0)
    axes.set_xticks(frame.index[::4])
    axes.spines[["top", "right"]].set_visible(False)
picture(
    axes,
    "Three charts by year: the middle authority as a line, the middle eight tenths as a band. "
    + "; ".join(
        f"{titles[name]} from {frame['middle'].iloc[0]:.0f} ({frame['low'].iloc[0]:.0f} to {frame['high'].iloc[0]:.0f}) "
        f"to {frame['middle'].iloc[-1]:.0f} ({frame['low'].iloc[-1]:.0f} to {frame['high'].iloc[-1]:.0f})"
        for name, frame in spreads.items()
    )
    + ".",
)

# %%
wide = {
    name: rates[rates["indicator"] == name].pivot_table(
        index="la_code", columns="period", values="value"
    )
    for name in RATES
}


def likeness(frame, years):
    first, last = frame.columns[-1 - years], frame.columns[-1]
    return frame[first].corr(frame[last], method="spearman")


say(
    *(
        f"**{titles[name]}**: the outer column was {frame['times'].iloc[0]:.1f} times the other in "
        f"{frame.index[0]}, and {frame['times'].iloc[-1]:.1f} times in {frame.index[-1]}. An authority's place among "
        f"all goes with its place a year before (correlation {likeness(wide[name], 1):.2f}), and five years before "
        f"({likeness(wide[name], 5):.2f}); one would be the same order."
        for name, frame in spreads.items()
    )
)

# %% [markdown]
# ## Is it chance?
#
# Small authorities have few cases, so their figures swing. A funnel shows how far chance can take a figure at each size.
# Here it is widened to allow for how differently authorities work and record.

# %%
points = funnel.frame(snapshot, "rereferrals")
outside = points[points["outside"]]
picture(
    funnel(snapshot, "rereferrals"),
    f"{titles['rereferrals']}, {points['period'].iloc[0]}, against the number of referrals: {len(outside)} of "
    f"{len(points)} authorities lie outside the adjusted 99.8% limits"
    + (
        ": "
        + ", ".join(f"{row['la_name']} {row['value']:.0f}%" for row in outside.to_dict("records"))
        if len(outside)
        else ""
    )
    + ".",
)

# %% [markdown]
# ## What is spent
#
# The panel contains authorities' reported weekly spend on social work (section 251) for each child in need. It is
# not the auditor's figure: it includes commissioning, it is rounded, and it divides by the children in need on the
# last day of March. So its level can't be compared with the auditor's, but its spread, and whether quality follows it,
# can be.

# %%
spend = history[history["indicator"] == SPEND].assign(year=lambda frame: frame["value"] * WEEKS)
by_year = spend.groupby("period")["year"]
table(
    pd.DataFrame(
        {
            "Authorities": by_year.size(),
            "Least": by_year.min(),
            "A tenth below": by_year.quantile(0.1),
            "Middle": by_year.median(),
            "A tenth above": by_year.quantile(0.9),
            "Most": by_year.max(),
        }
    )
    .map("{:,.0f}".format)
    .rename_axis("Year to March")
    .reset_index(),
    "Reported spend on social work, pounds a year for each child in need",
)

# %% [markdown]
# ## Does quality follow spend, or any of the rates?
#
# Each inspection is matched with the latest figure that was public when it began (at its present value), as a multiple
# of England's for the same year, so that years can be combined. If a figure showed nothing, the authority that was judged
# Inadequate would have the higher of two figures in half of all pairs. The interval resamples whole authorities, because
# some were inspected more than once.

# %%
DRAWS, SEED = 400, 20160913
target = get_target("any_inadequate")
cases = panel.judgements.assign(label=target.label(panel.judgements)).dropna(subset=["label"])
figures = panel.observations[panel.observations["value"].notna()]
england = history.drop_duplicates(["indicator", "period"]).set_index(["indicator", "period"])[
    "england"
]
measure = {record.id: record.measure for record in ew.INDICATORS}


def at_start(indicator):
    """Each inspection with the newest figure that was public, as a multiple of England's."""
    days = figures[figures["measure"] == measure[indicator]].drop_duplicates(["la_code", "period"])
    public = history[history["indicator"] == indicator].merge(
        days[["la_code", "period", "published_on"]]
    )
    public["times"] = (
        public["value"]
        / england.reindex(pd.MultiIndex.from_product([[indicator], public["period"]])).to_numpy()
    )
    both = cases.merge(
        public[["la_code", "period", "published_on", "times"]],
        on="la_code",
        suffixes=("", "_figure"),
    )
    both = both[both["published_on_figure"] <= both["inspection_start"]]
    return both.sort_values("period").drop_duplicates(["la_code", "inspection_start"], keep="last")


def shares(rows):
    """How often the Inadequate one had the higher figure, with a 95% interval."""
    rng = np.random.default_rng(SEED)
    groups = list(rows.groupby("la_code").indices.values())
    times, bad = rows["times"].to_numpy(), rows["label"].to_numpy()
    drawn = []
    for _ in range(DRAWS):
        chosen = np.concatenate([groups[k] for k in rng.integers(0, len(groups), len(groups))])
        drawn.append(auc(times[chosen], bad[chosen]))
    return auc(times, bad), *np.quantile(drawn, [0.025, 0.975])


starts = {name: at_start(name) for name in (*RATES, SPEND)}
found = {name: shares(rows) for name, rows in starts.items()}
table(
    pd.DataFrame(
        [
            {
                "Figure": titles[name],
                "Inspections": len(rows),
                "Inadequate": f"{rows['label'].sum():.0f}",
                "Inadequate one had the higher figure": f"{found[name][0]:.0%} of pairs",
                "95% interval": f"{found[name][1]:.0%} to {found[name][2]:.0%}",
            }
            for name, rows in starts.items()
        ]
    ),
    "Whether a figure, by itself, goes with an Inadequate judgement: half of pairs would be no link",
)

# %%
GRADES = ("Outstanding", "Good", "Requires improvement", "Inadequate")
judged = starts[SPEND].dropna(subset=["overall"])
groups = [100 * judged.loc[judged["overall"] == grade, "times"] for grade in GRADES]
figure = Figure(figsize=(8, 3.6), layout="constrained")
axes = figure.subplots()
rng = np.random.default_rng(SEED)
for place, group in enumerate(groups):
    axes.plot(
        place + rng.uniform(-0.18, 0.18, len(group)),
        group,
        "o",
        color=DARK_BLUE,
        ms=4,
        alpha=0.5,
        mew=0,
    )
    axes.hlines(group.median(), place - 0.3, place + 0.3, color=DARK_PINK, lw=3)
axes.set_xticks(
    range(len(GRADES)),
    [f"{grade} ({len(group)})" for grade, group in zip(GRADES, groups, strict=True)],
)
axes.axhline(100, color="#0B0C0C", lw=1)
axes.set_ylim(bottom=0)
axes.set_ylabel("Spend, % of England's that year")
axes.set_title(
    "Middle spend, % of England's: "
    + ", ".join(
        f"{grade} {group.median():.0f}" for grade, group in zip(GRADES, groups, strict=True)
    ),
    loc="left",
    fontsize=10,
)
axes.spines[["top", "right"]].set_visible(False)
picture(
    axes,
    "Spend for each child in need when the inspection began, as a percentage of England's, by the judgement it gave; "
    "middle of each: "
    + "; ".join(
        f"{grade} {group.median():.0f}% ({len(group)} inspections)"
        for grade, group in zip(GRADES, groups, strict=True)
    )
    + ".",
)

# %%


def link(name):
    _, low, high = found[name]
    if low <= 0.5 <= high:
        return "no link beyond what chance gives"
    return (
        "a link: the Inadequate ones had the " + ("higher" if low > 0.5 else "lower") + " figures"
    )


first, last = by_year.min().iloc[-1], by_year.max().iloc[-1]
say(
    f"**Spread of spend.** In the newest year reported spend goes from £{first:,.0f} to £{last:,.0f} a child in need, "
    f"{last / first:.0f} times as much; the auditor's highest was {4970 / 340:.0f} times the lowest.",
    f"**Spend and quality.** On {len(starts[SPEND])} inspections, {starts[SPEND]['label'].sum():.0f} of them with an "
    f"Inadequate area: {link(SPEND)}. The auditor found quality not related to spend.",
    "**The three rates, each alone.** "
    + "; ".join(f"{titles[name]}: {link(name)}" for name in RATES)
    + ".",
    "Few events make wide intervals: a weak link could hide in them. None of this says what spend or a rate causes.",
)
