/* The page around the arithmetic: fields in, words out. */
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const at = (id) => document.getElementById(id);
  const entries = [...document.querySelectorAll("input[data-name]")];
  const records = Object.fromEntries(data.indicators.map((record, place) => [record.id, { record, place }]));
  const percent = (x) => `${explorer.fixed(100 * x, 1)}%`;
  const signed = (x) => (Math.abs(x) < 0.005 ? "0.00" : (x > 0 ? "+" : "-") + explorer.fixed(Math.abs(x), 2));
  const isValue = (entry) => entry.dataset.name in records;
  const deprivation = data.deprivation?.id;
  const usual = explorer.figure({ unit: "%" }, 100 * data.model.share).replace("%", "");
  let authority = null, published = null;

  /* What a name is called. */
  function title(name) {
    if (name === "share") return "Share of inspections expected to find an Inadequate area";
    if (name === deprivation) return data.deprivation.title;
    return name in records ? records[name].record.title : data.counts[name];
  }

  /* An element with text in it; text is never taken for markup. */
  function element(name, text = "", css = "") {
    const made = document.createElement(name);
    made.textContent = text;
    if (css) made.className = css;
    return made;
  }

  /* What a published figure is typed as: the digits that the report says, without its mark. */
  function shown(entry) {
    const { name } = entry.dataset;
    if (name === "share") return usual;
    if (name !== deprivation && !isValue(entry)) return "";
    const [record, value] =
      name === deprivation
        ? [data.deprivation, authority.deprivation[1]]
        : [records[name].record, authority.value[records[name].place]];
    return explorer.known(value) ? explorer.figure(record, value).replace(/[%,]/g, "") : "";
  }

  /* What the user changed: fields that differ from what the page put into them. */
  function state() {
    const given = {}, emptied = [], unread = {};
    let share;
    for (const entry of entries) {
      const { name } = entry.dataset, text = entry.value.trim();
      if (text === entry.dataset.published) continue;
      const value = explorer.number(data, name, text);
      if (name === "share") share = value === null ? undefined : value / 100;
      else if (value === null) emptied.push(name);
      else given[name] = value;
      if (Number.isNaN(value)) unread[name] = text;
    }
    const last = at("last").value;
    const held = last === at("last").dataset.published ? undefined : grades(last);
    return { given, emptied, last: held, share, unread };
  }
  const grades = (text) => text.split(",").map((part) => (part === "" ? null : Number(part)));

  // --- what is shown ---

  const rankText = ({ ranks }) => (ranks ? `${ranks.rank} (${ranks.lower} to ${ranks.upper})` : "none");
  const rangeText = (found) => `${percent(found.lower)} to ${percent(found.upper)}`;
  const bandText = ({ band }) => (band ? band.name : "none, as nothing is known");

  function summary(found) {
    const place = found.ranks
      ? `Rank ${found.ranks.rank} of ${data.authorities.length}, 90% interval ${found.ranks.lower} to ${found.ranks.upper}.`
      : "No rank, as nothing is known.";
    return (
      `${authority.name}: risk ${percent(found.risk)}, 90% interval ${rangeText(found)}, ${bandText(found)}. ${place}` +
      (found.changed ? ` As published: ${percent(published.risk)}.` : "")
    );
  }

  function showResult(found) {
    at("risk").textContent = percent(found.risk);
    at("interval").textContent = `90% interval ${rangeText(found)}`;
    at("band").textContent = bandText(found);
    at("band").className = `band b${found.band ? found.band.place + 1 : 4}`;
    at("sure").textContent = found.band ? `(probability of this band ${explorer.fixed(found.band.probability, 2)})` : "";
    const lines = [
      ["Risk", (each) => percent(each.risk)],
      ["Its 90% interval", rangeText],
      ["Band", bandText],
      [`Rank of ${data.authorities.length} (90% interval)`, rankText],
      ["Risk of being judged below Good", (each) => percent(each.belowGood)],
      ["Usual risk: the share expected", (each) => percent(each.model.share)],
    ];
    at("both").replaceChildren(
      ...lines.map(([title, text]) => {
        const row = element("tr"), head = element("th", title);
        head.scope = "row";
        row.append(head, element("td", text(published), "n"), element("td", text(found), "n"));
        return row;
      }),
    );
    at("moved").textContent = moved(found);
    at("bar").textContent = `${authority.name}: ${percent(found.risk)} (${rangeText(found)})` +
      (found.changed ? `, published ${percent(published.risk)}` : "");
    at("usual").textContent = percent(found.model.share);
    drawStrip(found);
  }

  /* Which terms are other than with the published figures, the most first. */
  function moved(found) {
    const start = (each) => ({ id: "start", contribution: each.model.baseline });
    const before = Object.fromEntries([start(published), ...published.reasons].map((each) => [each.id, each.contribution]));
    const changed = [start(found), ...found.reasons]
      .map((each) => ({ ...each, before: before[each.id] }))
      .filter((each) => Math.abs(each.contribution - each.before) >= 0.005)
      .sort((a, b) => Math.abs(b.contribution - b.before) - Math.abs(a.contribution - a.before));
    const called = ({ id }) => {
      if (id === "start") return "Where every authority starts";
      return records[id].record.history ? "Last inspection" : title(id);
    };
    if (!changed.length) return found.changed ? "Your changes hardly move the risk." : "";
    const words = changed.slice(0, 5).map((each) => `${called(each)} from ${signed(each.before)} to ${signed(each.contribution)}`);
    return `What moved: ${words.join("; ")}${changed.length > 5 ? `; and ${changed.length - 5} more` : ""}.`;
  }

  function svg(name, attributes) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  /* The risk on an axis from zero, with its interval, the published one and every other authority. */
  function drawStrip(found) {
    const others = data.authorities.filter((each) => each !== authority);
    const moved = found.model.baseline - data.model.baseline;
    const risks = others.map((each) => 1 / (1 + Math.exp(-each.logOdds - moved)));
    const top = Math.ceil(10 * Math.max(found.upper, published.upper, ...risks)) / 10;
    const x = (share) => 15 + (560 * share) / top;
    const line = (css, from, to, y, below = y) => svg("line", { class: css, x1: x(from), x2: x(to), y1: y, y2: below });
    const parts = [line("ax", 0, top, 52)];
    for (let share = 0; share <= top + 1e-9; share += top > 0.5 ? 0.2 : 0.1) {
      const label = svg("text", { x: x(share), y: 75, class: "m" });
      label.textContent = `${Math.round(100 * share)}%`;
      parts.push(line("ax", share, share, 52, 56), label);
    }
    parts.push(...risks.map((risk) => line("other", risk, risk, 38, 50)));
    parts.push(line("use", found.model.share, found.model.share, 4, 52), line("ci", found.lower, found.upper, 20));
    if (found.changed) parts.push(svg("circle", { class: "off", cx: x(published.risk), cy: 20, r: 7 }));
    parts.push(svg("circle", { class: "on", cx: x(found.risk), cy: 20, r: 7, stroke: "#fff", "stroke-width": 2 }));
    at("strip").replaceChildren(...parts);
    at("strip").setAttribute("aria-label", `The risk on an axis from 0% to ${Math.round(100 * top)}%: ${summary(found)}`);
  }

  function showReasons(found) {
    const { baseline } = found.model, start = 1 / (1 + Math.exp(-baseline));
    at("start").textContent = `Where every authority starts: ${signed(baseline)}, a risk of ${percent(start)}, ` +
      "from how many inspections are expected to find an Inadequate area.";
    const none = data.constants.none;
    const longest = Math.max(...found.reasons.map((each) => Math.abs(each.contribution)));
    const item = (each) => {
      const made = element("li"), words = element("span", each.fact), long = element("span", "", "long");
      if (each.own) words.append(" ", element("span", "changed by you", "own-mark"));
      long.classList.toggle("dn", each.contribution < 0);
      long.style.width = `${(100 * Math.abs(each.contribution)) / longest}%`;
      made.append(element("span", signed(each.contribution), "num"), words, long);
      return made;
    };
    const list = (id, test) => {
      const items = found.reasons.filter(test).map(item);
      at(id).replaceChildren(...(items.length ? items : [element("li", "Nothing.")]));
    };
    list("raises", (each) => each.contribution >= none);
    list("lowers", (each) => each.contribution <= -none);
    list("quiet", (each) => Math.abs(each.contribution) < none);
    for (const each of found.reasons) {
      const id = records[each.id].record.history ? "last" : each.id;
      document.querySelector(`.field[data-id="${id}"] .part`).textContent =
        `${signed(each.contribution)}: ${explorer.effect(data, each.contribution).replace(/( on)? the risk/, "")}`;
    }
  }

  /* Marks what is the user's own, and says in its place what can't be so. */
  function showFields(now, faults) {
    for (const entry of entries) {
      const { name } = entry.dataset, words = name in now.unread ? `Not a number: ${now.unread[name]}.` : faults[name] ?? "";
      const fault = at(`fault-${entry.id}`);
      fault.textContent = words;
      fault.hidden = !words;
      entry.setAttribute("aria-invalid", words ? "true" : "false");
    }
    const own = faults[deprivation] ? undefined : explorer.ownDeprivation(data, now);
    for (const entry of entries.filter(isValue)) at(`about-${entry.id}`).textContent = hint(records[entry.dataset.name].place, own);
    for (const field of document.querySelectorAll(".field")) {
      const inputs = [...field.querySelectorAll("input, #last")];
      field.classList.toggle("mine", inputs.some((each) => each.value.trim() !== each.dataset.published));
    }
    at("back").disabled = !document.querySelector(".field.mine");
  }

  function hint(place, own) {
    const record = data.indicators[place], value = authority.value[place];
    if (!record.newest) return "Nothing is published that it could be compared with: it can't be changed.";
    const parts = [];
    if (explorer.known(value)) parts.push(`Published: ${explorer.figure(record, value)} for ${authority.period[place]}`);
    else parts.push(explorer.known(authority.level[place]) ? "Published: a suppressed count, of 1 to 5" : "No comparable figure published");
    if (authority.period[place] !== record.newest.period) parts.push(`yours would be compared with the others' figures for ${record.newest.period}`);
    const { expected } = explorer.usual(data, authority, place, own), { england } = record.newest;
    if (record.likeForLike && explorer.known(expected)) parts.push(`about ${explorer.figure(record, expected)} expected for its deprivation`);
    else if (explorer.known(england)) parts.push(`England's pooled figure ${explorer.figure(record, england)}`);
    if (record.usual) parts.push(`eight in ten authorities: ${record.usual.map((each) => explorer.figure(record, each)).join(" to ")}`);
    return `${parts.join("; ")}.`;
  }

  /* What the deprivation of an authority does: it is weighed only by what is expected at it. */
  function deprivationHint() {
    const [used, value, period] = authority.deprivation, record = data.deprivation;
    const number = (each) => explorer.figure(record, each);
    const held = explorer.known(value) ? `Published: ${number(value)} for ${period}` : "No comparable figure published";
    const old = explorer.known(value) && !explorer.known(used) ? `; yours would be compared with the others' figures for ${record.newest.period}` : "";
    return `${held}${old}; eight in ten authorities: ${record.usual.map(number).join(" to ")}. It has no weight of its own: it moves what is expected of the figures per child.`;
  }

  // --- what happens ---

  let waiting = 0;
  function update() {
    const now = state(), found = explorer.assess(data, authority.code, now);
    showFields(now, found.faults);
    const names = Object.keys(found.faults);
    at("given").hidden = names.length > 0;
    at("refused").hidden = !names.length;
    const refused = `Nothing is worked out until this is corrected: ${names.map(title).join("; ")}.`;
    if (names.length) {
      at("refused").textContent = refused;
      at("bar").textContent = refused;
    } else {
      showResult(found);
      showReasons(found);
    }
    // Said once the typing stops, so that a screen reader is not talked over at every key.
    clearTimeout(waiting);
    waiting = setTimeout(() => (at("live").textContent = names.length ? refused : summary(found)), 600);
  }

  /* Puts the published figures of the authority chosen into the fields, and own ones if asked. */
  function fill(own = {}) {
    authority = data.authorities.find((each) => each.code === at("authority").value);
    published = explorer.assess(data, authority.code);
    at("h-result").textContent = authority.name;
    for (const entry of entries) {
      const { name } = entry.dataset, place = isValue(entry) ? records[name].place : -1;
      entry.dataset.published = shown(entry);
      entry.value = name in own ? String(own[name]) : entry.dataset.published;
      if (name === deprivation) at(`about-${entry.id}`).textContent = deprivationHint();
      if (place >= 0) entry.disabled = !data.indicators[place].newest;
    }
    const last = authority.last.map((each) => (explorer.known(each) ? each : "")).join();
    at("last").value = at("last").dataset.published = last;
    const held = at("last").selectedOptions[0].textContent;
    at("about-last").textContent = `Known to ${data.judgementsThrough ?? "no day"}: ${held}. Use this for a judgement not included there yet.`;
    update();
  }

  at("authority").addEventListener("change", () => fill(data.own[at("authority").value]));
  at("last").addEventListener("change", update);
  at("figures").addEventListener("submit", (event) => event.preventDefault());
  at("back").addEventListener("click", () => {
    fill();
    // The button is off now, and the keyboard would lose its place.
    at("authority").focus();
  });
  for (const entry of entries)
    entry.addEventListener("input", () => {
      // A count that stands beside two figures is one count.
      for (const other of entries) if (other.dataset.name === entry.dataset.name) other.value = entry.value;
      update();
    });
  at("app").hidden = false;
  fill(data.own[at("authority").value]);
})();
