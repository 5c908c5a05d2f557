# %% [markdown]
# # One authority in depth, for its director
#
# This page shows what the published figures say about one authority: its position, what drives its risk in both
# directions, how it compares with its statistical neighbours, and which figures would make the model put it in another
# band. To see another authority, change the name in the first cell.
#
# The figures predict an Inadequate judgement only a little better than chance would. Treat this page as a list
# of questions to ask, not as a verdict.

# %%
import earlywarn as ew
from earlywarn.errors import ScoreError
from earlywarn.report import history, waterfall
from earlywarn.report.notebook import picture, say, table
from earlywarn.scoring.counterfactual import ACTIONABLE, NOT_ACTIONABLE

AUTHORITY = "Leeds"

panel, model = ew.load_panel(), ew.load_model()
snapshot = panel.as_of(panel.newest_publication)
scores = ew.score(model, snapshot)
code = snapshot.existing_code(AUTHORITY)
own = scores.set_index("la_code").loc[code]
say(
    f"**{own['la_name']}**, from what was public on {snapshot.as_of}. If an inspection started now, the risk of "
    f"an Inadequate area would be **{own['risk']:.0%}**, with a 90% interval of {own['risk_lower']:.0%} to "
    f"{own['risk_upper']:.0%}. That is {own['band']}: the share expected of all inspections is "
    f"{model.info['prior']['risk']:.0%}.",
    f"It ranks {own['rank']} of {len(scores)}; anything from {own['rank_lower']} to {own['rank_upper']} would fit "
    f"the figures as well. The risk of a judgement below Good is {own['below_good']:.0%}. The last inspection, of "
    f"{own['previous_inspection']}, was {own['previous_judgement']} in its worst area. "
    + (
        f"No figure for: {own['missing_indicators']}."
        if own["missing_indicators"]
        else "No figure is missing."
    ),
)

# %% [markdown]
# ## What drives the risk
#
# The risk is a sum. It starts where every authority starts, and each family of indicators then moves it up or down.

# %%
reasons = ew.explain(model, snapshot, AUTHORITY)
steps = waterfall.frame(reasons)
picture(
    waterfall(reasons),
    f"From {steps['risk_after'].iloc[0]:.0%} to {steps['risk_after'].iloc[-1]:.0%}: "
    + "; ".join(
        f"{row['step']} {row['contribution']:+.2f}" for row in steps.iloc[1:-1].to_dict("records")
    )
    + " in log-odds.",
)

# %%
terms = reasons[reasons["term"] == "indicator"]
titles = {record.id: record.title for record in ew.INDICATORS}
strong = terms[terms["contribution"].abs() >= 0.05].sort_values("contribution", ascending=False)
table(
    strong.assign(
        title=strong["indicator"].map(titles),
        value=strong["value"].map("{:,.1f}".format).where(strong["england"].notna(), ""),
        england=strong["england"].map("{:,.1f}".format).where(strong["england"].notna(), ""),
        neighbours=strong["neighbours"]
        .map("{:,.1f}".format)
        .where(strong["neighbours"].notna(), ""),
        contribution=strong["contribution"].map("{:+.2f}".format),
    )[["title", "unit", "value", "england", "neighbours", "contribution"]].set_axis(
        [
            "Indicator",
            "Unit",
            own["la_name"],
            "England",
            "Neighbours",
            "Moves the risk by (log-odds)",
        ],
        axis=1,
    ),
    "The indicators that move the risk most, from the one that raises it most to the one that lowers it most",
)

# %% [markdown]
# ## Compared with its neighbours
#
# Statistical neighbours are authorities with similar children, families and places; the department names ten for
# each. They are a fairer comparison than the whole country.

# %%
near = snapshot.neighbours[snapshot.neighbours["la_code"] == code]["neighbour_code"]
group = scores[scores["la_code"].isin([code, *near])]
table(
    group.assign(
        risk=group["risk"].map("{:.0%}".format),
        interval=[
            f"{low:.0%} to {high:.0%}"
            for low, high in zip(group["risk_lower"], group["risk_upper"], strict=True)
        ],
    )[["la_name", "risk", "interval", "band", "previous_judgement"]].set_axis(
        ["Authority", "Risk", "90% interval", "Band", "Last judgement, worst area"], axis=1
    ),
    f"{own['la_name']} and its statistical neighbours, highest risk first",
)

