"use strict";
/* The page: sliders in, charts and sentences out. All numbers are from AIGINI, explorer.js. */
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const model = new AIGINI.Surrogate(data);
  const el = (id) => document.getElementById(id);
  const sliders = data.sliders.map((slider) => slider.name);
  const assumed = data.assumptions.map((slider) => slider.name);
  const estimates = Object.fromEntries([...data.sliders, ...data.assumptions].map((one) => [one.name, one.estimate]));
  const state = { ...estimates, income: "total" };

  /* Words and numbers */
  const minus = (text) => text.replace("-", "\u2212");
  const number = (value, digits) => minus(value.toFixed(digits));
  const signed = (value, digits) => (value > 0 ? "+" : "") + number(value, digits);
  const percent = (value) => `${number(100 * value, 1)} %`;
  const incomeWords = { total: "total income", wage: "wages" };
  const small = (value) => minus(value.toExponential(1));

  /* Drawing */
  const SVG = "http://www.w3.org/2000/svg";
  function node(name, attributes, parent, text) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    parent.appendChild(made);
    return made;
  }
  const BOX = { left: 60, right: 350, top: 12, bottom: 248 };

  /* Axes of a chart, drawn once. */
  function frame(id, { x, y, xTicks, yTicks, xLabel, yLabel, xText = String, yText = String }) {
    const svg = el(id);
    const px = (value) => BOX.left + ((value - x[0]) / (x[1] - x[0])) * (BOX.right - BOX.left);
    const py = (value) => BOX.bottom - ((value - y[0]) / (y[1] - y[0])) * (BOX.bottom - BOX.top);
    const axes = node("g", {}, svg);
    for (const tick of xTicks) {
      node("path", { class: "grid", d: `M${px(tick)} ${BOX.top}V${BOX.bottom}` }, axes);
      node("text", { x: px(tick), y: BOX.bottom + 16, "text-anchor": "middle" }, axes, xText(tick));
    }
    for (const tick of yTicks) {
      node("path", { class: "grid", d: `M${BOX.left} ${py(tick)}H${BOX.right}` }, axes);
      node("text", { x: BOX.left - 5, y: py(tick) + 4, "text-anchor": "end" }, axes, yText(tick));
    }
    node("path", { class: "axis", d: `M${BOX.left} ${BOX.top}V${BOX.bottom}H${BOX.right}` }, axes);
    node("text", { x: (BOX.left + BOX.right) / 2, y: BOX.bottom + 34, "text-anchor": "middle" }, axes, xLabel);
    if (yLabel) {
      node("text", { x: 11, y: (BOX.top + BOX.bottom) / 2, "text-anchor": "middle",
        transform: `rotate(-90 11 ${(BOX.top + BOX.bottom) / 2})` }, axes, yLabel);
    }
    return { svg, px, py, layer: node("g", {}, svg) };
  }
  const line = (points) => points.map(([x, y], k) => `${k ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`).join("");
  /* A smooth curve through points (Catmull-Rom). */
  const smooth = (points) => points.map(([x, y], k) => {
    if (!k) return `M${x.toFixed(2)} ${y.toFixed(2)}`;
    const [a, b, d] = [points[Math.max(k - 2, 0)], points[k - 1], points[Math.min(k + 1, points.length - 1)]];
    const control = [b[0] + (x - a[0]) / 6, b[1] + (y - a[1]) / 6, x - (d[0] - b[0]) / 6, y - (d[1] - b[1]) / 6];
    return `C${[...control, x, y].map((at) => at.toFixed(2)).join(" ")}`;
  }).join("");
  const clear = (layer) => { while (layer.firstChild) layer.removeChild(layer.firstChild); };

  const tenths = [0, 0.2, 0.4, 0.6, 0.8, 1];
  const lorenz = frame("lorenz", { x: [0, 1], y: [0, 1], xTicks: tenths, yTicks: tenths,
    xLabel: "share of workers, poorest first", yLabel: "share of income" });
  node("path", { class: "axis", d: line([[lorenz.px(0), lorenz.py(0)], [lorenz.px(1), lorenz.py(1)]]) }, lorenz.layer);
  const lorenzBefore = node("path", { class: "before" }, lorenz.layer);
  const lorenzAfter = node("path", { class: "after" }, lorenz.layer);

  const logs = data.logIncomes;
  const density = frame("density", { x: [logs[0], logs[logs.length - 1]], y: [0, 1],
    xTicks: [0.25, 0.5, 1, 2, 5, 10, 20].map(Math.log), yTicks: [], xText: (at) => String(Math.round(100 * Math.exp(at)) / 100),
    xLabel: "income, logarithmic scale", yLabel: "share of workers" });
  const densityBefore = node("path", { class: "before" }, density.layer);
  const densityAfter = node("path", { class: "after" }, density.layer);

  const [xiSlider, shareSlider] = [data.sliders[1], data.sliders[2]];
  const grid = (slider, count) =>
    Array.from({ length: count }, (_, k) => slider.lower + ((slider.upper - slider.lower) * k) / (count - 1));
  const [xis, shares] = [grid(xiSlider, 61), grid(shareSlider, 61)];
  const map = frame("map", { x: [xiSlider.lower, xiSlider.upper], y: [shareSlider.lower, shareSlider.upper],
    xTicks: [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6].filter((at) => at >= xiSlider.lower && at <= xiSlider.upper),
    yTicks: tenths.filter((at) => at >= shareSlider.lower && at <= shareSlider.upper),
    xLabel: "workers' share of rents, ξ", yLabel: "proprietary share of AI" });
  const boundary = node("path", { class: "zero" }, map.layer);
  node("circle", { class: "ring", r: 7, cx: map.px(estimates.xi), cy: map.py(estimates.proprietary_share) }, map.layer);
  const dot = node("circle", { class: "dot", r: 6 }, map.layer);
  const shade = el("shade");
  const place = () => {
    const scale = map.svg.clientWidth / 360;
    Object.assign(shade.style, { left: `${BOX.left * scale}px`, top: `${BOX.top * scale}px`,
      width: `${(BOX.right - BOX.left) * scale}px`, height: `${(BOX.bottom - BOX.top) * scale}px` });
  };

  const path = frame("path", { x: [0, data.years], y: [0, 1], xTicks: [0, 10, 20, 30, 40].filter((at) => at <= data.years),
    yTicks: tenths, xLabel: "year", yLabel: "share or Gini" });
  const pathGini = node("path", { class: "after" }, path.layer);
  const pathAdoption = node("path", { class: "third" }, path.layer);
  const pathRetooled = node("path", { class: "before" }, path.layer);

  /* Charts whose scale follows the numbers are drawn anew. */
  const STEPS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
  const scaleFor = (largest) => STEPS.find((step) => largest <= step * 1.001) || 1;

  function drawChannels(numbers) {
    const svg = el("channels");
    for (const old of svg.querySelectorAll("g")) old.remove();
    const names = Object.keys(data.channels);
    const value = (income, name) => numbers[`${income}_${name}`];
    const largest = Math.max(...names.flatMap((name) => ["total", "wage"].map((income) => Math.abs(value(income, name)))));
    const span = scaleFor(largest);
    const layer = node("g", {}, svg);
    const [left, right] = [148, 350];
    const px = (at) => (left + right) / 2 + (at / span) * ((right - left) / 2);
    for (const tick of [-span, 0, span]) {
      node("path", { class: tick ? "grid" : "axis", d: `M${px(tick)} 8V250` }, layer);
      node("text", { x: Math.min(px(tick), 330), y: 266, "text-anchor": "middle" }, layer, tick ? signed(tick, 4) : "0");
    }
    node("text", { x: (left + right) / 2, y: 284, "text-anchor": "middle" }, layer, "change of the Gini");
    names.forEach((name, k) => {
      const top = 14 + 48 * k;
      node("text", { x: left - 8, y: top + 20, "text-anchor": "end" }, layer, data.channels[name]);
      ["total", "wage"].forEach((income, row) => {
        const at = value(income, name);
        const [from, to] = [Math.min(px(0), px(at)), Math.max(px(0), px(at))];
        node("rect", { class: at > 0 ? "rises" : "falls", x: from, y: top + 17 * row, width: to - from, height: 14,
          "data-channel": `${income}_${name}`, "data-value": at }, layer);
      });
    });
    el("channels-words").textContent = ["total", "wage"].map((income) =>
      `${incomeWords[income]}: ${names.map((name) => `${data.channels[name]} ${signed(value(income, name), 4)}`).join(", ")}`).join("; ");
  }

  /* Curves are before AI, and as changes with it. */
  const curveAt = (numbers, curve, when, at) => {
    const part = (which) => numbers[`${curve}_${state.income}_${which}_${key(at)}`];
    return when === "after" ? part("before") + part("change") : part(when);
  };
  const ordinates = (numbers, when) =>
    [0, ...data.lorenz.map((share) => curveAt(numbers, "lorenz", when, share)), when === "change" ? 0 : 1];
  /* As Python's format :g writes these numbers. */
  const key = (value) => String(Number(value.toPrecision(6)));
  const lorenzShares = [0, ...data.lorenz, 1];
  const shareOf = (numbers, when, share) => curveAt(numbers, "lorenz", when, share);

  function drawLorenz(numbers) {
    for (const [when, curve] of [["before", lorenzBefore], ["after", lorenzAfter]]) {
      curve.setAttribute("d", line(ordinates(numbers, when).map((at, k) => [lorenz.px(lorenzShares[k]), lorenz.py(at)])));
    }
    const told = (share, top) => ["before", "after"].map((when) => {
      const at = shareOf(numbers, when, share);
      return percent(top ? 1 - at : at);
    }).join(" before, ");
    const words = `Of ${incomeWords[state.income]} the poorer half has ${told(0.5, false)} after; the richest tenth ${told(0.9, true)} after.`;
    el("lorenz-said").textContent = words;
    el("lorenz-words").textContent = words;
  }

  function drawShift(numbers) {
    const moved = ordinates(numbers, "change");
    const span = scaleFor(Math.max(...moved.map(Math.abs)));
    for (const old of el("shift").querySelectorAll("g")) old.remove();
    const shift = frame("shift", { x: [0, 1], y: [-span, span], xTicks: tenths, yTicks: [-span, -span / 2, 0, span / 2, span],
      xLabel: "share of workers, poorest first", yLabel: "", yText: (at) => (at ? signed(at, 4) : "0") });
    node("path", { class: "axis", d: `M${BOX.left} ${shift.py(0)}H${BOX.right}` }, shift.layer);
    node("path", { class: "after", d: line(moved.map((at, k) => [shift.px(lorenzShares[k]), shift.py(at)])) }, shift.layer);
    const half = lorenzShares.findIndex((share) => Math.abs(share - 0.5) < 1e-9);
    el("shift-words").textContent = `Of ${incomeWords[state.income]} the share of the poorer half changes by ${signed(moved[half], 5)}.`;
  }

  function drawDensity(numbers) {
    const heights = (when) => logs.map((at) => Math.max(0, curveAt(numbers, "density", when, at)));
    const both = { before: heights("before"), after: heights("after") };
    const top = 1.08 * Math.max(...both.before, ...both.after);
    for (const [when, curve] of [["before", densityBefore], ["after", densityAfter]]) {
      curve.setAttribute("d", smooth(both[when].map((height, k) => [density.px(logs[k]), density.py(height / top)])));
    }
    const peak = (when) => number(Math.exp(logs[both[when].indexOf(Math.max(...both[when]))]), 2);
    el("density-words").textContent = `Most common ${incomeWords[state.income]}: ${peak("before")} before and ${peak("after")} after AI.`;
  }

  function rgb(name) {
    const text = getComputedStyle(document.documentElement).getPropertyValue(name).trim().slice(1);
    return [0, 2, 4].map((k) => parseInt(text.slice(k, k + 2), 16));
  }

  function drawMap(point) {
    const names = Object.keys(data.channels).map((name) => `${state.income}_${name}`);
    const change = model.plane(point, names, xis, shares);
    const lines = AIGINI.zeros(change, xis, shares);
    boundary.setAttribute("d", lines.map((segment) => line(segment.map(([x, y]) => [map.px(x), map.py(y)]))).join(""));
    dot.setAttribute("cx", map.px(state.xi));
    dot.setAttribute("cy", map.py(state.proprietary_share));
    const [rises, falls] = [rgb("--mark"), rgb("--link")];
    const context = shade.getContext("2d");
    const image = context.createImageData(61, 61);
    const largest = Math.max(1e-9, ...change.flatMap((column) => [...column].map(Math.abs)));
    let above = 0;
    change.forEach((column, i) => column.forEach((value, j) => {
      above += value > 0;
      const colour = value > 0 ? rises : falls;
      image.data.set([...colour, Math.round(255 * (0.14 + 0.42 * Math.abs(value) / largest))], 4 * ((60 - j) * 61 + i));
    }));
    context.putImageData(image, 0, 0);
    el("map-words").textContent = `The Gini of ${incomeWords[state.income]} rises on ${Math.round((100 * above) / 3721)} % of the map; `
      + `these settings are at ξ ${number(state.xi, 3)} and a proprietary share of ${number(state.proprietary_share, 3)}.`;
    map.svg.dataset.above = above;
  }

  function drawLongRun(point) {
    const law = {
      xi: state.xi, asset_sd: (2 * AIGINI.erfinv(state.asset_gini)) / data.law.psi, ...data.law,
      bargaining_erosion: state.bargaining_erosion, erosion_midpoint: state.erosion_midpoint,
      erosion_width: state.erosion_width, erosion_gap_weight: state.erosion_gap_weight,
    };
    const rent = (adoption) => {
      const moved = point.slice();
      moved[5] = adoption;
      return Math.max(0, model.at(moved, [data.rent])[data.rent]);
    };
    const adoption = AIGINI.logistic(state.adoption, data.deploymentMidpoint, state.deployment_speed, data.years);
    const growth = adoption.map((at) => state.cumulative_advantage * rent(at));
    const final = state.cumulative_advantage * rent(state.adoption);
    const points = AIGINI.fixedPoints(law, final);
    const years = AIGINI.meanFieldPath(law, growth, adoption, state.retool_speed);
    const end = AIGINI.settled(law, final, state.adoption, years[years.length - 1], state.retool_speed);

    pathGini.setAttribute("d", line(years.map((year, t) => [path.px(t), path.py(year.assetGini)])));
    pathAdoption.setAttribute("d", line(adoption.map((at, t) => [path.px(t), path.py(at)])));
    pathRetooled.setAttribute("d", line(years.map((year, t) => [path.px(t), path.py(year.retooled)])));
    const last = years[years.length - 1];
    el("path-words").textContent = `After ${data.years} years the asset Gini is ${number(last.assetGini, 3)}, adoption `
      + `${number(adoption[data.years], 3)} and the retooled share ${number(last.retooled, 3)}.`;

    const rows = el("regimes");
    clear(rows);
    for (const at of points) {
      const row = rows.insertRow();
      [at.name, number(at.assetGini, 4), number(at.bargaining, 4), number(at.multiplier, 4)].forEach((text, k) => {
        const cell = k ? row.insertCell() : row.appendChild(document.createElement("th"));
        if (!k) { cell.scope = "row"; cell.className = "words"; }
        cell.textContent = text;
      });
    }
    const stable = points.filter((at) => at.stable);
    const ginis = stable.map((at) => number(at.assetGini, 3));
    let words;
    if (!stable.length) words = "There is no stable regime: assets concentrate without limit.";
    else if (stable.length === 1) words = `There is one stable regime, at an asset Gini of ${ginis[0]}.`;
    else {
      const between = points.find((at) => !at.stable);
      words = `There are ${stable.length} stable regimes: labour-strong at an asset Gini of ${ginis[0]}, and asset-dominated at `
        + `${ginis[ginis.length - 1]}; the boundary between them is at ${number(between.assetGini, 3)}.`;
    }
    const nearest = stable.reduce((best, at) =>
      (!best || Math.abs(at.variance - end) < Math.abs(best.variance - end) ? at : best), null);
    const where = !Number.isFinite(end) || !nearest ? "in concentration without limit"
      : stable.length === 1 ? "there" : `in the ${nearest.name} one`;
    if (stable.length) words += ` The path ends ${where}.`;
    const where0 = AIGINI.assetGini(law, law.asset_sd ** 2);
    words += ` Owners' reinvested rents, χ q_A, are ${number(final, 4)} a year; assets start at a Gini of ${number(where0, 3)}.`;
    el("regimes-said").textContent = words;

    for (const old of el("phase").querySelectorAll("g")) old.remove();
    const from = Math.max(0.02, where0 - 0.1);
    const move = (gini) => {
      const variance = ((2 * AIGINI.erfinv(gini)) / law.psi) ** 2;
      return AIGINI.assetGini(law, AIGINI.following(law, variance, final)) - gini;
    };
    const curve = Array.from({ length: 121 }, (_, k) => from + ((0.995 - from) * k) / 120).map((gini) => [gini, move(gini)]);
    const span = scaleFor(Math.max(...curve.filter(([gini]) => gini >= where0).map(([, at]) => Math.abs(at))));
    const ticks = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1].filter((at) => at >= from);
    const phase = frame("phase", { x: [from, 1], y: [-span, span], xTicks: ticks, yTicks: [-span, 0, span], xLabel: "asset Gini",
      yLabel: "yearly change", yText: (at) => (at ? signed(at, 3) : "0") });
    node("path", { class: "axis", d: `M${BOX.left} ${phase.py(0)}H${BOX.right}` }, phase.layer);
    node("path", { class: "after",
      d: line(curve.map(([gini, at]) => [phase.px(gini), phase.py(Math.max(-span, Math.min(span, at)))])) }, phase.layer);
    for (const at of points) {
      node("circle", { class: at.stable ? "dot" : "hollow", r: 6, cx: phase.px(at.assetGini), cy: phase.py(0) }, phase.layer);
    }
    el("phase-words").textContent = words;
    el("long-run").dataset.points = JSON.stringify(points);
    el("long-run").dataset.growth = final;
  }

  function drawHeadline(numbers) {
    const change = {};
    for (const income of ["total", "wage"]) {
      change[income] = Object.keys(data.channels).reduce((sum, name) => sum + numbers[`${income}_${name}`], 0);
      const before = numbers[`gini_${income}_before`];
      const shown = el(`change-${income}`);
      shown.textContent = signed(change[income], 4);
      shown.dataset.value = change[income];
      el(`bar-${income}`).textContent = signed(change[income], 4);
      const simulation = data.simulation[`change_${income}`];
      el(`levels-${income}`).textContent = `from ${number(before, 4)} to ${number(before + change[income], 4)}; error of the surrogate `
        + `below ${small(data.errors[`change_${income}`])} in 99 of 100 economies`
        + (simulation === null ? "" : `; simulation s.e. at the estimates ${small(simulation)}`);
    }
    const said = (income) => {
      if (Math.abs(change[income]) <= data.unresolved[`change_${income}`]) {
        return `does not change the Gini of ${incomeWords[income]} by more than its errors`;
      }
      return `${change[income] > 0 ? "raises" : "lowers"} the Gini of ${incomeWords[income]} by ${number(Math.abs(change[income]), 4)}`;
    };
    el("said").textContent = `Here AI ${said("total")}, and ${said("wage")}.`;
  }

  const shownValue = (name, value) => number(value, 3);
  function show() {
    const begun = performance.now();
    const point = sliders.map((name) => state[name]);
    const numbers = model.at(point);
    for (const name of [...sliders, ...assumed]) {
      const input = el(name);
      if (Number(input.value) !== state[name]) input.value = state[name];
      input.setAttribute("aria-valuetext", shownValue(name, state[name]));
      el(`${name}-value`).textContent = shownValue(name, state[name]);
    }
    drawHeadline(numbers);
    drawChannels(numbers);
    drawLorenz(numbers);
    drawShift(numbers);
    drawDensity(numbers);
    drawMap(point);
    drawLongRun(point);
    window.aigini = { state, numbers, milliseconds: performance.now() - begun };
    el("milliseconds").textContent = window.aigini.milliseconds.toFixed(1);
  }

  /* State in the address: what differs from the estimates. */
  function toAddress() {
    const changed = Object.keys(estimates).filter((name) => state[name] !== estimates[name]);
    const parts = changed.map((name) => `${name}=${Number(state[name].toPrecision(8))}`);
    if (state.income !== "total") parts.push(`income=${state.income}`);
    history.replaceState(null, "", `#${parts.join("&")}`);
  }
  function fromAddress() {
    Object.assign(state, estimates, { income: "total" });
    for (const [name, text] of new URLSearchParams(location.hash.slice(1))) {
      if (name === "income" && text in incomeWords) state.income = text;
      const value = Number(text);
      const input = name in estimates && text !== "" && Number.isFinite(value) ? el(name) : null;
      if (input) state[name] = Math.min(Number(input.max), Math.max(Number(input.min), value));
    }
    for (const input of document.querySelectorAll("input[name=income]")) input.checked = input.value === state.income;
    show();
  }

  for (const name of [...sliders, ...assumed]) {
    el(name).addEventListener("input", (event) => {
      state[name] = Number(event.target.value);
      show();
    });
    el(name).addEventListener("change", toAddress);
  }
  for (const input of document.querySelectorAll("input[name=income]")) {
    input.addEventListener("change", () => { state.income = input.value; show(); toAddress(); });
  }
  el("reset").addEventListener("click", () => { Object.assign(state, estimates); show(); toAddress(); });
  el("two-regimes").addEventListener("click", () => {
    Object.assign(state, estimates, data.twoRegimes);
    show();
    toAddress();
    el("long-run").scrollIntoView();
  });
  map.svg.addEventListener("click", (event) => {
    const box = map.svg.getBoundingClientRect();
    const scale = 360 / box.width;
    const share = (at, low, high) => Math.min(1, Math.max(0, (at - low) / (high - low)));
    const x = share((event.clientX - box.left) * scale, BOX.left, BOX.right);
    const y = share((event.clientY - box.top) * scale, BOX.bottom, BOX.top);
    state.xi = xiSlider.lower + x * (xiSlider.upper - xiSlider.lower);
    state.proprietary_share = shareSlider.lower + y * (shareSlider.upper - shareSlider.lower);
    show();
    toAddress();
  });
  for (const form of document.querySelectorAll("form")) form.addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("hashchange", fromAddress);
  window.addEventListener("resize", place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  fromAddress();
  place();
})();
