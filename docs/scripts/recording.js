// Play back a recording of docs/live.py.
//
// A recording has blocks, one for each combination of choices. A block's pictures are those of all combinations of the
// sliders' positions, the last slider fastest; or, where the block has `told`, of one slider after the other while the
// rest stays where the widget opens, and `told` is what all sliders then say.

const ONE_AT_A_TIME = "On this page one slider moves at a time; the others go back to where they began. In Jupyter all move freely.";

async function unpacked(letters) {
  const bytes = Uint8Array.from(atob(letters), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const menus = (block) => block.choices.map(([label, options]) => [label, options]);
const offers = (block) => block.sliders.map(([label, positions]) => [label, positions]);

// The block with another option of choice k: the earlier choices stay, and as many of the later ones as can.
function blockWith(blocks, now, k, option) {
  const fits = blocks.filter((b) =>
    b.choices[k]?.[2] === option && same(b.choices.slice(0, k), now.choices.slice(0, k)) && same(menus(b).slice(0, k + 1), menus(now).slice(0, k + 1)));
  const kept = (b) => b.choices.slice(k + 1).filter((c, j) => same(c, now.choices[k + 1 + j])).length;
  return fits.reduce((best, b) => (kept(b) > kept(best) ? b : best));
}

function play(place, recording) {
  const { blocks, pictures, tokens } = recording;
  const controls = made("div", { class: "controls" }), picture = made("div", { class: "picture" });
  place.append(controls, picture);
  let block, at, moved, choices, sliders; // `moved`: the slider that left its opening position, where one moves at a time

  const opening = () => block.sliders.map(([, , start]) => start);
  function local() {
    if (!block.told) return block.sliders.reduce((sum, [, positions], k) => sum * positions.length + at[k], 0);
    const before = block.sliders.slice(0, moved).reduce((sum, [, positions]) => sum + positions.length, 0);
    return before + (at[moved] ?? 0);
  }
  function draw() {
    picture.innerHTML = pictures[block.pictures[local()]].map((piece) => tokens[piece]).join("");
    sliders.forEach((one, k) => one.set(at[k], block.told?.[local()][k] ?? block.sliders[k][1][at[k]]));
  }
  function slide(k, position) {
    if (block.told) at = opening();
    at[k] = position;
    moved = k;
    draw();
  }
  function enter(next) {
    const alike = block && same(menus(block), menus(next)) && same(offers(block), offers(next));
    const focused = choices?.flatMap((c) => c.radios).indexOf(document.activeElement) ?? -1;
    block = next;
    if (alike) {
      choices.forEach((one, k) => one.set(block.choices[k][2]));
    } else {
      at = opening();
      moved = 0;
      build();
      if (focused >= 0) choices.flatMap((c) => c.radios)[focused]?.focus();
    }
    draw();
  }
  function build() {
    choices = block.choices.map(([label, options, chosen], k) =>
      choice(label, options, chosen, (option) => enter(blockWith(blocks, block, k, option))));
    sliders = block.sliders.map(([label, positions, start], k) =>
      slider(label, { min: 0, max: positions.length - 1, step: 1, value: start }, positions[start], (p) => slide(k, p)));
    const notes = block.notes.map((words) => {
      const note = made("div", { class: "note" });
      note.innerHTML = words;
      return note;
    });
    if (block.told && sliders.length > 1) notes.push(made("p", { class: "note" }, ONE_AT_A_TIME));
    controls.replaceChildren(...choices.map((c) => c.element), ...sliders.map((s) => s.element), ...notes);
  }
  enter(blocks[0]);
}
