// Native controls: buttons of which one is pressed (radio buttons underneath), and sliders. Both go by keyboard.

let names = 0; // radio buttons with one name exclude each other

function made(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

// `moved` gets the place of what was chosen. `set` shows another choice without calling it.
function choice(label, options, at, moved) {
  const name = `choice-${(names += 1)}`;
  const radios = options.map((option, k) => {
    const radio = made("input", { type: "radio", name, value: k });
    radio.addEventListener("change", () => moved(k));
    return radio;
  });
  const set = (k) => radios.forEach((radio, j) => (radio.checked = j === k));
  set(at);
  const buttons = radios.map((radio, k) => made("label", {}, radio, made("span", {}, options[k])));
  const element = made("fieldset", { class: "choice" }, made("legend", {}, label), made("div", {}, ...buttons));
  const disable = () => radios.forEach((radio) => (radio.disabled = true));
  return { element, set, disable, radios };
}

// `moved` gets the slider's number; `set(value, words)` moves it and says `words` beside it.
function slider(label, range, words, moved) {
  const input = made("input", { type: "range", ...range });
  const said = made("output", {}, words);
  const set = (value, told) => {
    input.value = value;
    said.textContent = told;
    input.setAttribute("aria-valuetext", told);
  };
  set(range.value, words);
  input.addEventListener("input", () => moved(Number(input.value)));
  return { element: made("label", { class: "slider" }, made("span", {}, label), input, said), set, input };
}
