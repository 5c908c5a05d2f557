"""TRIPOD+AI (Collins et al. 2024): all items, with the answers from open science to discussion."""

from __future__ import annotations

from earlywarn.cards.items import Item, blank
from earlywarn.cards.tripod_methods import METHODS

_OPEN = (
    Item(
        "18a",
        "Open science",
        "Funding",
        "The library names no funder, and none had a say in what is told here. For this use: "
        + blank("who pays for the use of this model, and what part they have in it"),
    ),
    Item(
        "18b",
        "Open science",
        "Conflicts of interest",
        "The library's authors have declared none in its documents, and nothing in it depends on "
        "which authority is scored. For this use: "
        + blank("interests of those who use or commission it, for example in an authority scored"),
    ),
    Item(
        "18c",
        "Open science",
        "Protocol",
        "No protocol was written before the first work. Later ideas were written down, with the "
        "rule by which they would be kept, and committed before any was run: {doc_experiments}.",
    ),
    Item(
        "18d",
        "Open science",
        "Registration",
        "The study is not registered in any public register. The history of the source tree is "
        "the only dated record.",
    ),
    Item(
        "18e",
        "Open science",
        "Availability of data",
        "Everything: the panel that the model was learnt from (digest {panel}) ships with the "
        "library, and each published file behind it is named in the quality log with its digest. "
        "Figures and judgements are under the Open Government Licence.",
    ),
    Item(
        "18f",
        "Open science",
        "Availability of code",
        "Everything: earlywarn {version}, under the MIT licence. `python -m earlywarn train` "
        "learns the model, `backtest` makes the record, and `card` wrote this page. The same "
        "inputs give the same bytes.",
    ),
    Item(
        "19",
        "Patient and public involvement",
        "Involvement of those concerned",
        "None is on record: no child, parent, care leaver, practitioner or council had a part in "
        "the design, conduct or telling of this work. Whoever uses it should ask them first. For "
        "this use: " + blank("who was involved, and what changed by it"),
    ),
)

_RESULTS = (
    Item(
        "20a",
        "Results: participants",
        "Flow of inspections",
        "{judgements} inspections on record; {not_yet_public} reported after the cut ({until}); "
        "{left_out} begun before {first_day} or without a grade; {inspections} learnt from, "
        "{events} with the event. Evaluated: {n_dev} in the development years ({events_dev} "
        "events) and {n_conf} in the confirmation years ({events_conf} events). From {check_12}. "
        "There is no follow-up to be lost.",
    ),
    Item(
        "20b",
        "Results: participants",
        "Characteristics",
        "The table of what the model was learnt from: inspections by outcome and by time, grades "
        "({grade_shares}), what was known, and the level of each family.",
    ),
    Item(
        "20c",
        "Results: participants",
        "Comparison of development and evaluation data",
        "The last two columns of the same table set inspections begun before {confirmed_from} "
        "beside those from then on: {events_early} events in {cases_early} ({share_early}) against "
        "{events_late} in {cases_late} ({share_late}). The table of groups gives numbers by "
        "region, type, deprivation and size.",
    ),
    Item(
        "21",
        "Results: model development",
        "Inspections and events in each analysis",
        "The model told here: {inspections} and {events}. Development years: {n_dev} and "
        "{events_dev}; confirmation years: {n_conf} and {events_conf}; of both, those from the "
        "third window: {n_recent} and {events_recent}. Below Good: {below_good_events_dev} and "
        "{below_good_events_conf} events. For each year of the evaluation the model was refitted "
        "on the reports before it.",
    ),
    Item(
        "22",
        "Results: model specification",
        "The full model",
        "The tables of thresholds and predictors below hold every number needed: the log-odds of "
        "the event are the sum of weight times (column less centre), less the highest threshold. "
        "`model.json` (model {model_id}) holds them to the last figure, with the covariance and "
        "the reference distributions of {reference_date} that a single row is compared with. No "
        "restriction on access or use but the licence.",
    ),
    Item(
        "23a",
        "Results: model performance",
        "Performance, with intervals",
        "Each year by a model of the same making, learnt from earlier reports only. Confirmation "
        "years: AUC {auc_conf}, within year {auc_within_year_conf}, for below Good "
        "{auc_below_good_conf}; Brier skill {brier_skill_conf}, log skill {log_skill_conf}; "
        "observed over expected {observed_expected_conf}, calibration slope "
        "{calibration_slope_conf}. Development years, on which it was chosen and which flatter it:"
        " AUC {auc_dev}, Brier skill {brier_skill_dev}, observed over expected "
        "{observed_expected_dev}. In AUC, in the confirmation years, better beyond chance than: "
        "{better_than}. Not better beyond chance than: {alike}. By how much: previous judgement "
        "{over_previous_judgement_conf}, equal-weight composite "
        "{over_equal_weight_composite_conf}, red flags {over_red_flags_conf}. Tables of "
        "performance, rivals, calibration, net benefit and groups are below; {doc_evaluation} has "
        "all of it.",
    ),
    Item(
        "23b",
        "Results: model performance",
        "Differences in performance between clusters",
        "From {check_11}. There are {groups} groups, with {group_events} events in each; the "
        "smallest has {smallest_group} of the inspections. Only large unfairness would show, and "
        "of so many groups one may stand out by chance alone. Within years the AUC is "
        "{auc_within_year_conf}.",
    ),
    Item(
        "24",
        "Results: model updating",
        "Results of updating",
        "With the thresholds moved to the year to come, observed over expected is "
        "{observed_expected_dev} in the development and {observed_expected_conf} in the "
        "confirmation years, where the forecasts were {level_told}. The order of authorities does"
        " not depend on it. No model was updated for a group or region.",
    ),
)

