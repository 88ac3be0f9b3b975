// The explorer's arithmetic: exact binomial probabilities and the searches of one stage and of Simon's two stages.
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

/** Months to the end, and patients who come while the first stage is waited for: at `accrual` a month, the answer after `wait` months. */
function calendar(d, accrual, wait, pause) {
  const waiting = d.n1 ? Math.min(d.n - d.n1, Math.round(accrual * wait)) : 0;
  const months = d.n / accrual + wait + (d.n1 && pause ? wait : 0);
  return { months, look: d.n1 ? d.n1 / accrual + wait : null, waiting: pause ? 0 : waiting };
}

/** Patients in each of two arms for a comparison of rates, one-sided, by the normal approximation with unpooled variances. */
function twoArms(p0, p1, alpha, power) {
  const z = quantile(1 - alpha) + quantile(power);
  return Math.ceil((z * z * (p0 * (1 - p0) + p1 * (1 - p1))) / ((p1 - p0) * (p1 - p0)));
}

/** The normal quantile: Acklam's approximation and one step of Halley's. */
function quantile(p) {
  const a = [-39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716, 2.506628277459239];
  const b = [-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972, -13.28068155288572];
  const c = [-0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783];
  const d = [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416];
  const tail = (q) => (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) / ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
  let x;
  if (p < 0.02425) x = tail(Math.sqrt(-2 * Math.log(p)));
  else if (p > 1 - 0.02425) x = -tail(Math.sqrt(-2 * Math.log(1 - p)));
  else {
    const q = p - 0.5, r = q * q;
    x = ((((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q) / (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
  }
  return x;
}

if (typeof document !== "undefined") document.addEventListener("DOMContentLoaded", () => {
  const COLOURS = { "one stage": "#1f3a5f", optimal: "#b4562a", minimax: "#3f7d58" };
  const DASHES = { "one stage": "", optimal: "8 4", minimax: "2 3" };
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
    if (problems.length) { get("rows").textContent = ""; get("curves").textContent = ""; return; }
    const one = oneStage(q.p0, q.p1, q.alpha, q.power);
    const found = simon(q.p0, q.p1, q.alpha, q.power, one ? Math.min(one.n + 40, 200) : 120);
    const designs = { "one stage": one, optimal: found.optimal, minimax: found.minimax };
    get("rows").textContent = "";
    const texts = [];
    for (const [name, d] of Object.entries(designs)) {
      if (!d) continue;
      const low = behaviour(d, q.p0), high = behaviour(d, q.p1), c = calendar(d, q.accrual, q.wait, pause);
      const row = document.createElement("tr");
      const cells = [name, d.n1 ? `${d.r1} / ${d.n1}` : "–", `${d.r} / ${d.n}`, fixed(low.declare, 4), fixed(high.declare, 4), d.n1 ? fixed(low.stop, 4) : "–",
        fixed(low.patients, 1), fixed(c.months, 1), c.look === null ? "–" : fixed(c.look, 1), d.n1 ? String(c.waiting) : "–"];
      cells.forEach((text, i) => { const cell = document.createElement(i ? "td" : "th"); if (!i) { cell.scope = "row"; cell.style.color = COLOURS[name]; } cell.textContent = text; row.append(cell); });
      get("rows").append(row);
      texts.push(d.n1
        ? `${name}: ${d.n1} patients first; with ${d.r1} or fewer responses the trial stops. Else it goes on to ${d.n}, and more than ${d.r} responses reject a rate of ${q.p0}. The exact type I error is ${fixed(low.declare, 4)}, the exact power at ${q.p1} is ${fixed(high.declare, 4)}; under the null it stops early with probability ${fixed(low.stop, 4)} and expects ${fixed(low.patients, 1)} patients (Simon 1989).`
        : `${name}: ${d.n} patients; more than ${d.r} responses reject a rate of ${q.p0}. The exact type I error is ${fixed(low.declare, 4)}, the exact power at ${q.p1} is ${fixed(high.declare, 4)}.`);
    }
    get("protocol").textContent = texts.join("\n\n");
    get("randomised").textContent = `Two arms in place of history: about ${twoArms(q.p0, q.p1, q.alpha, q.power)} patients in each (normal approximation, one-sided); exactly: equipoise design exact-two-arm --p0 ${q.p0} --p1 ${q.p1} --alpha ${q.alpha} --power ${q.power}`;
    get("command").textContent = `equipoise design compare --p0 ${q.p0} --p1 ${q.p1} --alpha ${q.alpha} --power ${q.power} --accrual ${q.accrual} --wait ${q.wait}`;
    draw(designs, q);
  }

  function draw(designs, q) {
    const svg = get("curves"), w = 640, h = 300, left = 46, bottom = 34, top = 10;
    svg.textContent = "";
    const make = (tag, attributes, text) => { const e = document.createElementNS("http://www.w3.org/2000/svg", tag); for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v); if (text !== undefined) e.textContent = text; svg.append(e); return e; };
    const end = Math.min(1, q.p1 + 0.2), x = (p) => left + ((w - left - 10) * p) / end, y = (v) => h - bottom - (h - bottom - top) * v;
    make("title", {}, "Probability to declare, by the true rate");
    for (const v of [0, 0.2, 0.4, 0.6, 0.8, 1]) { make("line", { x1: left, x2: w - 10, y1: y(v), y2: y(v), stroke: "#ddd" }); make("text", { x: left - 6, y: y(v) + 4, "text-anchor": "end", "font-size": 12 }, v.toFixed(1)); }
    for (let p = 0; p <= end + 1e-9; p += 0.1) make("text", { x: x(p), y: h - 14, "text-anchor": "middle", "font-size": 12 }, p.toFixed(1));
    for (const p of [q.p0, q.p1]) make("line", { x1: x(p), x2: x(p), y1: top, y2: h - bottom, stroke: "#999", "stroke-dasharray": "3 3" });
    make("text", { x: w - 10, y: h - 2, "text-anchor": "end", "font-size": 12 }, "true rate");
    Object.entries(designs).forEach(([name, d], i) => {
      if (!d) return;
      const points = [];
      for (let k = 1; k < 100; k++) { const p = (end * k) / 100; points.push(`${x(p).toFixed(1)},${y(behaviour(d, p).declare).toFixed(1)}`); }
      make("polyline", { points: points.join(" "), fill: "none", stroke: COLOURS[name], "stroke-width": 2, "stroke-dasharray": DASHES[name] });
      make("line", { x1: left + 14, x2: left + 44, y1: top + 14 + 18 * i, y2: top + 14 + 18 * i, stroke: COLOURS[name], "stroke-width": 2, "stroke-dasharray": DASHES[name] });
      make("text", { x: left + 50, y: top + 18 + 18 * i, "font-size": 13 }, name);
    });
  }

  document.querySelectorAll("input").forEach((input) => input.addEventListener("input", show));
  get("copy").addEventListener("click", () => navigator.clipboard && navigator.clipboard.writeText(get("command").textContent));
  show();
});
