// The explorer's arithmetic: exact binomial probabilities and the searches of one stage, of Simon's two stages and of two arms by Fisher's test;
// other kinds come from TABLE, made by docs_site/make_explorer_table.py.
// Held against equipoise's own designs in Chromium (tests/docs/test_explorer.py). Nothing is loaded from elsewhere.
"use strict";

// log n!, to 15 digits: sums of logarithms, made once.
const LOG_FACTORIAL = (() => {
  const found = new Float64Array(1001);
  for (let i = 2; i <= 1000; i++) found[i] = found[i - 1] + Math.log(i);
  return found;
})();

/** P(X = 0 … n) of a binomial. */
function pmf(n, p) {
  const found = new Float64Array(n + 1), a = Math.log(p), b = Math.log1p(-p);
  for (let x = 0; x <= n; x++) found[x] = Math.exp(LOG_FACTORIAL[n] - LOG_FACTORIAL[x] - LOG_FACTORIAL[n - x] + x * a + (n - x) * b);
  return found;
}

/** P(X > r), for every r from 0 to n. */
function above(mass) {
  const found = new Float64Array(mass.length);
  for (let r = mass.length - 2; r >= 0; r--) found[r] = found[r + 1] + mass[r + 1];
  return found;
}

/** What two stages do at a rate: P(stop at stage 1), P(declare), expected patients. One stage: n1 = 0. */
function behaviour(d, p) {
  if (!d.n1) return { stop: 0, declare: above(pmf(d.n, p))[d.r], patients: d.n };
  const first = pmf(d.n1, p), tail = above(pmf(d.n - d.n1, p));
  let stop = 0, declare = 0;
  for (let x = 0; x <= d.n1; x++) {
    if (x <= d.r1) stop += first[x];
    else declare += first[x] * (x > d.r ? 1 : d.r - x < tail.length ? tail[d.r - x] : 0);
  }
  return { stop, declare, patients: d.n1 + (1 - stop) * (d.n - d.n1) };
}

/** The smallest one stage that keeps both errors; null if none has at most 200 patients. */
function oneStage(p0, p1, alpha, power) {
  for (let n = 2; n <= 200; n++) {
    const null_ = above(pmf(n, p0));
    let r = 0;
    while (r < n && null_[r] > alpha) r++;
    if (r < n && above(pmf(n, p1))[r] >= power) return { n1: 0, r1: -1, n, r };
  }
  return null;
}

/** Simon's optimal and minimax designs by a search of every first stage, up to `most` patients. */
function simon(p0, p1, alpha, power, most) {
  let optimal = null, minimax = null;
  for (let n = 3; n <= most; n++) {
    for (let n1 = 1; n1 < n; n1++) {
      const a1 = pmf(n1, p0), b1 = pmf(n1, p1), a2 = above(pmf(n - n1, p0)), b2 = above(pmf(n - n1, p1));
      const at = (first, tail, r1, r) => {
        let total = 0;
        for (let x = r1 + 1; x <= n1; x++) total += first[x] * (x > r ? 1 : r - x < tail.length ? tail[r - x] : 0);
        return total;
      };
      let stopNull = 0, stopTarget = 0;
      for (let r1 = 0; r1 < n1; r1++) {
        stopNull += a1[r1]; stopTarget += b1[r1];
        if (1 - stopTarget < power) break;
        const en = n1 + (1 - stopNull) * (n - n1);
        const better = !optimal || en < optimal.en - 1e-12, smaller = !minimax || n < minimax.n || (n === minimax.n && en < minimax.en - 1e-12);
        if (!better && !smaller) continue;
        let low = r1, high = n;  // the least r by which the null is rejected at most alpha
        while (low < high) { const r = (low + high) >> 1; if (at(a1, a2, r1, r) <= alpha) high = r; else low = r + 1; }
        if (low >= n || at(b1, b2, r1, low) < power) continue;
        const found = { n1, r1, n, r: low, en };
        if (better) optimal = found;
        if (smaller) minimax = found;
      }
    }
    if (optimal && n > optimal.n + 25 && minimax) break;
  }
  return { optimal, minimax };
}

