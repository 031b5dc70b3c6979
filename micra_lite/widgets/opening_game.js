// The opening game: hunt three prey, then see how a team that watched them did it. All numbers come from opening_story.py.
// It runs in notebooks (anywidget) and on the web site, where `model` is a small stand-in: only get, set and save_changes.
export default {
  render({ model, el }) {
    const data = model.get("data");
    const { moves: NAMES, landing, goal, prey } = data;
    const STEPS = prey[0].moves.length, ARROWS = ["•", "↑", "↓", "←", "→"];
    const KEYS = { " ": 0, ArrowUp: 1, ArrowDown: 2, ArrowLeft: 3, ArrowRight: 4 };
    const STEP = [[0, 0], [0, -1], [0, 1], [-1, 0], [1, 0]];
    const SIDE = 92, MARGIN = 22, SIZE = 2 * MARGIN + 3 * SIDE;
    const number = (cells) => (cells[0] * 9 + cells[1]) * 9 + cells[2];
    const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;
    const middle = (cell) => [MARGIN + (cell % 3 + 0.5) * SIDE, MARGIN + (Math.floor(cell / 3) + 0.5) * SIDE];
    const place = (cell) => (cell === 4 ? "in the middle" :
      `at the ${["top", "middle", "bottom"][Math.floor(cell / 3)]} ${["left", "middle", "right"][cell % 3]}`);
    const caughtByTeam = (k) => prey[k].team.filter((step) => step.caught).length;

    // ---- The state. phase: "watch" (prey 3 only) → "hunt" → "over" → the next prey, and at last "team".
    let now;
    const begin = () => { now = { catches: prey.map(() => null), shown: 1, at: 0 }; enter(0); };
    function enter(round, watch = prey[round].watched.length > 0) {
      Object.assign(now, { round, step: 0, cells: prey[round].start, last: null, seen: [], phase: watch ? "watch" : "hunt" });
      now.told = watch ? "Press “Watch a move”, or an arrow key." : `${count(STEPS, "move", "moves")} left.`;
      if (watch) now.cells = prey[round].watched[0].slice(0, 3);
    }

    // ---- The rules: all move at once; caught where a hunter lands on the cell on which the prey lands.
    function said(who, move, from) {
      if (move === 0) return `${who} stayed`;
      return landing[from][move] === from ? `${who} pushed against the ${NAMES[move]} wall` : `${who} moved ${NAMES[move]}`;
    }
    function hunt(move) {
      if (now.phase !== "hunt") return;
      const one = prey[now.round], s = number(now.cells), from = now.cells;
      const made = [move, Number(one.mate[s]), Number(one.moves[now.step][s])];
      const [a, b, p] = made.map((m, i) => landing[from[i]][m]);
      const caught = p === a || p === b;
      const free = [0, 1, 2, 3, 4, 5, 6, 7, 8].filter((cell) => cell !== a && cell !== b);
      const after = [a, b, caught ? free[Math.floor(one.again[now.step] * free.length)] : p];
      now.last = { from, made, landed: [a, b, p], caught };
      now.seen.push([made[2], p === from[2]]);
      now.cells = after;
      now.step += 1;
      now.catches[now.round] = (now.catches[now.round] ?? 0) + Number(caught);
      const who = a === p && b === p ? "you both caught it!" : a === p ? "you caught it!" : "your mate caught it!";
      now.told = ["You", "your mate", `prey ${now.round + 1}`].map((name, i) => said(name, made[i], from[i])).join(", ")
        + (caught ? `: ${who} It starts again ${place(after[2])}. ` : ": not caught. ")
        + (caught && now.catches[now.round] === goal ? "Goal reached! " : "")
        + `${count(STEPS - now.step, "move", "moves")} left, ${count(now.catches[now.round], "catch", "catches")}.`;
      report();
      if (now.step === STEPS) now.phase = "over";
      draw(true);
      if (now.phase === "over") focus(ui.next);
    }
    function watch() {
      const seen = prey[now.round].watched[now.seen.length];
      if (now.phase !== "watch" || !seen) return;
      const from = seen.slice(0, 3), move = seen[3], to = landing[from[2]][move];
      now.cells = [from[0], from[1], to];
      now.last = { from, made: [0, 0, move], landed: now.cells, caught: false };
      now.seen.push([move, to === from[2]]);
      now.told = `${said(`Prey ${now.round + 1}`, move, from[2])}. ${count(now.seen.length, "move", "moves")} watched.`;
      draw(true);
      if (now.seen.length === prey[now.round].watched.length) focus(ui.next);
    }
    function goOn() {
      if (now.phase === "watch") {
        const { round, seen } = now;
        enter(round, false);
        now.watched = seen;
        now.told = `Now hunt. You watched ${count(seen.length, "move", "moves")}. ${now.told}`;
      } else if (now.phase === "over" && now.round + 1 < prey.length) enter(now.round + 1);
      else if (now.phase === "over") return team();
      else begin();
      if (now.phase !== "hunt" || now.round === 0) now.watched = null;
      report();
      draw();
      focus(now.phase === "watch" ? ui.look : ui.field);
    }
    function team() {
      if (now.phase !== "over" && now.phase !== "team") now.catches[now.round] = null; // a round cut short is not compared
      now.phase = "team";
      report();
      show(1, telling(1));
      focus(ui.field);
    }
    function telling(k) { // the move at which the regrets differ most explains them best
      const spread = prey[k].team.map(({ regret }) => Math.max(...regret) - Math.min(...regret));
      return spread.indexOf(Math.max(...spread));
    }
    function show(shown, at) {
      Object.assign(now, { shown, at: Math.max(0, Math.min(STEPS - 1, at)) });
      draw();
    }
    function report() {
      model.set("result", { catches: [...now.catches], team: prey.map((_, k) => caughtByTeam(k)) });
      model.save_changes();
    }

    // ---- Small makers of elements. Words always go in as text, never as HTML.
    function make(node, attributes, children) {
      for (const [name, value] of Object.entries(attributes)) {
        if (name.startsWith("on")) node[name] = value;
        else node.setAttribute(name, value);
      }
      node.append(...children);
      return node;
    }
    const h = (tag, attributes = {}, ...children) => make(document.createElement(tag), attributes, children);
    const SVG = "http://www.w3.org/2000/svg";
    const s = (tag, attributes = {}, ...children) => make(document.createElementNS(SVG, tag), attributes, children);
    const button = (words, onclick, kind = "") => h("button", { type: "button", class: kind, onclick }, words);
    function focus(node) { // whoever plays by key goes on from here; also into view, but without a jump
      node.focus({ preventScroll: true });
      node.scrollIntoView({ block: "nearest" });
    }

    // ---- The board.
    function arrow(x1, y1, x2, y2, kind, width) {
      const length = Math.hypot(x2 - x1, y2 - y1), u = (x2 - x1) / length, v = (y2 - y1) / length;
      const head = Math.min(6 + 2 * width, length), x = x2 - head * u, y = y2 - head * v, w = 0.55 * head;
      return s("g", { class: `arrow ${kind}` },
        s("line", { x1, y1, x2: x, y2: y, "stroke-width": width }),
        s("polygon", { points: `${x2},${y2} ${x - w * v},${y + w * u} ${x + w * v},${y - w * u}` }));
    }
    const label = (x, y, words, kind = "note") => s("text", { x, y, class: kind, "text-anchor": "middle" }, words);
    const SIGNS = [ // as everywhere in the course: circle, square and diamond, each with its colour and letters
      () => s("circle", { r: 28 }), () => s("rect", { x: -27, y: -27, width: 54, height: 54 }),
      () => s("polygon", { points: "0,-36 36,0 0,36 -36,0" }),
    ];
    function token(who, cells, name) {
      const company = [0, 1, 2].filter((j) => cells[j] === cells[who]), [x, y] = middle(cells[who]);
      const aside = (company.indexOf(who) - (company.length - 1) / 2) * SIDE * 0.48;
      const small = company.length > 1 ? 0.62 : 1;
      const inner = s("g", { class: `token t${who}` }, SIGNS[who](), label(0, 6, name));
      return s("g", { transform: `translate(${x + aside} ${y}) scale(${small})` }, inner);
    }
    function slide(outer, from, to, again) { // the new state is drawn already; only the way there is animated
      if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
      const [x1, y1] = middle(from), [x2, y2] = middle(to);
      const way = again ? [{ opacity: 0 }, { opacity: 1 }]
        : [{ transform: `translate(${x1 - x2}px, ${y1 - y2}px)` }, { transform: "none" }];
      outer.firstChild.animate(way, { duration: 140, easing: "ease-out" });
    }
    function board({ cells, last, expected, still }, animate) {
      const names = expected ? ["Hunter 1", "Hunter 2", "Prey"] : ["You", "Your mate", "Prey"];
      const parts = [];
      for (let cell = 0; cell < 9; cell++) {
        const [x, y] = middle(cell);
        parts.push(s("rect", { class: "cell", x: x - SIDE / 2, y: y - SIDE / 2, width: SIDE, height: SIDE }));
      }
      if (last) for (const who of [0, 1, 2]) { // where everybody came from, or goes to; side by side where ways cross
        const a = last.from[who], b = last.landed[who], [u, v] = STEP[last.made[who]], off = 7 * (who - 1);
        if (a === b || (expected && who === 2)) continue;
        const [start, end] = expected ? [32, 86] : [4, 60], [x, y] = middle(a).map((at, k) => at + off * [-v, u][k]);
        parts.push(arrow(x + u * start, y + v * start, x + u * end, y + v * end, `a${who}`, 4));
        if (who === 2) parts.push(s("circle", { class: "origin", cx: x, cy: y, r: 9 }));
      }
      const tokens = [0, 1, 2].map((who) => token(who, cells, (expected ? ["h1", "h2", "prey"] : ["you", "mate", "prey"])[who]));
      if (still) tokens.slice(0, 2).forEach((t) => t.classList.add("aside"));
      parts.push(...tokens);
      if (expected) { // from the prey's cell an arrow for each move, as long and as thick as it is probable
        const [x, y] = middle(cells[2]);
        expected.forEach((p, m) => {
          if (p < 5) return;
          const [u, v] = STEP[m], wall = landing[cells[2]][m] === cells[2], end = Math.min(44 + 0.4 * p, wall ? 64 : 100);
          if (m) parts.push(arrow(x + u * 34, y + v * 34, x + u * end, y + v * end, "guess", 2 + p / 14));
          const [dx, dy] = !m ? [-28, -26] : u ? [42 * u, -15] : [26, v * (34 + end) / 2 + 6];
          parts.push(label(x + dx, y + dy, `${p}%`, "note percent"));
        });
      }
      if (last && (last.caught || expected)) {
        const [x, y] = middle(last.landed[2]);
        parts.push(s("circle", { class: last.caught ? "ring" : "ring open", cx: x, cy: y, r: expected ? 36 : 42 }));
        if (last.caught) parts.push(label(x, y + (last.made[2] === 1 ? -32 : 47), "Caught!", "note caught")); // away from where it came
      }
      ui.board.replaceChildren(...parts);
      const where = names.map((name, who) => `${name} ${place(cells[who])}`).join(", ");
      ui.board.setAttribute("aria-label", `Board of 3 by 3 cells. ${where}.`);
      if (animate) tokens.forEach((one, who) => slide(one, last.from[who], cells[who], who === 2 && last.caught));
    }
    function tapped(event) { // a tap on a neighbouring cell moves there, one on the own cell stays
      const box = ui.board.getBoundingClientRect(), cell = (d) => Math.floor((d * SIZE / box.width - MARGIN) / SIDE);
      const x = cell(event.clientX - box.left) - now.cells[0] % 3, y = cell(event.clientY - box.top) - Math.floor(now.cells[0] / 3);
      const move = STEP.findIndex(([u, v]) => u === x && v === y);
      if (now.phase === "watch") watch();
      else if (move >= 0) hunt(move);
    }

    // ---- Words and tables around the board.
    function chips(seen) {
      const words = seen.map(([m, wall]) => (m ? NAMES[m] + (wall ? " into the wall" : "") : "stay"));
      const box = h("span", { class: "chips", role: "img", "aria-label": words.join(", ") || "nothing yet" });
      box.append(...seen.map(([m, wall], k) => h("span", { title: words[k] }, m ? ARROWS[m] + (wall ? "|" : "") : "stay")));
      return box;
    }
    function lead() {
      const n = now.catches[now.round], many = count(n ?? 0, "catch", "catches"), met = n >= goal;
      const task = `Catch it ${goal} times in ${STEPS} moves.`;
      if (now.phase === "watch") {
        return `Prey ${now.round + 1} is different again. This time you may watch first, up to ${prey[now.round].watched.length} moves: the hunters `
          + "only look on, and every move starts from new places. Your mate watches too.";
      }
      if (now.phase === "hunt" && now.round) return `${now.round === 1 ? "Here is another prey. " : ""}${task}`;
      if (now.phase === "hunt") {
        return `Catch the prey ${goal} times in ${STEPS} moves. You or your mate catch it by landing on the cell where it lands; `
          + "all three move at once. Then it starts again elsewhere. Use the arrow keys (space: stay), the buttons, or tap a cell.";
      }
      const score = met ? `Goal reached: ${many}.` : `${many}; the goal was ${goal}.`;
      const mate = ["Your mate knew this prey.", "Your mate hunted it as if it were prey 1.", "Your mate had watched it, too."][now.round];
      const why = now.round === 1 && !met ? " What works on one prey need not work on the next." : "";
      return `${score} ${prey[now.round].habit} ${mate}${why}`;
    }
    function teamLead() {
      const played = prey.map((_, k) => k).filter((k) => now.catches[k] !== null);
      const sum = (catches) => played.reduce((total, k) => total + catches(k), 0);
      const mine = sum((k) => now.catches[k]), theirs = sum(caughtByTeam);
      const compared = !played.length ? ""
        : ` ${played.length < prey.length ? "On the prey that you hunted to the end" : "In all"}, the team made ${count(theirs, "catch", "catches")} and you ${mine}`
          + (mine > theirs ? ": you were better!" : mine === theirs ? ": as many!" : ".");
      return `This team watched ${data.watched} moves of each prey before it hunted; you could watch only prey 3. That is the point. `
        + `Hunter 1 played in your place, on the same boards and with the same luck.${compared}`;
    }
    function row(name, value, width, kind, mark) {
      const bar = h("span", { class: "track", "aria-hidden": "true" }, h("span", { class: `bar ${kind}`, style: width }));
      return h("li", { class: mark ? "marked" : "" }, h("span", {}, name), bar, h("span", { class: "value" }, value),
        h("span", { class: "mark" }, mark));
    }
    function teamStep() {
      const step = prey[now.shown].team[now.at], [own, mate, went] = step.moves, largest = Math.max(...step.regret);
      const landed = step.moves.map((m, i) => landing[step.cells[i]][m]), reach = Math.max(...prey[now.shown].team.flatMap((one) => one.regret.map(Math.abs)));
      const last = { from: step.cells, made: step.moves, landed, caught: step.caught };
      board({ cells: step.cells, expected: step.expected, last });
      const equal = NAMES.filter((_, m) => m !== own && largest - step.regret[m] < 0.005);
      const tie = equal.length ? ` (${equal.join(" and ")} ${equal.length > 1 ? "are" : "is"} equally good here)` : "";
      ui.expected.replaceChildren(...NAMES.map((name, m) => {
        const p = step.expected[m];
        return row(name, `${p}%`, `width: ${p}%`, "likely", m === went ? "◀ it did" : "");
      }));
      ui.regret.replaceChildren(...NAMES.map((name, m) => {
        const r = step.regret[m], share = 50 * Math.abs(r) / reach, value = Math.abs(r).toFixed(2);
        const sign = Number(value) === 0 ? "" : r > 0 ? "+" : "−";
        const place = `width: ${share}%; left: ${r < 0 ? 50 - share : 50}%`;
        return row(name, sign + value, place, r < 0 ? "loss" : "gain", m === own ? "◀ taken" : "");
      }));
      now.told = `Move ${now.at + 1} of ${STEPS}. Hunter 1 took the move with the largest regret: ${NAMES[own]}${tie}. `
        + `${said("Hunter 2", mate, step.cells[1])}, ${said(`prey ${now.shown + 1}`, went, step.cells[2])}: `
        + (!step.caught ? "not caught." : `caught by ${[0, 1].filter((i) => landed[i] === landed[2]).map((i) => `hunter ${i + 1}`).join(" and ")}!`);
    }
    function scores() {
      const cell = (n) => h("td", {}, n === null ? "–" : n >= goal ? `${n} ✓` : `${n}`);
      ui.scores.replaceChildren(h("caption", {}, `Catches in ${STEPS} moves (✓: goal of ${goal} reached)`),
        h("tr", {}, ...["", "Prey 1", "Prey 2", "Prey 3"].map((name) => h("th", { scope: "col" }, name))),
        h("tr", {}, h("th", { scope: "row" }, "You"), ...now.catches.map(cell)),
        h("tr", {}, h("th", { scope: "row" }, "The team"), ...prey.map((_, k) => cell(caughtByTeam(k)))));
    }
    function draw(animate = false) {
      const { phase, round } = now, isTeam = phase === "team", one = prey[isTeam ? now.shown : round];
      ui.root.dataset.phase = phase;
      ui.title.textContent = isTeam ? "The team that watched" : `Prey ${round + 1} of ${prey.length}`;
      const n = now.catches[round] ?? 0, dots = "●".repeat(n) + "○".repeat(Math.max(0, goal - n));
      const pips = h("span", { class: "pips", "aria-hidden": "true" }, dots);
      const score = `${count(n, "catch", "catches")}, goal ${goal} · ${count(STEPS - now.step, "move", "moves")} left`;
      ui.score.replaceChildren(...(isTeam || phase === "watch" ? [] : [pips, score]));
      ui.lead.textContent = isTeam ? teamLead() : lead();
      ui.field.setAttribute("aria-label", isTeam ? "The team's moves. Left and right arrow keys: previous and next move." :
        phase === "watch" ? "The board. Any arrow key: watch a move." : "The board. Arrow keys move, space stays.");
      if (isTeam) {
        scores();
        teamStep();
        ui.choices.forEach((choice, k) => choice.setAttribute("aria-pressed", String(k === now.shown)));
        ui.habit.textContent = `Prey ${now.shown + 1}: ${one.habit}`;
        ui.back.disabled = now.at === 0;
        ui.forth.disabled = now.at === STEPS - 1;
      } else {
        board({ cells: now.cells, last: now.last, still: phase === "watch" }, animate);
        const before = now.watched && phase !== "watch" ? ["While watched, it went: ", chips(now.watched), h("br")] : [];
        ui.history.replaceChildren(...before, `Prey ${round + 1} went: `, chips(now.seen));
        ui.look.disabled = now.seen.length === one.watched.length;
        ui.next.textContent = { watch: "Hunt now", over: round + 1 < prey.length ? "Next prey" : "See the team" }[phase] ?? "";
      }
      ui.told.textContent = now.told;
    }

    // ---- The page, made once; `draw` fills it. What a phase does not need is hidden by CSS.
    const pad = NAMES.map((name, m) => h("button", { type: "button", class: `p${m}`, onclick: () => hunt(m) },
      h("span", { "aria-hidden": "true" }, ARROWS[m]), h("span", {}, name)));
    const ui = {
      title: h("strong", { class: "title" }), score: h("span", { class: "score" }), lead: h("p", { class: "lead" }),
      board: s("svg", { class: "board", viewBox: `0 0 ${SIZE} ${SIZE}`, role: "img", onclick: tapped }),
      told: h("p", { class: "told", "aria-live": "polite" }), history: h("p", { class: "history" }),
      look: button("Watch a move", watch, "primary in-watch"), next: button("", goOn, "primary go-on"),
      skip: button("Skip to the watching team", team, "skip"), back: button("◀ Previous", () => show(now.shown, now.at - 1)),
      forth: button("Next ▶", () => show(now.shown, now.at + 1)), habit: h("p", { class: "habit" }),
      choices: prey.map((_, k) => button(`Prey ${k + 1}`, () => show(k, telling(k)))),
      expected: h("ul", { class: "bars" }), regret: h("ul", { class: "bars" }), scores: h("table", { class: "in-team" }),
    };
    ui.field = h("div", { class: "field", tabindex: "0", role: "group" },
      h("div", { class: "left" }, ui.board, h("p", { class: "note in-team" }, "All stand where they stood before the move; arrows show where they go.")),
      h("div", { class: "right" }, ui.told,
        h("div", { class: "steps in-team" }, ui.back, ui.forth), ui.history,
        h("div", { class: "pad" }, ...pad), h("p", { class: "hint" }, "For the arrow keys, click the board first."),
        h("div", { class: "buttons" }, ui.look, ui.next),
        h("div", { class: "in-team" },
          h("p", { class: "what" }, h("b", {}, "Expected: "), "how likely each next move of the prey is."), ui.expected,
          h("p", { class: "what" }, h("b", {}, "Regret "), "of each move of hunter 1, in catches."), ui.regret)));
    ui.root = h("section", { class: "micra-game", "aria-label": "Opening game", "data-lm-suppress-shortcuts": "true" },
      h("style", {}, CSS()),
      h("div", { class: "head" }, h("div", {}, ui.title, " ", ui.score), ui.skip), ui.lead, ui.scores,
      h("div", { class: "choices in-team", role: "group", "aria-label": "Which prey" }, ...ui.choices),
      h("div", { class: "in-team" }, ui.habit,
        h("p", {}, "Against a prey that it knows nothing of, hunter 1 would play its usual way: half the time at random, half the time "
          + "what suits an average prey. Before every move it asks of each of its five moves: how many more catches, now and later, "
          + "does this one promise than the usual way? That is the move's regret: what it would regret not to do. Positive means better.")),
      ui.field,
      h("p", { class: "end in-team" }, "This is the idea of MICRA: watch a stranger, predict its next moves, and find by the "
        + "regret which own moves are better than the usual way. Here every number was computed exactly, before every move. A MICRA team "
        + "does this work beforehand: it trains with many strangers, until a prediction alone tells it what to do. The course shows how."),
      h("div", { class: "buttons in-team" }, button("Play again", goOn, "primary")));
    ui.field.addEventListener("keydown", (event) => {
      if (!(event.key in KEYS) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === " " && event.target !== ui.field) return; // space presses the button that has the focus
      const move = KEYS[event.key];
      if (now.phase === "team" && move < 3) return; // the page may scroll
      event.preventDefault();
      event.stopPropagation();
      if (event.repeat) return; // a key held down is one move
      if (now.phase === "team") show(now.shown, now.at + (move === 3 ? -1 : 1));
      else if (now.phase === "watch") watch();
      else hunt(move);
    });
    begin();
    el.append(ui.root);
    draw();
    return () => ui.root.remove();

    function CSS() {
      const light = "color-scheme: light; --paper: #fff; --ink: #1a1a1a; --grey: #5c5c5c; --line: #858585; --soft: #eef3f7; --accent: #0072b2; --on: #fff; --c2: #8a5f00; --c3: #b84900;";
      const dark = "color-scheme: dark; --paper: #16191d; --ink: #eceff2; --grey: #b0b7bf; --line: #7d868f; --soft: #232a31; --accent: #56b4e9; --on: #111; --c2: #e69f00; --c3: #ff8f45;";
      const g = ".micra-game";
      return `
${g} { ${light} container-type: inline-size; box-sizing: border-box; max-width: 860px; padding: 12px; border: 1px solid var(--line); border-radius: 10px; background: var(--paper); color: var(--ink); font: 16px/1.4 system-ui, sans-serif; text-align: left; }
@media (prefers-color-scheme: dark) { ${g} { ${dark} } }
[data-theme="light"] ${g}, [data-jp-theme-light="true"] ${g} { ${light} }
[data-theme="dark"] ${g}, [data-jp-theme-light="false"] ${g} { ${dark} }
${g} * { box-sizing: border-box; }
${g} p { margin: 0 0 8px; }
${g} button { min-height: 44px; padding: 4px 12px; border: 1px solid var(--line); border-radius: 8px; background: var(--soft); color: var(--ink); font: inherit; cursor: pointer; touch-action: manipulation; }
${g} button:hover:enabled { border-color: var(--ink); }
${g} button:disabled { color: var(--grey); background: none; border-style: dashed; cursor: default; }
${g} button.primary, ${g} button[aria-pressed="true"] { background: var(--accent); border-color: var(--accent); color: var(--on); font-weight: 600; }
${g} button.primary:disabled { background: none; color: var(--grey); }
${g} button:focus-visible, ${g} .field:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
${g} .head { display: flex; align-items: center; justify-content: space-between; gap: 8px; margin-bottom: 4px; line-height: 1.2; }
${g} .title { margin-right: 10px; font-size: 19px; white-space: nowrap; } ${g} .score { color: var(--grey); } ${g} .pips { margin-right: 8px; color: var(--accent); letter-spacing: 2px; } ${g} .skip { flex: none; padding: 4px 8px; background: none; font-size: 15px; }
${g} .field { margin: 0 -4px; padding: 4px; border-radius: 8px; }
${g} .left { max-width: 284px; margin: 0 auto 4px; }
${g} .board { display: block; width: 100%; overflow: visible; touch-action: manipulation; user-select: none; }
${g} .cell { fill: var(--paper); stroke: var(--line); stroke-width: 1.5; }
${g} .token > :first-child { stroke: var(--ink); stroke-width: 2; } ${g} .aside > .token > :first-child { stroke-dasharray: 5 4; }
${g} .t0 > :first-child { fill: #0072b2; } ${g} .t1 > :first-child { fill: #e69f00; } ${g} .t2 > :first-child { fill: #d55e00; }
${g} text { font: 700 16px system-ui, sans-serif; fill: var(--ink); pointer-events: none; }
${g} .token text { fill: #111; } ${g} .t0 text { fill: #fff; }
${g} .arrow line { stroke: currentColor; } ${g} .arrow polygon { fill: currentColor; }
${g} .a0 { color: var(--accent); } ${g} .a1 { color: var(--c2); } ${g} .a2, ${g} .guess { color: var(--c3); }
${g} .percent, ${g} .caught { paint-order: stroke; stroke: var(--paper); stroke-width: 5px; stroke-linejoin: round; } ${g} .percent { font-size: 15px; } ${g} .caught { font-size: 20px; }
${g} .ring { fill: none; stroke: var(--ink); stroke-width: 4; } ${g} .ring.open { stroke-dasharray: 6 5; stroke-width: 2.5; stroke: var(--c3); } ${g} .origin { fill: none; stroke: var(--c3); stroke-width: 2; stroke-dasharray: 3 3; }
${g} .end { margin-top: 12px; } ${g} .told { min-height: 5.6em; } ${g} .left p { color: var(--grey); font-size: 14px; } ${g} .history { color: var(--grey); font-size: 15px; }
${g} .chips span { display: inline-block; min-width: 24px; margin: 1px 2px; padding: 0 4px; border-radius: 5px; background: var(--soft); color: var(--ink); text-align: center; font-weight: 600; }
${g} .pad { display: grid; grid-template-columns: repeat(3, minmax(64px, 92px)); gap: 6px; justify-content: center; }
${g} .pad button { display: flex; flex-direction: column; align-items: center; justify-content: center; line-height: 1.1; padding: 2px; min-height: 48px; }
${g} .p1 { grid-area: 1 / 2; } ${g} .p3 { grid-area: 2 / 1; } ${g} .p0 { grid-area: 2 / 2; } ${g} .p4 { grid-area: 2 / 3; } ${g} .p2 { grid-area: 3 / 2; }
${g} .hint { display: none; margin: 6px 0 0; color: var(--grey); font-size: 14px; text-align: center; }
@media (hover: hover) { ${g} .hint { display: block; } } ${g} .field:focus-within .hint { visibility: hidden; }
${g} .buttons, ${g} .steps, ${g} .choices { display: flex; flex-wrap: wrap; gap: 8px; margin: 4px 0 8px; }
${g}:not([data-phase="team"]) .in-team, ${g}:not([data-phase="watch"]) .in-watch, ${g}[data-phase="hunt"] .go-on { display: none; }
${g}:not([data-phase="hunt"]) .pad, ${g}:not([data-phase="hunt"]) .hint, ${g}[data-phase="team"] .skip, ${g}[data-phase="team"] .go-on, ${g}[data-phase="team"] .history { display: none; }
${g} table { width: 100%; max-width: 460px; margin: 0 0 8px; border-collapse: collapse; font-variant-numeric: tabular-nums; color: inherit; background: none; }
${g} caption { text-align: left; color: var(--grey); font-size: 14px; caption-side: bottom; }
${g} tr { background: none; } ${g} th, ${g} td { padding: 4px 8px; border: 0; border-bottom: 1px solid var(--line); text-align: left; color: inherit; background: none; font-size: 16px; }
${g} .bars { list-style: none; margin: 0 0 10px; padding: 0; }
${g} .bars li { display: grid; grid-template-columns: 3.2em 1fr 3.4em 4.4em; gap: 6px; align-items: center; margin: 0; line-height: 1.5; } ${g} .bars .marked { font-weight: 700; }
${g} .track { position: relative; height: 14px; background: var(--soft); } ${g} .bar { position: absolute; top: 0; bottom: 0; left: 0; }
${g} .likely { background: var(--c3); } ${g} .gain { background: var(--accent); } ${g} .loss { border: 1px solid var(--grey); background: repeating-linear-gradient(45deg, var(--grey) 0 2px, transparent 2px 6px); }
${g} .value { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; } ${g} .mark { font-size: 14px; }
@container (max-width: 599px) { ${g} .pips { display: none; } ${g} .title { display: block; } ${g} .score { font-size: 14px; } ${g} .skip { max-width: 108px; line-height: 1.15; } }
@container (min-width: 600px) {
  ${g} .field { display: grid; grid-template-columns: minmax(0, 360px) minmax(0, 1fr); gap: 20px; align-items: start; } ${g} .left { max-width: none; width: 100%; margin: 0; }
}
@media print { ${g}${g}${g} { ${light} } ${g} button, ${g} .hint { display: none !important; } }`;
    }
  },
};