# %%
worst = terms[terms["family"].isin(ACTIONABLE)].nlargest(1, "contribution")["indicator"].iloc[0]
years = history.frame(panel, code, worst).dropna(subset=["value"])
newest = years.iloc[-1]
picture(
    history(panel, code, worst),
    f"{titles[worst]}, {own['la_name']}, {years['period'].iloc[0]} to {newest['period']}: lately "
    f"{newest['value']:.1f}, England {newest['england']:.1f}, neighbours {newest['neighbours']:.1f}.",
)

# %% [markdown]
# ## Which figures would change the band?
#
# This is arithmetic on the model: **it is not a claim that changing a figure would change the service, or the
# judgement.** A figure stands for much else. An authority that improved only the figure might be as likely to fail
# as before. The arithmetic is useful for seeing which figures the band depends on, and how much would have to
# be different at once.
#
# Only figures that an authority shapes by its own work are moved, one at a time, and no further than the level of
# today's best tenth of authorities. All other figures stay as they are.

# %%
say(
    "Figures that are moved: "
    + "; ".join(f"**{family}** ({why})" for family, why in ACTIONABLE.items())
    + ".",
    "Figures that are left: "
    + "; ".join(f"**{family}** ({why})" for family, why in NOT_ACTIONABLE.items())
    + ".",
)


# %%
def in_words(rows):
    return rows.assign(
        title=rows["indicator"].map(titles),
        value=rows["value"].map("{:.1f}".format),
        value_to=rows["value_to"].map("{:.1f}".format),
        risk_after=rows["risk_after"].map("{:.0%}".format),
        interval=[
            f"{low:.0%} to {high:.0%}"
            for low, high in zip(rows["risk_after_lower"], rows["risk_after_upper"], strict=True)
        ],
    )[["title", "value", "value_to", "risk_after", "interval", "band_after"]].set_axis(
        ["Indicator", "Today", "Changed to", "Risk would be", "90% interval", "Band would be"],
        axis=1,
    )


better = own["band"] != "lower than usual"
changes = ew.what_would_change(model, snapshot, AUTHORITY, better=better)
alone = changes[changes["way"] == "alone"]
say(
    f"Today: {own['risk']:.0%}, {own['band']}. Of {len(alone)} figures, each moved alone as far as it may, "
    f"{alone['reached'].sum() or 'none'} would reach the next {'lower' if better else 'higher'} band."
)

# %%
table(
    in_words(alone.head(8)), "One figure at a time: the eight that come nearest, all else as it is"
)

# %%
together = changes[changes["way"] == "together"]
table(
    in_words(together),
    "One after the other, strongest first, until the band is another or no figure is left",
)

# %%
end = together.iloc[-1]
say(
    f"{'With' if end['reached'] else 'Even with'} {len(together)} figures changed, the risk would be "
    f"{end['risk_after']:.0%}, with a 90% interval of {end['risk_after_lower']:.0%} to "
    f"{end['risk_after_upper']:.0%}; today's is {own['risk_lower']:.0%} to {own['risk_upper']:.0%}. "
    + (
        "The two intervals overlap: the bands differ, the evidence hardly does."
        if end["risk_after_upper"] > own["risk_lower"]
        and end["risk_after_lower"] < own["risk_upper"]
        else "The two intervals do not overlap."
    )
)

# %% [markdown]
# ## And the other way
#
# The same arithmetic in the worse direction, no further than the level of the worst tenth of authorities, shows
# what there is to lose.

# %%


def the_worse_side():
    try:
        rows = ew.what_would_change(model, snapshot, AUTHORITY, better=False)
    except ScoreError as no_band_beyond:
        return say(str(no_band_beyond))
    caption = (
        "Towards a higher band: one after the other, strongest first, until the band is another"
    )
    return table(in_words(rows[rows["way"] == "together"]), caption)


the_worse_side()

# %% [markdown]
# ## What to take to the meeting
#
# - The interval, always together with the risk.
# - What lowers the risk as well as what raises it.
# - Questions, such as why a figure is at its level and whether it is recorded in the same way as elsewhere; never the
#   word "because".
