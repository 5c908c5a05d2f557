"""TRIPOD+AI, items 1 to 17: title to ethical approval, answered for a model of earlywarn."""

from __future__ import annotations

from earlywarn.cards.items import Item

_INTRODUCTION = (
    Item(
        "1",
        "Title",
        "Title",
        "Development and evaluation of a regression model (ordered logistic regression with a "
        "prior on its weights) that predicts, for each of {authorities_now} local authorities in "
        "England, the probability that an inspection of its children's services that began now "
        "would give this judgement: {question}.",
    ),
    Item(
        "2",
        "Abstract",
        "Structured summary",
        "**Background.** Support for failing children's services came only after an Inadequate "
        "judgement, though figures that might have warned are published every year ({ref_nao}). "
        "**Objective.** To develop such a warning from public figures, and to say how good it is. "
        "**Methods.** {inspections} inspections in {authorities} authorities, begun {first_start} "
        "to {last_start}, {events} with the event; {indicators} predictors in {families} families "
        "with directions fixed beforehand; ordered logit with a Gaussian prior; evaluated by "
        "rolling origin, each year by a model that had seen earlier reports only; chosen on "
        "inspections begun {years_dev}, and evaluated on those begun {years_conf} as well, on "
        "which nothing was chosen. **Results.** "
        "In the confirmation years ({n_conf} inspections, {events_conf} events) the AUC was "
        "{auc_conf}, the Brier skill over the trailing share of events {brier_skill_conf}, "
        "observed over expected {observed_expected_conf} ({level} intervals). A list of {top_k} "
        "held {found_conf} of the {events_conf} when their inspection began, and {vain_conf} that "
        "were then not judged Inadequate. **Conclusions.** The order was {order_told}; the risks "
        "were {skill_told}. The list may order questions and offers of support; it can't carry a "
        "decision. **Registration.** None. **Funding.** No funder is named.",
    ),
    Item(
        "3a",
        "Introduction",
        "Context, rationale and earlier models",
        "The National Audit Office found that the national department stepped in only after the "
        "inspectorate had judged a service Inadequate ({ref_nao}). Earlier attempts were "
        "discouraging: figures of authorities showed no consistent pattern with Ofsted's "
        "judgements ({ref_wilkins}), and the risk scores of another inspectorate did not predict "
        "its ratings of hospital trusts ({ref_griffiths}; {ref_allen}). No published measure of "
        "discrimination for Ofsted's judgements of children's services was found. The question is "
        "prognostic: figures public on the first day of an inspection, an outcome known weeks "
        "later.",
    ),
    Item(
        "3b",
        "Introduction",
        "Target population, purpose and intended users",
        "Population: every authority in England that runs children's services. Purpose: to offer "
        "support early and to ask questions, before an inspection. Users: analysts in the "
        "department, councils, regional improvement alliances and audit, who know the services. "
        "Not to be used to pre-judge, time or steer an inspection, as a league table, about any "
        "person, or for funding, contracts, dismissal or intervention by itself: {doc_readme} and "
        "{doc_ethics} say who must not use it for what.",
    ),
    Item(
        "3c",
        "Introduction",
        "Known inequalities between groups",
        "The unit is an authority, not a person. Need for children's services follows deprivation "
        "({ref_bywaters}), and what is published differs by how an authority counts. So demand is "
        "compared with equally deprived authorities, and the record is cut by region, type, "
        "deprivation and size. Ethnicity, sex and disability of children are not among the "
        "figures: nothing here can tell whether a service fails some children more than others.",
    ),
    Item(
        "4",
        "Introduction",
        "Objectives",
        "To develop a model, and to evaluate it on inspections that had not been seen, against "
        "simple rules that a user might apply instead: {rivals}. Development and evaluation are "
        "both told here. There is no evaluation by others, or on data from another source.",
    ),
)