/** Two arms of n patients by Fisher's exact test, one-sided: the least responses of the tested arm that reject, by those of the control. */
function fisherRegion(n, alpha) {
  const least = new Int32Array(n + 1).fill(n + 1);
  for (let total = 0; total <= 2 * n; total++) {
    const low = Math.max(0, total - n), high = Math.min(n, total);
    const all = LOG_FACTORIAL[2 * n] - LOG_FACTORIAL[total] - LOG_FACTORIAL[2 * n - total];
    let tail = 0;
    for (let x = high; x >= low; x--) {
      tail += Math.exp(2 * LOG_FACTORIAL[n] - LOG_FACTORIAL[x] - LOG_FACTORIAL[n - x] - LOG_FACTORIAL[total - x] - LOG_FACTORIAL[n - total + x] - all);
      if (tail > alpha * (1 + 1e-9)) break;
      least[total - x] = Math.min(least[total - x], x);
    }
  }
  return least;
}

/** P(reject) where the tested arm's rate is p and the control's q. */
function twoArmsReject(d, p, q) {
  const tested = pmf(d.each, p), control = pmf(d.each, q);
  const tail = new Float64Array(d.each + 2);
  for (let x = d.each; x >= 0; x--) tail[x] = tail[x + 1] + tested[x];
  let total = 0;
  for (let y = 0; y <= d.each; y++) total += control[y] * tail[d.least[y]];
  return total;
}

/** The smallest equal arms whose test by Fisher has the power; null if none has at most `most` patients in each. */
function fisher(p0, p1, alpha, power, most) {
  for (let each = 2; each <= most; each++) {
    const d = { each, least: fisherRegion(each, alpha) };
    if (twoArmsReject(d, p1, p0) >= power) return d;
  }
  return null;
}

/** The point of the table that is nearest to what is asked, and whether it is just that. */
function nearest(table, q) {
  const scale = { p0: 1, p1: 1, alpha: 1.5, power: 0.5 }, names = ["p0", "p1", "alpha", "power"];
  let best = null, least = Infinity;
  for (const point of table.points) {
    const far = names.reduce((sum, name, i) => sum + scale[name] * Math.abs(q[name] - point.at[i]), 0);
    if (far < least - 1e-12) { least = far; best = point; }
  }
  return { point: best, exact: least < 1e-9 };
}

/** Of looks at these numbers of patients: months in all, the first look's month, and patients who come while it is waited for. */
function calendarOf(looks, accrual, wait, pause) {
  const n = looks[looks.length - 1], first = looks[0], many = looks.length > 1;
  return {
    months: n / accrual + wait + (pause ? wait * (looks.length - 1) : 0), look: many ? first / accrual + wait : null,
    waiting: many ? (pause ? 0 : Math.min(n - first, Math.round(accrual * wait))) : null,
  };
}

