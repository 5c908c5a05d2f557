"""The Algorithmic Transparency Recording Standard: its fields, filled as far as the library can."""

from __future__ import annotations

from earlywarn.cards.items import Item, blank

_META = "Metadata"
_TIER_1 = "Tier 1: summary"
_OWNER = "Tier 2: owner and responsibility"
_RATIONALE = "Tier 2: description and rationale"
_CONTEXT = "Tier 2: deployment context"
_TOOL = "Tier 2: tool specification"
_MODEL = "Tier 2: tool specification, model"
_DATA = "Tier 2: tool specification, data"
_RISK = "Tier 2: risks, mitigations and impact assessments"

_OVERVIEW = (
    Item("0.1", _META, "Organisation", blank("the organisation that publishes the record")),
    Item("0.2", _META, "Organisation type", blank("for example local authority")),
    Item("0.3", _META, "Function", "Social protection"),
    Item("0.4", _META, "Capability", "Forecasting; analysis"),
    Item("0.5", _META, "Task", "Ordering local authorities by the risk of an inspection result"),
    Item("0.6", _META, "Phase", blank("pre-deployment, beta or pilot, production, or retired")),
    Item("0.7", _META, "Region", "England"),
    Item("0.8", _META, "Date published", blank("the day of publication, and of each update")),
    Item("0.9", _META, "ATRS version", "{atrs_version}"),
    Item("1", _TIER_1, "Name", "earlywarn"),
    Item(
        "2",
        _TIER_1,
        "Description",
        "The tool reads the yearly published figures of children's services and estimates, for "
        "each local authority in England, how probable it is that inspectors who came now would "
        "judge an area Inadequate. It shows what raises and what lowers each estimate, and how "
        "unsure it is. It is meant to bring support early and to start a conversation. It knows "
        "nothing of any child, family or member of staff. Its estimates are weak, and it decides "
        "nothing. Here it is used " + blank("how and why the organisation uses it, in plain words"),
    ),
    Item("3", _TIER_1, "Website URL", blank("a page that tells the public more")),
    Item("4", _TIER_1, "Contact email", blank("the address of the team, not of one person")),
)

_RESPONSIBILITY = (
    Item("1.1", _OWNER, "Organisation or department", blank("who is accountable for the use")),
    Item("1.2", _OWNER, "Team", blank("the team that runs it")),
    Item("1.3", _OWNER, "Senior responsible owner", blank("the role title, not a name")),
    Item(
        "1.4",
        _OWNER,
        "Third party involvement",
        "The library is open source under the MIT licence and comes without a supplier or support "
        "contract. " + blank("whether anyone outside builds, hosts or runs it; if no, say no"),
    ),
    Item("1.4.1", _OWNER, "Third party", blank("the third party's name, or not applicable")),
    Item("1.4.2", _OWNER, "Companies House number", blank("the number, or not applicable")),
    Item("1.4.3", _OWNER, "Third party role", blank("what the third party does, if any")),
    Item("1.4.4", _OWNER, "Procurement procedure type", blank("the procedure, if any")),
    Item(
        "1.4.5",
        _OWNER,
        "Third party data access terms",
        "The tool sends nothing anywhere, and its data are public. "
        + blank("access given to a third party, if any"),
    ),
    Item(
        "2.1",
        _RATIONALE,
        "Detailed description",
        "Published tables are read into a panel in which each figure has the day of its "
        "publication. For a day, {indicators} indicators in {families} families ({family_names}) "
        "are computed from what was public, each compared with the other authorities of its year "
        "and shrunk by its own chance. A regression on the ordered inspection grades, whose "
        "weights are mostly set beforehand, turns them into a probability with a {interval} "
        "interval, a rank with its interval, a band, and a contribution for each indicator. "
        "The model is {model_id}. {doc_methods} has every formula.",
    ),
    Item(
        "2.2",
        _RATIONALE,
        "Benefits",
        "Support may be offered before a service is judged Inadequate, which the National Audit "
        "Office found missing ({ref_nao}). No benefit has been measured: nobody has yet compared "
        "places that were offered support by such a list with others. "
        + blank("the benefit that is expected here, and how it will be measured"),
    ),
    Item(
        "2.3",
        _RATIONALE,
        "Previous process",
        blank("how authorities in need of support were found before, and by whom"),
    ),
    Item(
        "2.4",
        _RATIONALE,
        "Alternatives considered",
        "Simple rules were run beside it on the same inspections: {rivals}. In AUC, in the "
        "confirmation years, it did better beyond chance than: {better_than}. Not better beyond "
        "chance than: {alike}. These are simpler, and a user may prefer one. Models with free "
        "weights did worse the freer they were ({doc_experiments}). "
        + blank("alternatives without an algorithm that were considered here"),
    ),
    Item(
        "3.1",
        _CONTEXT,
        "Integration into broader operational process",
        "Meant as one reason among others to look and to ask; never the sole ground of anything. "
        "Not for pre-judging, timing or steering inspections, league tables, funding, contracts, "
        "dismissal or intervention by itself. "
        + blank("the process in which it is used, and what else is looked at"),
    ),
    Item(
        "3.2",
        _CONTEXT,
        "Human review",
        "Nothing follows from a score by itself. Someone who knows the authority reads the drivers "
        "and the interval first, and writes down what else a step rests on. "
        + blank("who reviews, when, and with what power to set a score aside"),
    ),
    Item(
        "3.3",
        _CONTEXT,
        "Frequency and scale of usage",
        "It covers {authorities_now} authorities. Scores change when a table or a report is "
        "published. " + blank("how often it is run here, and by how many people"),
    ),
    Item(
        "3.4",
        _CONTEXT,
        "Required training",
        "Readers need to know what an interval is, why a rank is not a measure of quality, and the "
        "limits in {doc_limits}. " + blank("the training that is given"),
    ),
    Item(
        "3.5",
        _CONTEXT,
        "Appeals and review",
        "No decision about a person is made. An authority should see what is said of it and be "
        "able to answer; a wrong figure is corrected by its publisher, and the next run takes it "
        "up. " + blank("how an authority can question a score, and who answers"),
    ),
)

