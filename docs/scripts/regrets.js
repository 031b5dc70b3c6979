// The regrets of a matrix game, computed and drawn by the page: micra_lite/widgets/regret_explorer.py, picture for picture.

const TOGETHER = "Move one probability, and the others make room in proportion: they add up to 1.";
const sum = (terms) => terms.reduce((a, b) => a + b, 0);
const listed = (names, values) => names.map((name, a) => `${name} ${number(values[a])}`).join(", ");

// Eq. 2 for the target on axis i. Joint actions of the others in the order of their axes, the last one fastest.
function regretsOf(game, i, policies) {
  const others = game.agents.map((_, j) => j).filter((j) => j !== i);
  let joint = [[]];
  for (const j of others) joint = joint.flatMap((a) => game.actions[j].map((_, k) => [...a, k]));
  const weights = joint.map((a) => a.reduce((w, k, at) => w * policies[others[at]][k], 1));
  const payoff = (own, a) => {
    const all = [...a.slice(0, i), own, ...a.slice(i)];
    return all.reduce((table, k) => table[k], game.payoffs)[i];
  };
  const payoffs = game.actions[i].map((_, own) => joint.map((a) => payoff(own, a)));
  const values = payoffs.map((row) => sum(row.map((q, c) => weights[c] * q))); // v(s | i plays a)
  const value = sum(values.map((v, a) => policies[i][a] * v)); // v(s)
  const regrets = values.map((v) => v - value);
  return { game, i, policies, others, joint, weights, payoffs, values, value, regrets };
}

function regretsInWords(r) {
  const { agents, actions, name } = r.game, own = actions[r.i];
  const played = agents.map((agent, j) => `${agent} plays ${listed(actions[j], r.policies[j])}`).join("; ");
  const best = r.regrets.indexOf(Math.max(...r.regrets));
  const verdict = r.regrets[best] < 0.005
    ? "No action would do better than the policy does."
    : `The policy should play ${own[best]} more often.`;
  return `Game ${name}, target ${agents[r.i]}. Policies: ${played}. Value of each own action: ${listed(own, r.values)}. ` +
    `Value of the policy: ${number(r.value)}. Regret advantage: ${listed(own, r.regrets)}. ${verdict}`;
}

function sumsOf(r) {
  const own = r.game.actions[r.i], policy = r.policies[r.i];
  const bracketed = (x) => (short(x).startsWith("−") ? `(${short(x)})` : short(x));
  const weighted = (weights, values) => weights.map((w, k) => `${short(w)}·${bracketed(values[k])}`).join(" + ");
  const rows = own.map((name, a) => [`v(s | plays ${name})`, `${weighted(r.weights, r.payoffs[a])} = ${short(r.values[a])}`]);
  rows.push(["v(s)", `${weighted(policy, r.values)} = ${short(r.value)}`]);
  own.forEach((name, a) => rows.push([`A(${name})`, `${short(r.values[a])} − ${bracketed(r.value)} = ${short(r.regrets[a])}`]));
  rows.push(["Σ π·A", `${weighted(policy, r.regrets)} = ${short(sum(policy.map((p, a) => p * r.regrets[a])))}`]);
  const cells = rows.map(([left, right]) =>
    `<tr><td style="text-align: right; padding-right: 0.6em">${escaped(left)} =</td><td style="text-align: left">${escaped(right)}</td></tr>`);
  return `<table style="font-family: monospace; margin: 0.4em 0">${cells.join("")}</table>` +
    "<p>The first sums average over the others' actions; v(s) averages over its own action as well; the regret is " +
    "their difference (Eq. 2, <code>micra_lite.regret.counterfactual_regret_advantage</code>). Weighted with the " +
    "policy, regrets always cancel.</p>";
}

