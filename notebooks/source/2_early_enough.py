# %% [markdown]
# # Would it have been early enough?
#
# In 2016 the National Audit Office found that the department stepped in only after an inspectorate had judged a
# service Inadequate:
#
# > The department's interventions were neither risk-based nor early enough, although figures that might have
# > warned it were published every year; 26 of 152 authorities were in intervention.
# > (Summarised from *Children in need of help or protection*, HC 723,
# > [National Audit Office](https://www.nao.org.uk/press-release/children-in-need-of-help-or-protection/).)
#
# Would a list drawn from those figures have warned in time? To find out, earlywarn is run as if on the first day
# of every quarter. Each list uses only what was public on its day, and comes from a model that had seen only
# inspection reports published before that year. It contains as many authorities as were in intervention in 2016.
# Next to it is a list based only on the three headline rates: referrals, re-referrals and repeat child protection
# plans.
#
# The model was chosen on inspections to the end of 2021 (*development*), so those years flatter it. Nothing was
# chosen on the years after (*confirmation*): trust these more, although they have few events.

# %%
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import earlywarn as ew
from earlywarn.evaluation.watchlist import lead_time, list_record
from earlywarn.report.notebook import picture, say, table
from earlywarn.report.palette import CONTEXT, DARK_BLUE, TURQUOISE
from earlywarn.scoring.national import TOP_K

OURS, RATES, WINDOWS = "earlywarn", "three rates", ("development", "confirmation")
panel = ew.load_panel()
judgements = panel.judgements
rates = [baseline for baseline in ew.BASELINES if baseline.name == RATES]
# No forecasts inspection by inspection: the quarterly lists alone, of the model and of the three rates.
record = ew.backtest(panel, judgements, leads=(), baselines=rates, n_jobs=1)
cases, lists = record.judgements, record.lists
days = sorted(lists["as_of"].unique())
say(
    f"{len(days)} quarterly lists of {TOP_K} authorities, from {days[0]} to {days[-1]}, are held against "
    f"{len(cases)} inspections, of which {cases['label'].sum():.0f} found an Inadequate area."
)

# %% [markdown]
# ## How many were on the list, and how long before?

# %%
found = lead_time(lists, cases, TOP_K)
MOMENTS = {"on_last_list": 0, "on_list_6": 6, "on_list_12": 12, "on_list_24": 24}


def share(rows, column):
    known = rows[column].dropna()
    return f"{known.sum():.0f} of {len(known)}"


summary = found.groupby(["window", "model"], sort=False)
rows = [
    {
        "Years": window,
        "List by": model,
        **{
            "on the last list before" if not months else f"{months} months before": share(
                part, column
            )
            for column, months in MOMENTS.items()
        },
        "Months on it, median": part.loc[part["on_last_list"] == 1, "warning_months"].median(),
    }
    for (window, model), part in summary
]
table(
    pd.DataFrame(rows).sort_values(["Years", "List by"], ascending=[False, True]),
    "Inadequate judgements that stood on the list",
)

# %% [markdown]
# Where fewer judgements are counted, the lists did not go back far enough. A list drawn at random would have contained
# some too; the picture shows that as a line.

# %%
own, theirs = found[found["model"] == OURS], found[found["model"] == RATES]
by_lot = TOP_K / lists.groupby(["as_of", "model"]).size().mean()
drawn = {
    name: [100 * part[column].mean() for column in MOMENTS]
    for name, part in ((OURS, own), (RATES, theirs))
}
figure = Figure(figsize=(8, 4), layout="constrained")
axes = figure.subplots()
place = np.arange(len(MOMENTS))
for shift, (name, colour) in zip((-0.2, 0.2), ((OURS, DARK_BLUE), (RATES, TURQUOISE)), strict=True):
    axes.bar(place + shift, drawn[name], 0.36, color=colour, label=name)
axes.axhline(100 * by_lot, color=CONTEXT, lw=2, label="a list drawn by lot")
axes.set_xticks(
    place, ["last list before", "6 months before", "12 months before", "24 months before"]
)
axes.set_ylabel("% of Inadequate judgements on the list")
neither = ((own["on_last_list"].to_numpy() != 1) & (theirs["on_last_list"].to_numpy() != 1)).sum()
axes.set_title(
    f"{neither} of {len(own)} Inadequate judgements were on neither list just before", loc="left"
)
axes.spines[["top", "right"]].set_visible(False)
axes.legend(frameon=False, loc="upper right")
axes.set_ylim(0, 50)
picture(
    axes,
    "Share of Inadequate judgements on the list, on the last list before the inspection and 6, 12 and 24 months "
    "before: "
    + "; ".join(
        f"{name} " + ", ".join(f"{value:.0f}%" for value in values)
        for name, values in drawn.items()
    )
    + f"; a list drawn by lot {100 * by_lot:.0f}%.",
)