_SPECIFICATION = (
    Item(
        "4.1.1",
        _TOOL,
        "System architecture",
        "A Python library and command line, run on one machine without a network. Text files go "
        "in; tables, a page and records come out. The model is a file of numbers and names that "
        "holds no code and is checked before use. " + blank("where it is installed"),
    ),
    Item(
        "4.1.2",
        _TOOL,
        "System-level input",
        "Published tables of the Department for Education, Ofsted and the Office for National "
        "Statistics, at the level of the authority.",
    ),
    Item(
        "4.1.3",
        _TOOL,
        "System-level output",
        "For each authority: risk and interval, probability of being judged below Good, rank and "
        "interval, band, probability of being among the first {top_k}, drivers up and down, what "
        "was missing, the day of the data, and the name of the model.",
    ),
    Item(
        "4.1.4",
        _TOOL,
        "Maintenance",
        "To be retrained each year once Ofsted's yearly outcomes are out. It is not meant for days "
        "after {sunset}, {life_years} years after its cut. `python -m earlywarn drift` says "
        "whether it still fits. " + blank("who retrains and reviews it, and when next"),
    ),
    Item("4.1.5", _TOOL, "Models", "One: {model_id}."),
    Item("4.2.1", _MODEL, "Model name", "{model_id}"),
    Item("4.2.2", _MODEL, "Model version", "earlywarn {version}; learnt up to {until}"),
    Item("4.2.3", _MODEL, "Model task", "To estimate the probability of this: {question}."),
    Item(
        "4.2.4",
        _MODEL,
        "Model input",
        "{indicators} numbers an authority: the place of each figure within its year, and whether "
        "the last inspection was Good or better. The model card lists them.",
    ),
    Item(
        "4.2.5",
        _MODEL,
        "Model output",
        "The probability of each grade or worse, with its interval, and additive contributions.",
    ),
    Item(
        "4.2.6",
        _MODEL,
        "Model architecture",
        "Ordered logistic regression with a Gaussian prior, {indicators} weights and a threshold "
        "between each two grades; set to {usual} by {usual_from}. The model card gives all "
        "numbers.",
    ),
    Item(
        "4.2.7",
        _MODEL,
        "Model performance",
        "On {n_conf} inspections begun {years_conf} ({events_conf} events), by yearly models of "
        "the same making that had seen earlier reports only: AUC {auc_conf}, Brier skill "
        "{brier_skill_conf}, observed over expected {observed_expected_conf} ({level} intervals). "
        "The order was {order_told}; the risks were {skill_told}, and {level_told}. A list of "
        "{top_k} held {found_conf} of the {events_conf} and {vain_conf} that were then not judged "
        "Inadequate. Between groups: {fairness_told}.",
    ),
    Item(
        "4.2.8",
        _MODEL,
        "Datasets",
        "The panel with digest {panel}: {figures} figures from {files} published files, and "
        "{judgements} inspections. The quality log names each file with its digest.",
    ),
    Item(
        "4.2.9",
        _MODEL,
        "Dataset purposes",
        "Learning: {inspections} inspections reported by {until}. Choosing: {n_dev} begun "
        "{years_dev}. Confirming: {n_conf} begun {years_conf}. In use: what is public on the day.",
    ),
    Item(
        "4.3.1",
        _DATA,
        "Source data name",
        "Children in need, looked-after children, children's social work workforce, the Local "
        "Authority Interactive Tool, statistical neighbours (Department for Education); "
        "inspection outcomes and reports (Ofsted); mid-year population (Office for National "
        "Statistics).",
    ),
    Item("4.3.2", _DATA, "Data modality", "Tables"),
    Item(
        "4.3.3",
        _DATA,
        "Data description",
        "Yearly counts, rates and shares of whole authorities, {measures} measures, and "
        "inspection grades.",
    ),
    Item(
        "4.3.4",
        _DATA,
        "Data quantities",
        "{figures} figures for {first_period} to {last_period}; {judgements} inspections, of which "
        "{inspections} were learnt from and {events} have the event.",
    ),
    Item(
        "4.3.5",
        _DATA,
        "Sensitive attributes",
        "None of persons: no personal data. The share of pupils eligible for free school meals "
        "stands for the deprivation of an area, so that like is compared with like. A head of "
        "service can be known by name, so what is said of an authority may be heard as said of a "
        "person.",
    ),
    Item(
        "4.3.6",
        _DATA,
        "Data completeness and representativeness",
        "All authorities, not a sample. {without_value} of the figures have no value, and "
        "{assumed} have a day of publication that is assumed. Outcomes exist for inspected "
        "authorities only; who is inspected when depends on how they did.",
    ),
    Item(
        "4.3.7",
        _DATA,
        "Source data URL",
        "The publishers' pages on GOV.UK and ons.gov.uk; the licence notice of the library names "
        "the publication behind each table, and {doc_sources} the tables.",
    ),
    Item(
        "4.3.8",
        _DATA,
        "Data collection",
        "By the publishers, from statutory returns of councils and from inspections, for "
        "statistics and regulation. The library collects nothing.",
    ),
    Item(
        "4.3.9",
        _DATA,
        "Data cleaning",
        "Symbols keep their meaning and nothing is repaired in silence: reading gave {findings} "
        "findings ({finding_kinds}). Joint returns are marked; mergers and splits are followed by "
        "a dated register.",
    ),
    Item(
        "4.3.10",
        _DATA,
        "Data sharing agreements",
        "None needed for published data under the Open Government Licence. "
        + blank("agreements for any data of your own that are scored"),
    ),
    Item(
        "4.3.11",
        _DATA,
        "Data access and storage",
        "The data ship with the library, and anyone may read them. Scoring writes only the files "
        "that are asked for. "
        + blank(
            "where outputs are kept, who sees them, how long, and who answers requests for them"
        ),
    ),
    Item(
        "5.1",
        _RISK,
        "Impact assessment",
        "The library processes no personal data, so that a data protection impact assessment "
        "concerns only rows that an organisation adds and the persons who may be recognised behind "
        "an authority. "
        + blank(
            "assessments made: data protection, public sector equality duty, others; date and link"
        ),
    ),
    Item(
        "5.2",
        _RISK,
        "Risks and mitigations",
        "A rank read as a fact: every table carries intervals, and no output calls an authority "
        "Inadequate. A false alarm ({vain_conf} of {listed_conf} inspected while listed in the "
        "confirmation years): support is offered, nothing imposed. A miss ({missed_conf} of "
        "{events_conf} not listed): a low score is no assurance. The harm of a label: no "
        "publication of a score without its interval and drivers. Figures managed instead of the "
        "service: no decision rests on it alone. Inspectors steered by it: such use is ruled out. "
        "Drift and a new framework: a last day ({sunset}) and a drift check. Checks that failed: "
        "{failed}. " + blank("further risks of this use, and who holds each"),
    ),
)

FIELDS = (*_OVERVIEW, *_RESPONSIBILITY, *_SPECIFICATION)
"""Every field of the template, in its order and once."""