function drawnRegrets(r) {
  const { agents, actions } = r.game, left = 122, wide = Math.min(60, 270 / r.joint.length);
  const vLeft = left + r.joint.length * wide + 10, row = 40, high = 22 * (r.others.length + 1) + 34;
  const parts = [text(4, 18, `payoffs to ${agents[r.i]}`, 13, "start", true)];
  r.others.forEach((j, k) => {
    parts.push(text(left - 6, 40 + 22 * k, `${agents[j]} plays`, 12, "end", false, GREY));
    r.joint.forEach((a, c) => {
      const name = actions[j][a[k]];
      parts.push(text(left + (c + 0.5) * wide, 40 + 22 * k, name, fitting(name, wide - 2, 12), "middle"));
    });
  });
  parts.push(text(left - 6, high - 12, "with weight", 12, "end", false, GREY));
  r.weights.forEach((w, c) =>
    parts.push(text(left + (c + 0.5) * wide, high - 12, short(w), fitting(short(w), wide - 2, 12), "middle", true)));
  const every = r.payoffs.flat();
  let reach = (Math.max(...every) - Math.min(...every)) / 4 || 1;
  while (Math.max(...r.regrets.map(Math.abs)) > reach) reach *= 2;
  const [from, to] = [vLeft + 122, WIDTH - 48], along = axis(from, to, -reach, reach);
  parts.push(text(vLeft + 32, high - 12, "value v", 12, "middle", true));
  parts.push(text((from + to) / 2, high - 12, "regret advantage A", 12, "middle", true));
  actions[r.i].forEach((name, a) => {
    const y = high + a * row;
    parts.push(text(left - 6, y + 17, name, fitting(name, 112), "end", true));
    parts.push(text(left - 6, y + 32, `π = ${short(r.policies[r.i][a])}`, 11, "end", false, GREY));
    r.weights.forEach((w, c) => parts.push(cell(left + c * wide, y, wide, row, short(r.payoffs[a][c]), w)));
    parts.push(text(vLeft + 32, y + row / 2 + 5, number(r.values[a]), 13, "middle"), bar(along, y + 12, r.regrets[a]));
  });
  const bottom = high + actions[r.i].length * row;
  parts.push(line(along(0), high, along(0), bottom, INK) + line(from, bottom, to, bottom));
  for (const v of [-reach, 0, reach]) parts.push(text(along(v), bottom + 14, g(v).replace("-", "−"), 11, "middle", false, GREY));
  parts.push(text((from + to) / 2, bottom + 29, "units of payoff", 12, "middle"));
  parts.push(text(vLeft, bottom + 24, "v(s)", 12, "end", false, GREY), text(vLeft + 32, bottom + 24, number(r.value), 13, "middle", true));
  return figure(sheet(bottom + 40, parts, regretsInWords(r)), sumsOf(r));
}

// What is left is shared by the others in the proportions they had; whole hundredths, as the sliders have.
function makeRoom(hundredths, shares, k, moved) {
  const others = hundredths.map((_, j) => j).filter((j) => j !== k), left = 100 - moved;
  const whole = sum(others.map((j) => shares[j]));
  const exact = others.map((j) => left * (whole > 0 ? shares[j] / whole : 1 / others.length));
  const down = exact.map((x) => Math.floor(x + 1e-9));
  const nearest = others.map((_, j) => j).sort((a, b) => (down[a] - exact[a]) - (down[b] - exact[b]));
  for (const j of nearest.slice(0, left - sum(down))) down[j] += 1;
  others.forEach((j, at) => (hundredths[j] = down[at]));
  hundredths[k] = moved;
  if (left > 0) {
    shares[k] = moved;
    others.forEach((j, at) => (shares[j] = exact[at]));
  }
}

function exploreRegrets(place, games, opening) {
  const controls = made("div", { class: "controls" }), picture = made("div", { class: "picture" });
  place.append(controls, picture);
  for (const game of games) {
    game.hundredths = game.shown.map((own) => own.map((p) => Math.round(100 * p)));
    game.shares = game.start.map((own) => own.map((p) => 100 * p));
    game.target = game.agents.indexOf(game.targets[0]);
  }
  let game = games[opening];
  const policies = () => game.hundredths.map((own) => { // as micra_lite/widgets/drawing/policies.py reads its sliders
    const values = own.map((h) => h / 100);
    return own.length === 2 ? [values[0], 1 - values[0]] : values.map((v) => v / sum(values));
  });
  const draw = () => (picture.innerHTML = drawnRegrets(regretsOf(game, game.target, policies())));
  const menu = choice("Game", games.map((one) => one.name), opening, (k) => {
    game = games[k];
    build();
  });
  function build() {
    const target = choice("Regrets of", game.targets, game.targets.indexOf(game.agents[game.target]), (k) => {
      game.target = game.agents.indexOf(game.targets[k]);
      draw();
    });
    const sliders = game.agents.flatMap((agent, j) => {
      const own = game.hundredths[j], two = own.length === 2, told = (k) => number(own[k] / 100);
      const made_ = own.slice(0, two ? 1 : own.length).map((value, k) =>
        slider(`${agent}: P(${game.actions[j][k]})`, { min: 0, max: 100, step: two ? 5 : 1, value }, told(k), (moved) => {
          makeRoom(own, game.shares[j], k, moved);
          made_.forEach((one, a) => one.set(own[a], told(a)));
          draw();
        }));
      return made_.map((one) => one.element);
    });
    const menus = [games.length > 1 ? menu.element : "", game.targets.length > 1 ? target.element : ""];
    const many = game.actions.some((own) => own.length > 2);
    controls.replaceChildren(...menus, ...sliders, ...(many ? [made("p", { class: "note" }, TOGETHER)] : []));
    draw();
  }
  build();
}
