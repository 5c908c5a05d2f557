# %% [markdown]
# # Retraining: new figures arrive
#
# Once a year Ofsted publishes its outcomes as at 31 March, and the department publishes new figures. This notebook goes
# through what follows: check the figures, retrain, compare, decide. It needs no file. It goes back a year, makes
# the model that would have been trained then, and treats everything since as new.
#
# With your own files, begin with `python -m earlywarn build FOLDER --out PANEL` and read its findings; the
# [guide](../docs/how-to/retrain.md) has the commands.

# %%
import pandas as pd

import earlywarn as ew
from earlywarn.indicators.timeline import Timeline
from earlywarn.judgements.targets import get_target
from earlywarn.report import ranked_intervals
from earlywarn.report.notebook import picture, say, table

panel = ew.load_panel()
judgements = panel.judgements
now = max(judgements["published_on"])
then = now.replace(year=now.year - 1)
new = judgements[(judgements["published_on"] > then) & (judgements["published_on"] <= now)]
label = get_target("any_inadequate").label(new)
say(
    f"A year ago, on {then}, {(judgements['published_on'] <= then).sum()} inspection reports were public. Since then "
    f"{len(new)} came, of which {label.sum():.0f} found an Inadequate area. That is all that a year adds."
)

# %% [markdown]
# ## Train both models
#
# Each inspection is described by what was public on the day it started, so the model of a year ago is what it
# would have been, except for figures that are only available as restated later. To save time, there are fewer refits
# here than for a release: they affect the intervals, not the risks.

# %%
REFITS = 60
shared = Timeline(panel, judgements)
before = ew.train(panel, judgements, until=then, refits=REFITS, timeline=shared)
after = ew.train(panel, judgements, until=now, refits=REFITS, timeline=shared)
table(
    pd.DataFrame(
        [
            {
                "Model": name,
                "Reports public by": model.info["training"]["until"],
                "Inspections": model.info["training"]["inspections"],
                "Inadequate": model.info["training"]["events"],
                "Set to": f"{model.info['prior']['risk']:.1%}",
                "Not after": model.info["sunset"],
            }
            for name, model in (("a year ago", before), ("retrained", after))
        ]
    ),
    "What the two models learnt from",
)

# %% [markdown]
# ## Are the figures still like those the old model knows?

# %%
snapshot = panel.as_of(panel.newest_publication)
day = min(snapshot.as_of.isoformat(), before.info["sunset"])
drifted = ew.drift(before, panel.as_of(day))
moved = drifted.indicators.assign(size=drifted.indicators["moved"].abs()).nlargest(5, "size")
say(
    f"On {day} the old model {'may still be' if drifted.usable else 'should not be'} used. "
    + (
        "To look at: " + "; ".join(drifted.reasons) + "."
        if drifted.reasons
        else "Nothing stands out."
    )
)

# %%
titles = {record.id: record.title for record in ew.INDICATORS}
table(
    moved.assign(
        title=moved["indicator"].map(titles),
        weight=moved["weight"].map("{:.0%}".format),
        missing=moved["missing"].map("{:.0%}".format),
        moved=moved["moved"].map("{:+.2f}".format),
    )[["title", "weight", "missing", "moved", "verdict"]].set_axis(
        [
            "Indicator",
            "Share of the weight",
            "Authorities without it",
            "Moved, in standard deviations",
            "Verdict",
        ],
        axis=1,
    ),
    "The five figures whose middle has moved furthest since the old model",
)

# %% [markdown]
# ## Have the weights changed?
#
# Expect little change: most of the model comes from its prior, and a year brings few judgements. A large
# change would have a reason in the data; find it before you go on.

# %%
weights = pd.DataFrame(
    {"before": before.coefficients, "after": after.coefficients}, index=list(before.columns)
)
weights["change"] = weights["after"] - weights["before"]
largest = weights.reindex(weights["change"].abs().nlargest(6).index)
table(
    pd.DataFrame(
        {
            "Indicator": [
                titles.get(name.removesuffix("_z").removesuffix("_distance"), name)
                for name in largest.index
            ],
            "A year ago": largest["before"].map("{:+.3f}".format),
            "Retrained": largest["after"].map("{:+.3f}".format),
            "Change": largest["change"].map("{:+.3f}".format),
        }
    ),
    "The weights that changed most (log-odds for one standard deviation)",
)

