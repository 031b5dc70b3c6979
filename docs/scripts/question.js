// Questions before their answers, and what waits for them: micra_lite/widgets/prediction.py and predictions.py on a page.

const asked = {}; // known_as → { ...question, guess, kept }
const everywhere = []; // called after every Reveal

const shownAnswer = (q, value) => (q.between ? `${number(value, q.digits)} ${q.unit}`.trim() : value);
function verdict(q) {
  if (!q.between) return q.guess === q.truth ? "Right." : "Not so.";
  const off = number(Math.abs(q.guess - q.truth), q.digits);
  return Number(off) ? `Off by ${off}.` : "Exactly right.";
}
function inWords(q) {
  const guess = q.guess === null ? "No guess yet" : `You predicted ${shownAnswer(q, q.guess)}`;
  if (!q.kept) return `${q.name}. ${guess}. The truth is not shown yet.`;
  return `${q.name}. ${guess}; the truth is ${shownAnswer(q, q.truth)}. ${verdict(q)}`;
}
function onALine(q) {
  const [low, high] = q.between, along = axis(70, WIDTH - 70, low, high), y = 46;
  const beside = (x, height, words) => {
    const half = 4.4 * letters(words); // centred on the mark, but never over the edge
    return text(Math.min(Math.max(x, half), WIDTH - half), height, words, 14, "middle", true);
  };
  const parts = [line(70, y, WIDTH - 70, y, INK)];
  for (const end of q.between) {
    parts.push(line(along(end), y - 5, along(end), y + 5, INK));
    parts.push(text(along(end), y + 20, number(end, q.digits), 12, "middle", false, GREY));
  }
  if (q.kept) {
    const x = along(q.truth);
    parts.push(diamond(x, y, 8, VERMILLION), beside(x, y + 38, `◆ truth ${shownAnswer(q, q.truth)}`));
  }
  if (q.guess !== null) {
    const x = along(q.guess);
    parts.push(circle(x, y, 8, BLUE), beside(x, y - 18, `○ you ${shownAnswer(q, q.guess)}`));
  } else {
    parts.push(text(WIDTH / 2, y - 18, "Move the slider to where you think it is, then press Reveal.", 13, "middle"));
  }
  return [parts, 96];
}
function inAList(q) {
  const parts = [];
  q.options.forEach((option, k) => {
    const y = 20 + 26 * k, chosen = option === q.guess, true_ = option === q.truth;
    if (chosen) parts.push(circle(60, y - 5, 8, BLUE), text(46, y, "you", 13, "end", true));
    if (true_) parts.push(diamond(84, y - 5, 8, VERMILLION));
    const words = option + (true_ ? "  ← truth" : "");
    parts.push(text(104, y, words, fitting(words, WIDTH - 110, 14), "start", chosen || true_));
  });
  return [parts, 20 + 26 * q.options.length];
}
function drawnQuestion(q) {
  const alt = inWords(q);
  if (!q.between && !q.kept) return figure(sheet(24, [text(8, 16, alt.slice(q.name.length + 2), 13)], alt), "");
  const [parts, height] = q.between ? onALine(q) : inAList(q);
  return figure(sheet(height, parts, alt), q.kept && q.because ? `<p>${escaped(q.because)}</p>` : "");
}

function askQuestion(place, question) {
  const q = (asked[question.known_as] = { ...question, guess: null, kept: false });
  const picture = made("div", { class: "picture" });
  const said = made("p", { class: "in-words", "aria-live": "polite" }); // on a phone in place of the drawing
  const draw = () => {
    picture.innerHTML = drawnQuestion(q);
    said.textContent = inWords(q).slice(q.name.length + 2);
  };
  const guess = (value) => {
    q.guess = value;
    draw();
  };
  let control;
  if (q.between) {
    const [min, max] = q.between, start = Math.round((min + max) / 2 / q.step) * q.step;
    const told = (x) => number(x, q.digits);
    control = slider("Your guess", { min, max, step: q.step, value: start }, told(start), (x) => {
      control.set(x, told(x));
      guess(x);
    });
  } else {
    control = choice("Your guess", q.options, null, (k) => guess(q.options[k]));
  }
  const button = made("button", { type: "button" }, "Reveal");
  button.addEventListener("click", () => {
    if (q.guess === null || q.kept) return;
    q.kept = true;
    draw();
    (control.radios ?? [control.input]).concat(button).forEach((one) => (one.disabled = true));
    everywhere.forEach((look) => look());
  });
  const words = made("p", {}, made("b", {}, "Predict. "), q.question);
  place.append(words, control.element, button, said, picture);
  draw();
}

// A lesson's predictions in one table.
function drawnSummary(keys) {
  const all = keys.map((key) => asked[key]).filter(Boolean), told = [];
  const parts = [[8, "question"], [220, "○ you"], [440, "◆ truth"]].map(([x, words]) => text(x, 18, words, 13, "start", true));
  all.forEach((q, k) => {
    const cells = q.kept ? [q.name, shownAnswer(q, q.guess), shownAnswer(q, q.truth)] : [q.name, "not yet", "?"];
    [[8, 200], [220, 208], [440, 232]].forEach(([x, room], j) => parts.push(text(x, 44 + 24 * k, cells[j], fitting(cells[j], room, 13))));
    told.push(q.kept ? `${q.name}: predicted ${cells[1]}, truth ${cells[2]}` : `${q.name}: not predicted yet`);
  });
  const near = all.filter((q) => q.kept).map((q) =>
    q.between ? 1 - Math.abs(q.guess - q.truth) / (q.between[1] - q.between[0]) : Number(q.guess === q.truth));
  const score = near.length
    ? `Your score in this lesson: ${number(near.reduce((a, b) => a + b) / near.length)}. (1: all right, 0: as wrong as can be.)`
    : "Your score appears here: 1 for predictions that are all right, 0 for those that are as wrong as can be.";
  const alt = `${near.length} of ${all.length} predictions made. ${told.join("; ")}.`;
  return figure(sheet(36 + 24 * all.length, parts, alt), `<p>${score}</p>`);
}
function summarise(place, keys) {
  const picture = made("div", { class: "picture" });
  const draw = () => (picture.innerHTML = drawnSummary(keys));
  place.append(picture);
  everywhere.push(draw);
  draw();
}

// What would give an answer away is not shown before all its questions are answered.
function wait(place, keys) {
  const line = made("p", { class: "waiting" });
  place.prepend(line);
  const look = () => {
    const left = keys.map((key) => asked[key]).filter((q) => q && !q.kept);
    place.classList.toggle("open", left.length === 0);
    line.hidden = left.length === 0;
    const named = left.map((q) => `“${q.name}”`).join(" and ");
    line.textContent = `This waits for your prediction${left.length > 1 ? "s" : ""} ${named} above.`;
  };
  everywhere.push(look);
  look();
}
