// Bring a page to life: every element with the class "live" says in data-… attributes what it is.

const about = (element, name) => JSON.parse(element.getAttribute(`data-${name}`) ?? "null");

// What a widget's module expects of its model, without a kernel behind it.
function smallModel(values) {
  const listeners = {};
  return {
    get: (name) => values[name],
    set: (name, value) => {
      values[name] = value;
      (listeners[`change:${name}`] ?? []).forEach((call) => call());
    },
    save_changes: () => {},
    on: (event, call) => (listeners[event] ??= []).push(call),
    off: (event, call) => (listeners[event] = (listeners[event] ?? []).filter((one) => one !== call && call)),
  };
}

async function enliven(place) {
  const widget = about(place, "widget"), moving = made("div", { class: "moving" });
  const recorded = place.querySelector("script.recording");
  place.append(moving);
  if (widget === "Prediction") askQuestion(moving, about(place, "question"));
  else if (widget === "Predictions") summarise(moving, about(place, "questions"));
  else if (widget === "RegretExplorer") exploreRegrets(moving, about(place, "games"), about(place, "opening"));
  else if (widget === "OpeningGame") openingGame.render({ model: smallModel({ data: await unpacked(recorded.textContent), result: {} }), el: moving });
  else play(moving, await unpacked(recorded.textContent));
  place.classList.add("ready");
}

// Questions first: everything else asks whether they were answered.
const places = [...document.querySelectorAll(".live")];
places.sort((a, b) => (about(b, "widget") === "Prediction") - (about(a, "widget") === "Prediction"));
const started = places.map(enliven);
for (const place of document.querySelectorAll("[data-waits-for]")) wait(place, about(place, "waits-for"));
Promise.all(started).then(() => {
  document.documentElement.classList.add("live-ready");
  const game = document.querySelector(".opens-page .moving .field"); // the front page begins with it: arrow keys play at once
  if (game && document.activeElement === document.body && scrollY === 0) game.focus({ preventScroll: true });
});