_DATA = (
    Item(
        "5a",
        "Methods: data",
        "Sources, and how representative they are",
        "Tables published by the Department for Education, Ofsted and the Office for National "
        "Statistics: {files} files, {figures} figures of {measures} measures for the years "
        "{first_period} to {last_period}; the quality log lists each file with its digest. They "
        "are full counts of every authority, not samples, and anyone can get them. The outcome is "
        "known for inspected authorities only. Development and evaluation use the same sources "
        "at different times. {doc_sources} tells the traps of each table.",
    ),
    Item(
        "5b",
        "Methods: data",
        "Dates",
        "Inspections that began {first_start} to {last_start}, with reports public by {until}, "
        "were learnt from. Evaluation: inspections that began {years_dev} (development) and "
        "{years_conf} (confirmation). The newest figure in the panel was published on {newest}. "
        "There is no follow-up beyond the report of the inspection.",
    ),
    Item(
        "6a",
        "Methods: participants",
        "Setting",
        "All local authorities with children's social care in England, {authorities_now} today in "
        "{regions} regions, rural and urban, inspected by Ofsted under two frameworks (of the "
        "inspections learnt from: {framework_counts}).",
    ),
    Item(
        "6b",
        "Methods: participants",
        "Eligibility",
        "Included: every full inspection on record with a grade, begun on or after {first_day}, "
        "its report public by the cut; standard and short ones alike ({short} known to be short). "
        "Not included: monitoring visits, focused visits and other inspections that give no such "
        "grades. An authority that was not inspected in a window is unknown, and is not counted "
        "as a negative.",
    ),
    Item(
        "6c",
        "Methods: participants",
        "Treatments received",
        "No treatment is given to an authority in the sense of the statement. Support and "
        "intervention by the department, which follow some judgements, are not in the figures: "
        "the risk is that under the support which authorities had been given in the years learnt "
        "from.",
        applies=False,
    ),
    Item(
        "7",
        "Methods: data preparation",
        "Preparation and quality checks",
        "Every cell is read as text and keeps its symbol: suppressed, not applicable, unavailable, "
        "unreliable and rounded to zero stay apart. A figure counts from the day of its "
        "publication; {assumed} of figures have a day assumed by a rule that is late on purpose. "
        "Joint returns are copied to both authorities and marked ({joint} figures); authorities "
        "that were merged or split are followed by a dated register. Reading gave {findings} "
        "findings ({finding_kinds}). The steps are the same for every authority. Figures are "
        "compared within their year, over-dispersed and shrunk ({ref_spiegelhalter}): "
        "{doc_methods}.",
    ),
    Item(
        "8a",
        "Methods: outcome",
        "Outcome and time horizon",
        "{question} (target {target}, version {target_version}), in the inspection that began on "
        "the day of the forecast. The judgement follows within weeks. The same forecasts are also"
        " held against inspections {leads} months later. {target_reason} All authorities are "
        "judged under the same published framework; authorities last found Good or better get "
        "shorter inspections, which find the event less often.",
    ),
    Item(
        "8b",
        "Methods: outcome",
        "Who assesses the outcome, and with what judgement",
        "Ofsted's inspectors, by professional judgement against published criteria. Their "
        "qualifications and demographic characteristics are not published by inspection, nor is "
        "the agreement between inspectors. The model predicts their judgement, which is not the "
        "same as harm to children.",
    ),
    Item(
        "8c",
        "Methods: outcome",
        "Blinding of the assessment",
        "Inspectors are not blind to the predictors: they see the published figures and much more. "
        "This may make the figures look more telling than they are of the service itself. They "
        "did not see this model's scores.",
    ),
    Item(
        "9a",
        "Methods: predictors",
        "Choice of predictors",
        "By reason, not by result: published yearly for nearly every authority, with a direction "
        "that the department declares in its own benchmarking tool, or that a paper argues. The "
        "rates that the National Audit Office named (referrals, re-referrals, repeat plans) are "
        "among them. No predictor was selected by significance. Indicators that were tried and "
        "left out, and why, are in {doc_experiments}.",
    ),
    Item(
        "9b",
        "Methods: predictors",
        "Definitions, and when and how they are measured",
        "{indicators} predictors in {families} families ({family_names}); the table of predictors "
        "below gives each with direction, source and first year, and `python -m earlywarn "
        "catalogue` its formula. Councils return the figures yearly to the department, before the "
        "inspection and without knowledge of its result; each is used from the day that it was "
        "published. The last inspection is Ofsted's.",
    ),
    Item(
        "9c",
        "Methods: predictors",
        "Judgement in measuring predictors",
        "Councils' own staff decide what counts as a referral or an assessment in need, and "
        "practice differs between councils. Who they are is not published. This is one reason "
        "why demand has half the weight of other families. The other figures are counts of dated "
        "events or of posts.",
    ),
    Item(
        "10",
        "Methods: sample size",
        "Sample size",
        "All inspections that there are; no size was computed beforehand. From {check_4} "
        "({ref_riley}). Evaluation: {n_dev} with {events_dev} events in the development years, "
        "{n_conf} with {events_conf} in the confirmation years: too few for close estimates (the "
        "interval of the AUC reaches about {half_width_conf} to either side).",
    ),
    Item(
        "11",
        "Methods: missing data",
        "Missing data",
        "{without_value} of the figures in the panel have no value ({suppressed} are suppressed), "
        "and whole families begin later than the inspections do: the table of what the model was "
        "learnt from gives the share known. A hole is filled by last year's figure compared within "
        "last year, else by what the known figures of its family lead to expect, with the "
        "variance of that in the interval. This takes holes as missing at random within the "
        "family, which can't be tested. No inspection was left out for missing predictors; "
        "{left_out} were left out because they began before {first_day} or have no grade on "
        "record.",
    ),
)

