"use strict";
/* The arithmetic of with_figures, score and explain, for one authority whose figures were changed.
   No page is touched here: numbers in, numbers and words out. Each function names the Python that
   it repeats; a test holds every authority and hundreds of changed ones against it, to 1e-9. */
const explorer = (() => {
  const known = (x) => x !== null && x !== undefined && !Number.isNaN(x);
  const clip = (x, low, high) => Math.min(Math.max(x, low), high);
  const sum = (terms) => terms.reduce((total, term) => total + term, 0);
  const expit = (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
  const logit = (p) => Math.log(p) - Math.log1p(-p);

  // --- figures as they are typed: scoring/cells.py, scoring/own_figures.py ---

  const recordOf = (data, name) => [...data.indicators, data.deprivation].find((each) => each?.id === name);

  /* A cell under a name as a number; null where it is empty, NaN where it is none. */
  function number(data, name, text) {
    const typed = String(text).trim(), record = recordOf(data, name);
    if (typed === "") return null;
    const percent = name === "share" || record?.unit.startsWith("%");
    const large = name !== "share" && (!record || ["rate", "amount"].includes(record.kind));
    const plain = percent ? typed.replace(/\s*%$/, "") : typed;
    const thousands = large && /^[1-9]\d{0,2}(,\d{3})+(\.\d+)?$/.test(plain);
    const digits = thousands ? plain.replaceAll(",", "") : plain;
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(digits) ? Number(digits) : NaN;
  }

  /* What is wrong with a number given under a name; empty if nothing is. */
  function fault(data, name, value) {
    const record = recordOf(data, name);
    const highest = record ? record.highest : data.constants.largest;
    if (value >= 0 && value <= highest) return "";
    const unit = record ? record.unit : "a count";
    return record && record.percent
      ? `This figure is not possible: expected a number from 0 to ${highest} (${unit}).`
      : `This figure is not possible: expected a number, 0 or more (${unit}).`;
  }

  /* The value and the cases that the counts of an indicator give, with what is wrong with them. */
  function ofCounts(record, given, size) {
    const part = given[record.numerator], whole = given[record.denominator];
    const none = { value: NaN, size: NaN, used: [], fault: "" };
    if (record.ofChildren)
      return known(part)
        ? { ...none, value: (10000 * part) / (size ?? NaN), size: size ?? NaN, used: [record.numerator] }
        : none;
    if (!record.numerator || !known(whole)) return none;
    if (!known(part))
      return { ...none, size: known(given[record.id]) ? whole : NaN, used: [record.denominator] };
    const wrong = whole === 0 || (record.percent && part > whole);
    return {
      value: ((record.kind === "proportion" ? 100 : 1) * part) / whole,
      size: whole,
      used: [record.numerator, record.denominator],
      fault: wrong ? "These counts are not possible: the whole must be above zero, and the part no larger than it." : "",
    };
  }

  /* The indicators that given figures come to, and what is wrong with any of them, by name. */
  function resolve(data, authority, given) {
    const found = {}, faults = {}, used = new Set([data.deprivation?.id]);
    for (const [name, value] of Object.entries(given)) {
      const words = fault(data, name, value);
      if (words) faults[name] = words;
    }
    data.indicators.forEach((record, place) => {
      if (record.history) return;
      const value = known(given[record.id]) ? given[record.id] : NaN;
      const counts = ofCounts(record, given, authority.newSize[place]);
      if (Number.isNaN(value) && Number.isNaN(counts.value)) return;
      [record.id, ...counts.used].forEach((name) => used.add(name));
      const [share, step] = data.constants.rounding;
      if (counts.fault) faults[record.numerator] ??= counts.fault;
      else if (Math.abs(value - counts.value) > share * Math.abs(counts.value) + step)
        faults[record.id] ??= `The value contradicts its counts, which give ${counts.value.toFixed(1)}.`;
      else if (!record.newest)
        faults[record.id] ??= "Nothing is published that the figure could be compared with.";
      else found[record.id] = { value: Number.isNaN(value) ? counts.value : value, size: counts.size };
    });
    for (const name of Object.keys(given))
      if (!used.has(name)) faults[name] ??= "A count without the other one: give both, or the value.";
    return { found, faults };
  }

  // --- the level of a figure: indicators/standardise.py ---

  /* Where a stabilised figure lies, and its standard error: compare. */
  function compare({ constants }, y, sd, centre, tau2) {
    const tau = Math.sqrt(tau2), whole = Math.hypot(sd, tau);
    const z = tau === 0 ? 0 : ((y - centre) / whole) * (tau / whole);
    const held = clip(z, -constants.reach, constants.reach);
    const chance = tau === 0 ? 1 : sd / whole;
    const pulled = constants.spreadSd * held;
    const doubt = chance ** 2 + (constants.centreSd ** 2 + pulled ** 2);
    return { level: held, error: Math.min(Math.sqrt(doubt), 1) };
  }

  /* How far the user's own deprivation moves what is usual for a figure: usual_level. A deprivation
     that is not known counts as the average one. */
  function shift(authority, own, { gradient, average, meets }) {
    if (own === undefined || !meets) return 0;
    const offset = (x) => (known(x) ? x - average : 0);
    return gradient * (offset(own) - offset(authority.deprivation[0]));
  }

  /* What is expected at a usual level: usual_value. Nothing where no deprivation is known. */
  const expectedAt = (record, centre, deprivation) =>
    known(deprivation) ? (record.kind === "rate" ? 10000 : 1) * Math.max(centre, 0) ** 2 : null;

  /* A published figure that is compared like for like, at the user's own deprivation; nothing where
     that moves nothing. */
  function alike(data, authority, record, period, own) {
    const year = record.years[period], stands = authority.stands[record.id];
    if (own === undefined || !year || !stands) return {};
    const [tau2, gradient, average, meets] = year, [y, sd, usual] = stands;
    if (!meets) return {};
    const centre = usual + shift(authority, own, { gradient, average, meets });
    return { ...compare(data, y, sd, centre, tau2), expected: expectedAt(record, centre, own) };
  }

  /* What is usual for a figure of the newest year, stabilised and in its unit. */
  function usual(data, authority, place, deprivation) {
    const record = data.indicators[place];
    const centre = authority.newCentre[place] + shift(authority, deprivation, record.newest);
    const moved = deprivation !== undefined && record.newest.meets;
    return { centre, expected: moved ? expectedAt(record, centre, deprivation) : authority.newExpected[place] };
  }

  /* Where a value lies among the authorities of the newest year, and its standard error. */
  function level(data, authority, place, figure, deprivation) {
    const { constants } = data, record = data.indicators[place];
    const { tau2, typicalSd } = record.newest;
    const size = known(figure.size) ? figure.size : authority.newSize[place];
    const per = record.kind === "rate" ? 10000 : 1;
    const y =
      record.kind === "proportion"
        ? Math.asin(Math.sqrt(clip(figure.value / 100, 0, 1)))
        : Math.sqrt(Math.max(figure.value / per, 0));
    const unit = record.kind === "amount" ? constants.amountSd : 0.5;
    const sd = size > 0 ? unit / Math.sqrt(size) : typicalSd;
    const { centre, expected } = usual(data, authority, place, deprivation);
    return { ...compare(data, y, sd, centre, tau2), expected };
  }

  /* The user's own deprivation: a number, null where it was emptied, undefined where it was left. */
  function ownDeprivation(data, state) {
    const id = data.deprivation?.id;
    if (!id) return undefined;
    if (known(state.given?.[id])) return state.given[id];
    return (state.emptied ?? []).includes(id) ? null : undefined;
  }

  /* Every indicator of an authority as it stands now: published, the user's own, or emptied. */
  function rows(data, authority, state, found) {
    const emptied = new Set(state.emptied ?? []);
    const last = state.last === undefined ? authority.last : state.last;
    const deprivation = ownDeprivation(data, state);
    let history = 0;
    return data.indicators.map((record, place) => {
      if (record.history) {
        const value = last[history++];
        return { record, value, level: value, error: 0, own: state.last !== undefined };
      }
      const own = found[record.id];
      if (own)
        return {
          record,
          own: true,
          value: own.value,
          period: record.newest.period,
          england: record.newest.england,
          ...level(data, authority, place, own, deprivation),
        };
      if (emptied.has(record.id)) return { record, emptied: true, value: null, level: null, error: 0 };
      const names = ["value", "period", "england", "expected", "level", "error"];
      const published = Object.fromEntries(names.map((name) => [name, authority[name][place]]));
      return { record, ...published, ...alike(data, authority, record, published.period, deprivation) };
    });
  }

  // --- the model: model/kernels.py and model/risk_model.py ---

  /* The columns centred, missing ones filled in from their group; the variance that is left to
     each, and the part of it that the missing ones of a group share. */
  function complete(model, levels) {
    const filled = levels.map((x, j) => (known(x) ? x - model.centre[j] : 0));
    const left = levels.map(() => 0), shared = levels.map(() => 0);
    for (const name of new Set(model.groups)) {
      const inside = levels.map((_, j) => j).filter((j) => model.groups[j] === name);
      const here = inside.filter((j) => known(levels[j]));
      const total = sum(here.map((j) => model.orientation[j] * filled[j]));
      for (const j of inside.filter((each) => !known(levels[each]))) {
        const r = model.agreement[j], spread = Math.max(1 + (here.length - 1) * r, 1e-12);
        filled[j] = (model.orientation[j] * r * total) / spread;
        left[j] = 1 - (here.length * r ** 2) / spread;
        shared[j] = (r * (1 - r)) / spread;
      }
    }
    return { filled, left, shared };
  }

  /* The two parts of the variance of the log-odds: of what was learnt, which all authorities share,
     and this one's own, of its figures and of the model's form. The interval, the band's
     probability and the ranks are made of these and no others. */
  function variance(model, completed, errors) {
    const { filled, left, shared } = completed, design = [1, ...filled], { covariance } = model;
    const learnt = sum(design.map((a, i) => a * sum(design.map((b, j) => covariance[i][j] * b))));
    // What the covariance of two values counts for: the mean product of their weights.
    const squared = (i, j) => model.coefficients[i] * model.coefficients[j] + covariance[i + 1][j + 1];
    const alone = left.map((gap, j) => squared(j, j) * (gap - shared[j] + (errors[j] ?? 0) ** 2));
    const gaps = left.map((_, j) => j).filter((j) => shared[j] > 0);
    const pull = (j) => model.orientation[j] * Math.sqrt(shared[j]);
    const pairs = gaps.flatMap((i) =>
      gaps.filter((j) => model.groups[j] === model.groups[i]).map((j) => squared(i, j) * pull(i) * pull(j)),
    );
    return { shared: Math.max(learnt, 0), own: sum(alone) + sum(pairs) + model.formSd ** 2 };
  }

  /* The data with another share of Inadequate judgements than the model expects: at_prior. */
  function atShare(data, share) {
    if (share === undefined) return data;
    const moved = logit(share) - logit(data.model.share);
    return { ...data, model: { ...data.model, baseline: data.model.baseline + moved, share } };
  }

  /* The risk and what it is made of. */
  function predict(data, levels, errors) {
    const { model, constants } = data, completed = complete(model, levels);
    const contributions = completed.filled.map((x, j) => x * model.coefficients[j]);
    const logOdds = model.baseline + sum(contributions);
    const doubt = variance(model, completed, errors);
    const reach = constants.ninety * Math.sqrt(doubt.shared + doubt.own);
    const rise = model.step + sum(completed.filled.map((x, j) => x * model.shifts[j]));
    return {
      logOdds,
      contributions,
      doubt,
      filled: completed.filled,
      risk: expit(logOdds),
      lower: expit(logOdds - reach),
      upper: expit(logOdds + reach),
      belowGood: expit(logOdds + Math.max(rise, constants.smallestRise)),
    };
  }

  // --- bands and ranks: scoring/predictions.py and scoring/ranks.py ---

  /* The error function's complement, by its series near zero and its continued fraction beyond. */
  function erfc(x) {
    if (x < 0) return 2 - erfc(-x);
    if (x < 2.5) {
      let term = x, total = x;
      for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(total); n++) {
        term *= -(x * x) / n;
        total += term / (2 * n + 1);
      }
      return 1 - (2 / Math.sqrt(Math.PI)) * total;
    }
    let tail = 0;
    for (let n = 120; n > 0; n--) tail = n / 2 / (x + tail);
    return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + tail);
  }
  const normalCdf = (z) => 0.5 * erfc(-z / Math.SQRT2);

  /* The band of a risk, and how probable it is that the risk lies in it. */
  function band(data, { risk, logOdds, doubt }) {
    const { bands } = data.constants, { share } = data.model;
    const place = bands.findIndex(([edge]) => risk / share >= edge);
    const sd = Math.sqrt(doubt.shared + doubt.own);
    const edges = [Infinity, ...bands.map(([edge]) => edge)];
    const [high, low] = [place, place + 1].map((at) => {
      const edge = clip(edges[at] * share, 0, 1);
      return edge === 0 ? -Infinity : edge === 1 ? Infinity : logit(edge) - logOdds;
    });
    return { name: bands[place][1], place, probability: normalCdf(high / sd) - normalCdf(low / sd) };
  }

  function unpack(text) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    return Float32Array.from({ length: bytes.length / 4 }, (_, at) => view.getFloat32(4 * at, true));
  }

  /* The draws as numbers; unpacked once. */
  function draws(data) {
    data.unpacked ??= { shared: unpack(data.draws.shared), logOdds: unpack(data.draws.logOdds) };
    return data.unpacked;
  }

  /* The rank among all authorities, whose figures stay as published, and its 90% interval. Each
     draw is a model as credible as the others: it moves the changed authority as it moved the
     published one, but for what the new figures weigh in it. */
  function rank(data, place, before, after) {
    const { shared, logOdds } = draws(data), count = data.authorities.length, { size } = data.draws;
    const width = after.filled.length + 1;
    const ratio = before.doubt.own > 0 ? Math.sqrt(after.doubt.own / before.doubt.own) : 1;
    const moved = (k, { filled }) => {
      let total = shared[k * width];
      for (let j = 1; j < width; j++) total += shared[k * width + j] * filled[j - 1];
      return total;
    };
    const places = Array.from({ length: size }, (_, k) => {
      const chance = logOdds[k * count + place] - before.logOdds - moved(k, before);
      const drawn = after.logOdds + moved(k, after) + chance * ratio;
      let above = 1;
      for (let i = 0; i < count; i++) if (i !== place && logOdds[k * count + i] > drawn) above++;
      return above;
    }).sort((a, b) => a - b);
    // As for equal risks in Python, which share a rank; the last digits may round otherwise here.
    const higher = (each, i) => i !== place && each.logOdds > after.logOdds + 1e-11;
    const own = 1 + data.authorities.filter(higher).length;
    return {
      rank: own,
      lower: Math.min(places[Math.floor(0.05 * (size - 1))], own),
      upper: Math.max(places[Math.ceil(0.95 * (size - 1))], own),
    };
  }

  // --- words: scoring/words.py and scoring/explanation.py ---

  /* With so many digits behind the point, ties to even as Python writes them. */
  function fixed(x, places) {
    const exact = Math.abs(x).toFixed(60), point = exact.indexOf(".");
    const tie = /^50*$/.test(exact.slice(point + 1 + places));
    const even = Number(exact.slice(0, point + 1 + places).replace(".", "").slice(-1)) % 2 === 0;
    const text = tie && even ? exact.slice(0, places ? point + 1 + places : point) : Math.abs(x).toFixed(places);
    return (x < 0 && Number(text) !== 0 ? "-" : "") + text;
  }
  const grouped = (x) => fixed(x, 0).replace(/\B(?=(\d{3})+$)/g, ",");
  const figure = (record, x) =>
    (Math.abs(x) >= 100 ? grouped(x) : fixed(x, 1)) + (record.unit.startsWith("%") ? "%" : "");

  function effect(data, contribution) {
    const size = Math.abs(contribution), { none, slight } = data.constants;
    if (size < none) return "no effect on the risk";
    return (contribution > 0 ? "raises the risk" : "lowers the risk") + (size < slight ? " slightly" : "");
  }

  /* The shares of the other authorities that are strictly lower and strictly higher, and their number. */
  function shares(data, place, self, value) {
    const others = data.authorities.filter((_, i) => i !== self).map((each) => each.value[place]).filter(known);
    const share = (test) => (others.length ? others.filter(test).length / others.length : NaN);
    return { below: share((each) => each < value), above: share((each) => each > value), count: others.length };
  }

  function standing({ below, above, count }) {
    if (below === 0 && above === 0) return `the same as all ${count} others with a figure`;
    const [side, share] = below >= above ? ["higher", below] : ["lower", above];
    return `${side} than ${Math.min(Math.floor(100 * share + 1e-9), 99)}% of ${count} others with a figure`;
  }

  /* What a figure counts against; a rank only where all figures are of one year. */
  function beside(data, self, place, row, carried) {
    const { record } = row;
    if (record.likeForLike)
      return known(row.expected)
        ? [`about ${figure(record, row.expected)} expected for its deprivation`]
        : ["compared as if of average deprivation, as its own is not known"];
    const parts = known(row.england) ? [`England's pooled figure ${figure(record, row.england)}`] : [];
    const found = shares(data, place, self, row.value);
    return !carried && known(found.below) ? [...parts, standing(found)] : parts;
  }

  /* One indicator in plain English, without what it does. */
  function fact(data, self, place, row, contribution) {
    const { record } = row;
    if (!known(row.level)) {
      const weighs = Math.abs(contribution) >= data.constants.none;
      const stand = weighs ? `; the other figures on ${record.family} stand in` : "";
      return row.emptied
        ? `${record.title}: taken as not known, as you left it empty${stand}`
        : `${record.title}: no comparable figure published${stand}`;
    }
    if (!known(row.value)) return `${record.title}: a suppressed count, of 1 to 5`;
    const periods = data.authorities.map((each) => each.period[place]).filter(known);
    const carried = row.period < Math.max(...periods);
    const first = `${record.title}: ${figure(record, row.value)} ${record.unit.replace(/^% /, "")}${row.own ? "" : ` in ${row.period}`}`;
    return [
      first,
      ...(row.own ? [`your own figure, compared with the others' figures for ${row.period}`] : []),
      ...(carried ? ["no newer figure published"] : []),
      ...beside(data, self, place, row, carried),
      ...(Math.abs(row.level) >= data.constants.reach ? ["its effect held at the model's limit"] : []),
    ].join(", ");
  }

  const GRADES = { "1,0": "Good or Outstanding", "0,0": "Requires improvement", "0,1": "Inadequate" };
  /* The last inspection is one fact, said once with what its parts do together. */
  function lastFact(data, rows) {
    const through = data.judgementsThrough ? ` (known to ${data.judgementsThrough})` : "";
    const grade = GRADES[rows.map((row) => row.value).join()];
    const source = rows[0].own ? ", as you set it," : through;
    const area = grade === GRADES["1,0"] ? "the worst of three areas" : "its worst area";
    return `The last inspection${source} ${grade ? `was ${grade} in ${area}` : "is not known here"}`;
  }

  /* What raises and what lowers the risk, strongest first. */
  function reasons(data, self, rows, contributions) {
    const history = rows.filter((row) => row.record.history);
    const found = rows.map((row, place) => ({ row, place, contribution: contributions[place] }));
    const plain = found
      .filter(({ row }) => !row.record.history)
      .map(({ row, place, contribution }) => ({
        id: row.record.id,
        own: Boolean(row.own || row.emptied),
        contribution,
        fact: fact(data, self, place, row, contribution),
      }));
    const whole = sum(found.filter(({ row }) => row.record.history).map((each) => each.contribution));
    const last = history.length
      ? [{ id: history[0].record.id, own: history[0].own, contribution: whole, fact: lastFact(data, history) }]
      : [];
    return [...plain, ...last]
      .map((each) => ({ ...each, sentence: `${each.fact}: ${effect(data, each.contribution)}` }))
      .sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  }

  /* Everything that is said of one authority.

     code: the authority. state: what the user changed: `given`, numbers by the catalogue's names;
     `emptied`, indicators taken as not known; `last`, [good, inadequate] where another last
     judgement is taken; `share`, another share of Inadequate judgements than is expected. Gives `faults`, by name, where a figure can't be so, and then no risk. */
  function assess(data, code, state = {}) {
    const place = data.authorities.findIndex((each) => each.code === code);
    const authority = data.authorities[place];
    const { found, faults } = resolve(data, authority, state.given ?? {});
    if (state.share !== undefined && !(state.share > 0 && state.share < 1))
      faults.share = "Not a share: expected a number between 0 and 100, such as 8.";
    if (Object.keys(faults).length) return { authority, faults };
    const of = (each, figures, under = data) => {
      const table = rows(data, authority, each, figures);
      return [table, predict(under, table.map((row) => row.level), table.map((row) => row.error))];
    };
    const [, before] = of({}, {});
    const scenario = atShare(data, state.share);
    const [table, after] = of(state, found, scenario);
    // Another share moves every authority alike: ranks are counted without it.
    const alone = { ...after, logOdds: after.logOdds - (scenario.model.baseline - data.model.baseline) };
    const count = table.filter((row) => known(row.level)).length;
    const own = table.filter((row) => row.own || row.emptied).map((row) => row.record.id);
    const deprivation = ownDeprivation(data, state);
    return {
      authority,
      faults,
      ...after,
      known: count,
      own,
      changed: [deprivation, state.share, state.last].some((each) => each !== undefined) || own.length > 0,
      model: scenario.model,
      // An authority of which nothing is known has no band and no rank.
      band: count ? band(scenario, after) : null,
      ranks: count ? rank(data, place, before, alone) : null,
      rows: table,
      reasons: reasons(data, place, table, after.contributions),
    };
  }

  return { assess, effect, figure, fixed, grouped, known, number, ownDeprivation, usual };
})();
