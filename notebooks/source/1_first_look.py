# %% [markdown]
# # A first look in ten cells
#
# earlywarn reads figures on children's social care that are published every year. For each local authority in
# England it estimates how likely it is that an inspection starting now would find an Inadequate area. This
# page shows today's forecasts, the reasons for them, and how far to trust them.
#
# You don't need to read the code. Every number in the text is worked out by the cell that prints it.
#
# **What it is for:** to offer support early and to ask questions. **What it is not for:** to pre-judge an
# inspection, to rank councils in public, or to say what causes failure.
#
# ## What is public today

# %%
import earlywarn as ew
from earlywarn.report import history, ranked_intervals, tile_map, waterfall
from earlywarn.report import track_record as past
from earlywarn.report.notebook import picture, say, table

panel, model = ew.load_panel(), ew.load_model()
say(
    f"The panel that ships holds {len(panel.observations):,} published figures and "
    f"{len(panel.judgements)} inspections. The newest publication is of {panel.newest_publication}."
)

# %% [markdown]
# ## The list
#
# A snapshot contains only what was public on a given day. Scoring it gives one row for each authority, with a 90%
# interval around every risk and every rank.

# %%
snapshot = panel.as_of(panel.newest_publication)
scores = ew.score(model, snapshot)
usual = model.info["prior"]["risk"]
training = model.info["training"]
say(
    f"{len(scores)} authorities are scored. The model learnt from {training['inspections']} inspections, "
    f"of which only {training['events']} found an Inadequate area; it is set to {usual:.1%}, the share "
    f"expected of inspections now, and is not to be used after {model.info['sunset']}."
)

# %%
top = scores.head(10)
table(
    top.assign(
        risk=[f"{risk:.0%}" for risk in top["risk"]],
        interval=[
            f"{low:.0%} to {high:.0%}"
            for low, high in zip(top["risk_lower"], top["risk_upper"], strict=True)
        ],
        ranks=[
            f"{low} to {high}"
            for low, high in zip(top["rank_lower"], top["rank_upper"], strict=True)
        ],
    )[["rank", "la_name", "risk", "interval", "ranks", "previous_judgement"]].set_axis(
        [
            "Rank",
            "Authority",
            "Risk",
            "90% interval",
            "Rank could be",
            "Last judgement, worst area",
        ],
        axis=1,
    ),
    "The ten highest risks",
)

# %% [markdown]
# ## How sure is that?
#
# The ranges are wide because there are few Inadequate judgements to learn from. Where two ranges overlap, the
# two authorities may well be in the opposite order.

# %%
shown = ranked_intervals.frame(scores.head(26))
first, last = shown.iloc[0], shown.iloc[-1]
picture(
    ranked_intervals(scores.head(26)),
    f"The {len(shown)} highest risks with their 90% intervals. {first['la_name']} is highest at "
    f"{first['risk']:.0%} ({first['risk_lower']:.0%} to {first['risk_upper']:.0%}), {last['la_name']} last at "
    f"{last['risk']:.0%} ({last['risk_lower']:.0%} to {last['risk_upper']:.0%}).",
)

# %% [markdown]
# ## The country
#
# Each council is a tile of the same size, near its place on the map and coloured by band. A low band is as useful
# as a high one: it is a reason to look elsewhere first.

# %%
bands = scores["band"].value_counts()
picture(
    tile_map(scores),
    "A map of England with a tile for each authority, by band: "
    + ", ".join(f"{count} {band}" for band, count in bands.items())
    + ".",
)

# %% [markdown]
# ## One authority
#
# Why is the risk this size? Every risk is a sum: where all authorities start, plus a contribution from each
# indicator. Some raise it and some lower it. A contribution shows what the model weighed, not what caused what.

# %%
reasons = ew.explain(model, snapshot, "Leeds")
terms = reasons[reasons["term"] == "indicator"]
own = scores.set_index("la_code").loc[reasons["la_code"].iloc[0]]
say(
    f"**{own['la_name']}**: {own['risk']:.0%} (90% interval {own['risk_lower']:.0%} to {own['risk_upper']:.0%}), "
    f"{own['band']}; rank {own['rank']}, though anything from {own['rank_lower']} to {own['rank_upper']} "
    f"would fit. Last judgement: {own['previous_judgement']} in its worst area.",
    "What raises it most:\n\n"
    + "\n".join(f"- {row}" for row in terms.nlargest(3, "contribution")["sentence"]),
    "What lowers it most:\n\n"
    + "\n".join(f"- {row}" for row in terms.nsmallest(3, "contribution")["sentence"]),
)

# %%
steps = waterfall.frame(reasons)
picture(
    waterfall(reasons),
    f"From {steps['risk_after'].iloc[0]:.0%}, where all authorities start, to "
    f"{steps['risk_after'].iloc[-1]:.0%}, by family of indicators: "
    + "; ".join(
        f"{row['step']} {row['contribution']:+.2f}" for row in steps.iloc[1:-1].to_dict("records")
    )
    + " in log-odds.",
)

# %%
years = history.frame(panel, "Leeds", "reviews_in_time").dropna(subset=["value"])
newest = years.iloc[-1]
picture(
    history(panel, "Leeds", "reviews_in_time"),
    f"Child protection reviews held in time in {newest['la_name']}, {years['period'].iloc[0]} to "
    f"{newest['period']}: lately {newest['value']:.0f}% against {newest['england']:.0f}% in England and "
    f"{newest['neighbours']:.0f}% among its statistical neighbours.",
)

# %% [markdown]
# ## How well has it done before?
#
# The model was run as if on past days, knowing only what was public then. These are the results.

# %%
say(*past.past_sentences(past.past_record()))

# %% [markdown]
# The next notebook looks at that record judgement by judgement.