# %% [markdown]
# ## Who moves?
#
# Both models score the same day, so any move comes from the model, not from the figures.

# %%
shown = panel.as_of(day)
old, retrained = (ew.score(model, shown).set_index("la_code") for model in (before, after))
ranks = pd.DataFrame({"before": old["rank"], "after": retrained["rank"]})
ranks["moved"] = ranks["before"] - ranks["after"]
inside = ranks["after"].between(
    old["rank_lower"].reindex(ranks.index), old["rank_upper"].reindex(ranks.index)
)
agreement = ranks["before"].corr(ranks["after"], method="spearman")
say(
    f"The ranks agree with a correlation of {agreement:.3f}. {inside.sum()} of {len(ranks)} authorities stay within "
    f"the interval that the old model had given for their rank. The largest move is of {ranks['moved'].abs().max()} "
    f"places. The mean risk goes from {old['risk'].mean():.1%} to {retrained['risk'].mean():.1%}, since the model "
    "follows the share of Inadequate judgements that the years before lead it to expect."
)

# %%
far = ranks.reindex(ranks["moved"].abs().sort_values(ascending=False, kind="stable").head(8).index)
table(
    pd.DataFrame(
        {
            "Authority": old["la_name"].reindex(far.index).to_numpy(),
            "Rank, a year ago": far["before"].to_numpy(),
            "could be": [
                f"{old.loc[c, 'rank_lower']} to {old.loc[c, 'rank_upper']}" for c in far.index
            ],
            "Rank, retrained": far["after"].to_numpy(),
            "Within": ["yes" if inside[c] else "no" for c in far.index],
        }
    ),
    "The authorities that move furthest between the two models",
)

# %%
top = retrained.reset_index().head(20)
names = ranked_intervals.frame(top)
picture(
    ranked_intervals(top),
    f"The {len(names)} highest risks under the retrained model, with 90% intervals, from {names['la_name'].iloc[0]} "
    f"at {names['risk'].iloc[0]:.0%} to {names['la_name'].iloc[-1]} at {names['risk'].iloc[-1]:.0%}.",
)

# %% [markdown]
# ## Did the old model predict the new inspections?

# %%
# The list of the day on which the old model was made, against the inspections that began afterwards.
listed = ew.score(before, panel.as_of(then)).set_index("la_code")
known = new.assign(label=label)[(new["inspection_start"] > then) & label.notna()]
held = known.join(listed[["la_name", "risk", "rank"]], on="la_code", how="inner").dropna(
    subset=["risk"]
)
bad = held[held["label"] == 1]
say(
    f"{len(held)} inspections began after that day and are in. The old model's risks add up to "
    f"{held['risk'].sum():.1f} Inadequate judgements; {len(bad)} came"
    + (
        ": " + ", ".join(f"{row['la_name']} (rank {row['rank']})" for row in bad.to_dict("records"))
        if len(bad)
        else ""
    )
    + ". So few events can neither acquit nor condemn a model: they are told, and not used to choose."
)

# %% [markdown]
# ## Decide
#
# A rule is only worth something if it was written down before the results were seen; this one is an example. Write down
# the decision too, and who took it.

# %%
rule = {
    "The figures are still comparable (drift)": drifted.usable,
    "Ranks agree (correlation above the nine tenths asked for)": agreement > 0.9,
    "No weight changed its sign, but for those next to nothing": bool(
        ((weights["before"] * weights["after"] > 0) | (weights["change"].abs() < 0.02)).all()
    ),
    "Nine authorities in ten stay within their old interval": inside.mean() >= 0.9,
}
table(
    pd.DataFrame(
        {"Question": list(rule), "Answer": ["yes" if met else "no" for met in rule.values()]}
    ),
    "The rule for taking the retrained model",
)

# %%
say(
    "**Take the retrained model**: every question has the answer yes, and the old one comes to its last day."
    if all(rule.values())
    else "**Do not take it yet**: look first at "
    + "; ".join(name for name, met in rule.items() if not met)
    + ".",
    f"It would replace the old one until {after.info['sunset']}. Saving it is one line, "
    "`ew.save_model(after, 'new-model')`; the file is numbers and names, and can be read.",
)