if (typeof document !== "undefined") document.addEventListener("DOMContentLoaded", () => {
  const TWO = "two arms, Fisher";
  const COLOURS = { "one stage": "#1f3a5f", optimal: "#b4562a", minimax: "#3f7d58", [TWO]: "#6a3d8f" };
  const DASHES = { "one stage": "", optimal: "8 4", minimax: "2 3", [TWO]: "10 3 2 3" };
  const get = (id) => document.getElementById(id), number = (id) => Number(get(id).value);
  const fixed = (v, d) => v.toFixed(d);

  function wrong(q) {
    const found = [];
    for (const [name, v] of Object.entries({ p0: q.p0, p1: q.p1, alpha: q.alpha, power: q.power })) if (!(v > 0 && v < 1)) found.push(`${name}: between 0 and 1`);
    if (q.p1 - q.p0 < 0.0999) found.push("p1: at least 0.1 above p0; smaller differences by the command");
    if (!(q.accrual > 0)) found.push("patients a month: above 0");
    if (!(q.wait >= 0)) found.push("months to an answer: 0 or more");
    return found;
  }

  function show() {
    const q = { p0: number("p0"), p1: number("p1"), alpha: number("alpha"), power: number("power"), accrual: number("accrual"), wait: number("wait") };
    const pause = get("pause").checked, problems = wrong(q);
    get("problems").textContent = problems.join("; ");
    if (problems.length) { for (const id of ["rows", "curves", "kinds", "all-curves", "grid", "chosen", "kind-protocol", "kind-command"]) get(id).textContent = ""; return; }
    const one = oneStage(q.p0, q.p1, q.alpha, q.power);
    const found = simon(q.p0, q.p1, q.alpha, q.power, one ? Math.min(one.n + 40, 200) : 120);
    const designs = { "one stage": one, optimal: found.optimal, minimax: found.minimax };
    get("rows").textContent = "";
    const texts = [];
    for (const [name, d] of Object.entries(designs)) {
      if (!d) continue;
      const low = behaviour(d, q.p0), high = behaviour(d, q.p1), c = calendarOf(d.n1 ? [d.n1, d.n] : [d.n], q.accrual, q.wait, pause);
      const cells = [name, d.n1 ? `${d.r1} / ${d.n1}` : "–", `${d.r} / ${d.n}`, fixed(low.declare, 4), fixed(high.declare, 4), d.n1 ? fixed(low.stop, 4) : "–",
        fixed(low.patients, 1), fixed(c.months, 1), c.look === null ? "–" : fixed(c.look, 1), d.n1 ? String(c.waiting) : "–"];
      row(cells, get("rows"), COLOURS[name]);
      texts.push(d.n1
        ? `${name}: ${d.n1} patients first; with ${d.r1} or fewer responses the trial stops. Else it goes on to ${d.n}, and more than ${d.r} responses reject a rate of ${q.p0}. The exact type I error is ${fixed(low.declare, 4)}, the exact power at ${q.p1} is ${fixed(high.declare, 4)}; under the null it stops early with probability ${fixed(low.stop, 4)} and expects ${fixed(low.patients, 1)} patients (Simon 1989).`
        : `${name}: ${d.n} patients; more than ${d.r} responses reject a rate of ${q.p0}. The exact type I error is ${fixed(low.declare, 4)}, the exact power at ${q.p1} is ${fixed(high.declare, 4)}.`);
    }
    const two = fisher(q.p0, q.p1, q.alpha, q.power, 250);
    if (two) addTwoArms(two, q, texts);
    get("protocol").textContent = texts.join("\n\n");
    get("command").textContent = `equipoise design compare --p0 ${q.p0} --p1 ${q.p1} --alpha ${q.alpha} --power ${q.power} --accrual ${q.accrual} --wait ${q.wait}`;
    const curves = Object.entries(designs).filter(([, d]) => d).map(([name, d]) => ({ name, colour: COLOURS[name], dash: DASHES[name], at: (p) => behaviour(d, p).declare }));
    if (two) curves.push({ name: TWO, colour: COLOURS[TWO], dash: DASHES[TWO], at: (p) => twoArmsReject(two, p, q.p0) });
    draw(get("curves"), curves, [q.p0, q.p1], Math.min(1, q.p1 + 0.2));
    kinds(q, pause);
  }

  function row(cells, into, colour) {
    const made = document.createElement("tr");
    cells.forEach((text, i) => { const cell = document.createElement(i ? "td" : "th"); if (!i) { cell.scope = "row"; cell.style.color = colour; } cell.append(text); made.append(cell); });
    into.append(made);
    return made;
  }

  function addTwoArms(two, q, texts) {
    const n = 2 * two.each, size = twoArmsReject(two, q.p0, q.p0), power = twoArmsReject(two, q.p1, q.p0);
    const c = calendarOf([n], q.accrual, q.wait, false);
    row([TWO, "–", `${two.each} + ${two.each}`, fixed(size, 4), fixed(power, 4), "–", String(n), fixed(c.months, 1), "–", "–"], get("rows"), COLOURS[TWO]);
    texts.push(`${TWO}: ${two.each} patients in each of two randomised arms, compared by Fisher's exact test at a one-sided ${q.alpha}. The exact type I error where both rates are ${q.p0} is ${fixed(size, 4)}; the exact power at ${q.p1} against ${q.p0} is ${fixed(power, 4)}. equipoise design exact-two-arm --method fisher --p0 ${q.p0} --p1 ${q.p1} --alpha ${q.alpha} --power ${q.power}`);
  }

  function kinds(q, pause) {
    if (!TABLE) return;
    const { point, exact } = nearest(TABLE, q), [p0, p1, alpha, power] = point.at;
    const values = `p0 ${p0}, p1 ${p1}, alpha ${alpha}, power ${power}`;
    get("grid").textContent = exact
      ? `Worked out before at these values: ${values}.`
      : `Not your values: the nearest of the grid, ${values}. The commands below stand for these; put your own values in.`;
    get("kinds").textContent = "";
    const seen = {}, shown = [];
    const share = (v) => (v === null ? "–" : fixed(v / 10000, 4)), tenth = (v) => (v === null ? "–" : fixed(v / 10, 1));
    point.designs.forEach((d, i) => {
      seen[d.kind] = (seen[d.kind] || 0) + 1;
      const extra = (d.command.match(/--(?:criterion|method) (\S+)/) || [])[1] || (d.kind === "simon" ? ["optimal", "minimax"][seen[d.kind] - 1] : "");
      const name = `${i + 1}. ${d.kind}${extra ? " " + extra : ""}`, button = document.createElement("button");
      button.type = "button"; button.textContent = name;
      const colour = `hsl(${(i * 67) % 360} 65% 33%)`, dash = ["", "8 4", "2 3", "10 3 2 3"][i % 4];
      if (d.none !== undefined) { row([button, "–", d.none, ...Array(8).fill("–")], get("kinds"), colour); button.addEventListener("click", () => choose(name, d, button)); return; }
      const people = d.unit === "patients", c = people ? calendarOf(d.looks, q.accrual, q.wait, pause) : { months: null, look: null, waiting: null };
      const looks = d.looks.length > 5 ? `${d.looks.slice(0, 2).join(", ")} … ${d.looks[d.looks.length - 1]}` : d.looks.join(", ");
      row([button, people ? looks : `${looks} ${d.unit}`, d.rule || "–", share(d.declare[0]), share(d.declare[1]), d.looks.length > 1 ? share(d.stop) : "–", tenth(d.patients[0]), tenth(d.patients[1]),
        c.months === null ? "–" : fixed(c.months, 1), c.look === null ? "–" : fixed(c.look, 1), c.waiting === null ? "–" : String(c.waiting)], get("kinds"), colour);
      button.addEventListener("click", () => choose(name, d, button));
      if (d.curve) shown.push({ name: String(i + 1), colour, dash, points: TABLE.curve.map((p, k) => [p, d.curve[k] / 10000]) });
      if (!i) choose(name, d, button);
    });
    draw(get("all-curves"), shown, [p0, p1], 1);
  }

  function choose(name, d, button) {
    get("kinds").querySelectorAll("tr").forEach((r) => r.removeAttribute("aria-selected"));
    button.closest("tr").setAttribute("aria-selected", "true");
    get("chosen").textContent = `${name}: ${TABLE.kinds[d.kind]}`;
    get("kind-protocol").textContent = d.protocol || d.none;
    get("kind-command").textContent = d.command;
  }

  /** Curves of P(declare): each with a function `at`, or its points. */
  function draw(svg, curves, marks, end) {
    const w = 640, h = 300, left = 46, bottom = 34, top = 10;
    svg.textContent = "";
    const make = (tag, attributes, text) => { const e = document.createElementNS("http://www.w3.org/2000/svg", tag); for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v); if (text !== undefined) e.textContent = text; svg.append(e); return e; };
    const x = (p) => left + ((w - left - 10) * p) / end, y = (v) => h - bottom - (h - bottom - top) * v;
    make("title", {}, "Probability to declare, by the true rate");
    for (const v of [0, 0.2, 0.4, 0.6, 0.8, 1]) { make("line", { x1: left, x2: w - 10, y1: y(v), y2: y(v), stroke: "#ddd" }); make("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end", "font-size": 12 }, v.toFixed(1)); }
    for (let p = 0; p <= end + 1e-9; p += 0.1) make("text", { x: x(p), y: h - 14, "text-anchor": "middle", "font-size": 12 }, p.toFixed(1));
    for (const p of marks) make("line", { x1: x(p), x2: x(p), y1: top, y2: h - bottom, stroke: "#999", "stroke-dasharray": "3 3" });
    make("text", { x: w - 10, y: h - 2, "text-anchor": "end", "font-size": 12 }, "true rate");
    const half = Math.ceil(curves.length / 2), columns = curves.length > 6 ? 2 : 1;
    curves.forEach((c, i) => {
      const points = c.points || Array.from({ length: 99 }, (_, k) => { const p = (end * (k + 1)) / 100; return [p, c.at(p)]; });
      make("polyline", { points: points.map(([p, v]) => `${x(p).toFixed(1)},${y(v).toFixed(1)}`).join(" "), fill: "none", stroke: c.colour, "stroke-width": 2, "stroke-dasharray": c.dash });
      // Many curves are told at the right below, where all of them are high.
      const down = columns === 1 ? top + 14 + 18 * i : y(0.52) + 15 * (i % half), from = columns === 1 ? left + 14 : w - 150 + 72 * Math.floor(i / half);
      make("line", { x1: from, x2: from + 30, y1: down, y2: down, stroke: c.colour, "stroke-width": 2, "stroke-dasharray": c.dash });
      make("text", { x: from + 36, y: down + 4, "font-size": 13 }, c.name);
    });
  }

  document.querySelectorAll("input").forEach((input) => input.addEventListener("input", show));
  get("copy").addEventListener("click", () => navigator.clipboard && navigator.clipboard.writeText(get("command").textContent));
  show();
});