# %% [markdown]
# ## Which ones?
#
# This table shows every Inadequate judgement, with the number of months that the authority had been on the list without
# a break when the inspectors arrived. A dash means that it was not on the last list before. The record and the first
# look count by the day on which each inspection began, not by the last quarter's list, so their counts may differ a little.

# %%
names = lists.drop_duplicates("la_code").set_index("la_code")["la_name"]


def months(part):
    stood = part.set_index(["la_code", "inspection_start"])
    return [
        "-"
        if stand != 1
        else "under 1"
        if warning < 1
        else f"{'at least ' if least else ''}{warning:.0f}"
        for stand, warning, least in zip(
            stood["on_last_list"], stood["warning_months"], stood["at_least"], strict=True
        )
    ]


which = own[["la_code", "inspection_start", "window"]].reset_index(drop=True)
same = theirs[["la_code", "inspection_start"]].reset_index(drop=True)
assert which[["la_code", "inspection_start"]].equals(same)
table(
    pd.DataFrame(
        {
            "Authority": which["la_code"].map(names),
            "Inspected from": which["inspection_start"],
            "Years": which["window"],
            "earlywarn, months": months(own),
            "Three rates, months": months(theirs),
        }
    ),
    "Every Inadequate judgement: how long it had been on the list",
)

# %% [markdown]
# ## At what cost?
#
# Take an authority on a list that is inspected within two years. The alarm is true if the inspection found an
# Inadequate area, and false if it did not. Each inspection counts once. For authorities that nobody inspected in that
# time the answer is not known, and they count neither way. An alarm may have been on any list of those two years, so
# there are more true ones than judgements on the last list.

# %%
alarms = list_record(lists, TOP_K)
alarms = alarms[alarms["window"].isin(WINDOWS)].sort_values(
    ["window", "model"], ascending=[False, True]
)
table(
    alarms.assign(
        false_per_true=alarms["false_per_true"].map("{:.1f}".format),
        churn=alarms["churn"].map("{:.0%}".format),
    )[
        [
            "window",
            "model",
            "lists",
            "true_alarms",
            "false_alarms",
            "unknown_authorities",
            "false_per_true",
            "churn",
        ]
    ].set_axis(
        [
            "Years",
            "List by",
            "Lists",
            "True alarms",
            "False alarms",
            "Not known",
            "False for each true",
            "New each quarter",
        ],
        axis=1,
    ),
    f"What lists of {TOP_K} said truly and in vain",
)

# %% [markdown]
# ## So, early enough?

# %%


def verdict(window):
    ours, plain = own[own["window"] == window], theirs[theirs["window"] == window]
    cost = alarms[(alarms["window"] == window) & (alarms["model"] == OURS)].iloc[0]
    on = ours[ours["on_last_list"] == 1]
    year = ours["on_list_12"].dropna()
    return (
        f"**{window.capitalize()}:** of {len(ours)} Inadequate judgements, {len(on)} were on the last list before "
        f"the inspection, where lot would have put about {len(ours) * by_lot:.0f}; a year before, {year.sum():.0f} of "
        f"{len(year)}. Those on it had been there for {on['warning_months'].median():.0f} months (median). "
        f"{cost['false_alarms']} alarms were false for {cost['true_alarms']} true ones. The three rates alone had "
        f"{plain['on_last_list'].sum():.0f} on their last list, and a year before "
        f"{plain['on_list_12'].sum():.0f}."
    )


say(
    *(verdict(window) for window in WINDOWS),
    f"In all, {(own['on_last_list'] != 1).sum()} of {len(own)} judgements were not on the last list before "
    f"the inspection; {(own['warning_months'] >= 6).sum()} would have had half a year's warning or more. With so few events, "
    "differences of a few judgements between two lists are within what chance does.",
)

# %% [markdown]
# The [record](../docs/evaluation.md) answers the same question with 95% intervals and compares more rules. In
# practice, the list is a reason to ask questions and to offer support, never to draw conclusions; and an authority that
# is not on it is not necessarily safe.