_ANALYSIS = (
    Item(
        "12a",
        "Methods: analysis",
        "How the data were used",
        "By time, never by chance: for each year a model learnt only from reports published before"
        " the first of January, and scored that year's inspections with what was public on the "
        "day. All choices were made on inspections begun {years_dev}; those begun {years_conf} "
        "were opened for the chosen model and its rivals, and a second time when its levels of the "
        "years had changed (docs/experiments.md). The model told here was then "
        "learnt from everything public by {until}, by the same code: it has seen the inspections "
        "of the evaluation, and what was evaluated is its making, not its last weights.",
    ),
    Item(
        "12b",
        "Methods: analysis",
        "How predictors were handled",
        "Each figure goes to a scale on which chance varies alike, is compared with the other "
        "authorities in its year (demand: with equally deprived ones), shrunk by its own sampling "
        "error, and held within {reach} standard deviations. It then enters linearly on the "
        "log-odds scale, without interactions. The last inspection enters as Good or better, or "
        "not.",
    ),
    Item(
        "12c",
        "Methods: analysis",
        "Type of model, how it was built, and internal validation",
        "An ordered logit over the four grades ({ref_mccullagh}) with a Gaussian prior: one "
        "composite of families, expected at {composite} in log-odds (standard deviation "
        "{composite_sd}), and the last inspection at {history} ({history_sd}); families and single "
        "indicators may stray by a little only. So in effect one slope is learnt for all figures "
        "and one for the last inspection; the shares between indicators are assumed. Chosen "
        "because so few events can't tell single weights. The sizes of the prior and how the "
        "level of the year to come is predicted were set on the development years; "
        "{doc_experiments} lists what was tried, also what failed. Validated by rolling origin; "
        "uncertainty by {refits} refits with authorities reweighted and the prior's mean drawn "
        "again.",
    ),
    Item(
        "12d",
        "Methods: analysis",
        "Differences between clusters",
        "The cluster is the authority: all resampling keeps the inspections of one authority "
        "together. Parameters do not differ by region or type. Performance is cut by region, "
        "type, deprivation and size, by observed over expected events with exact limits "
        "({ref_garwood}).",
    ),
    Item(
        "12e",
        "Methods: analysis",
        "Measures of performance",
        "Discrimination: AUC, also within year and for below Good. Overall: Brier and log skill "
        "over the trailing share of events. Calibration: observed over expected, slope, "
        "reliability by fifths. Use: what a list of {top_k} held, and net benefit "
        "({ref_vickers}). All with {level} intervals from {resamples} resamples of authorities, "
        "and compared with each rival on the same resamples.",
    ),
    Item(
        "12f",
        "Methods: analysis",
        "Updating",
        "At each training the thresholds are moved to the level of the year to come: a random "
        "walk over the years before, with steps of a size learnt from them and a trend that "
        "fades. The share of events that the model so expects is now {usual} (from {usual_from}); "
        "the trailing share is {recent_share}. This took the place of a trailing mean after the "
        "confirmation years had been seen, by a rule that looked at the development years only "
        "({doc_experiments}). Nothing was updated for single groups.",
    ),
    Item(
        "12g",
        "Methods: analysis",
        "How predictions were calculated for evaluation",
        "By the code that users run: `earlywarn.backtest` sees a panel as of each day and calls "
        "the same functions as `earlywarn.score`. From {check_1}. From {check_12}.",
    ),
    Item(
        "13",
        "Methods: class imbalance",
        "Class imbalance",
        "Nothing was resampled or reweighted by outcome. All four grades inform the weights, "
        "which helps where the worst is rare ({event_share} of the inspections learnt from), and "
        "the thresholds follow the share of events from year to year, as told under updating.",
    ),
    Item(
        "14",
        "Methods: fairness",
        "Approach to fairness",
        "Between authorities: demand is compared like for like by deprivation, since need is no "
        "failing; delay and repeat work are not, since need is no excuse for them. Region and "
        "type are not predictors. A hole in the figures widens the interval and does not raise "
        "the risk. A numbered check fails if expected and observed events differ beyond chance in "
        "any group. Bias in past judgements is learnt along with them, and can't be seen from "
        "here ({doc_ethics}).",
    ),
    Item(
        "15",
        "Methods: output",
        "Output, and thresholds",
        "A probability with a {interval} interval, a rank with its interval, the probability of "
        "being among the first {top_k}, and what raises and lowers it. There is no class and no "
        "cut-off. Bands are multiples of the usual risk ({usual}): {band_names}, with edges at "
        "{band_highest}, {band_higher} and {band_usual} times. They are a way of speaking, not a "
        "finding.",
    ),
    Item(
        "16",
        "Methods: training and evaluation",
        "Differences between development and evaluation data",
        "Same authorities, sources, predictors and rules of eligibility; later in time. Events: "
        "{rate_dev} of inspections in the development years, {rate_conf} in the confirmation "
        "years; the framework changed within the development years; more predictors are known "
        "later, and more authorities have an earlier judgement on record (table of what the model "
        "was learnt from).",
    ),
    Item(
        "17",
        "Methods: ethical approval",
        "Ethical approval and consent",
        "None was sought for the model: it uses published counts and rates of whole authorities, "
        "with small counts suppressed by the publisher, and no data about persons; so there is "
        "nobody to ask for consent. A study of its use on services would need its own approval.",
    ),
)

METHODS = (*_INTRODUCTION, *_DATA, *_ANALYSIS)