_DISCUSSION = (
    Item(
        "25",
        "Discussion",
        "Interpretation",
        "In years that were not looked at before the choice, the order of authorities was "
        "{order_told} (AUC {auc_conf}). In use: of {listed_conf} authorities that were inspected "
        "while on the list of {top_k}, {vain_conf} were not judged Inadequate, and {missed_conf} "
        "of {events_conf} Inadequate judgements came from outside it. As probabilities the risks "
        "were {skill_told}, and {level_told}. Below Good: AUC {auc_below_good_conf}. The three "
        "headline rates alone: {rates_auc}. The earlier studies named above found as little or "
        "less. On fairness: {fairness_told}.",
    ),
    Item(
        "26",
        "Discussion",
        "Limitations",
        "Few events, so wide intervals. Only the inspected have outcomes, and who is inspected "
        "when depends on how they did. Much of the past is seen as later corrected, which may "
        "flatter or harm ({check_10}). Some days of publication are assumed ({check_3}). The "
        "development years were searched, and flatter. Shares between indicators are believed, not"
        " found. Holes are taken as missing at random. Inspectors are not blind. The confirmation "
        "years are now seen: no later choice can be confirmed on them. The overall grade ended on "
        "{overall_ends}, and a new framework is announced for {next_framework}: what the model "
        "learnt may not hold. {doc_limits} and {doc_assumptions} say what follows from each. "
        "Checks that failed: {failed}.",
    ),
    Item(
        "27a",
        "Discussion: use",
        "Poor or missing input when in use",
        "Each score names what was missing and was stood in for, and its interval is wider. A row "
        "with impossible figures comes back unscored with the reason. `python -m earlywarn drift` "
        "says whether the day's figures are still like those learnt from and how much of the "
        "model's weight is missing. A hole after a failed return is a warning by itself, which no "
        "score holds.",
    ),
    Item(
        "27b",
        "Discussion: use",
        "What users do, and what they need to know",
        "The figures are read from published files by one command, without hand work. Reading a "
        "score needs someone who knows the authority and what an interval is; retraining needs an "
        "analyst. Training for this use: "
        + blank("who may read scores, and how they are prepared"),
    ),
    Item(
        "27c",
        "Discussion: use",
        "Next steps",
        "Score coming inspections with this model as it stands, before they begin, and add them "
        "to the record: the only clean test left. Ask whether a risk that follows the falling "
        "share of events faster is better calibrated, and have someone else repeat the evaluation. "
        "It applies to England until {sunset}; nothing is known of other nations or of the "
        "framework to come.",
    ),
)

ITEMS = (*METHODS, *_OPEN, *_RESULTS, *_DISCUSSION)
"""Every item and sub-item of TRIPOD+AI, in its order and once."""
