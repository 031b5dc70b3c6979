// The drawings of micra_lite/widgets/drawing/svg.py and charts.py that the page makes itself: the same text for the same numbers.

const INK = "#1a1a1a", GREY = "#6b6b6b", PAPER = "#ffffff";
const BLUE = "#0072B2", ORANGE = "#E69F00", VERMILLION = "#D55E00", SKY = "#56B4E9";
const WIDTH = 680, SHOWN = 860;

const escaped = (words) =>
  words.replace(/[&<>"']/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" })[c]);
const letters = (words) => [...words].length;

// A number in a few digits, as Python writes {round(x, 9):.4g}: exact halves go to the even digit, small ones get an exponent.
function rounded(value, digits) {
  const x = Number(value.toFixed(9)), tail = x.toPrecision(60).replace(/[-.]|e.*/g, "").replace(/^0+/, "").slice(digits);
  let near = Number(x.toPrecision(digits));
  if (/^50*$/.test(tail)) {
    const other = Number((2 * x - near).toPrecision(digits)); // the neighbour that is as near
    if (/[13579]$/.test(near.toExponential(digits - 1).split("e")[0])) near = other;
  }
  return near && Math.abs(near) < 1e-4 ? String(near.toExponential()).replace(/e-(\d)$/, "e-0$1") : String(near);
}
const g4 = (x) => rounded(x, 4);
const g = (x) => rounded(x, 6);

// Halves are rounded away from zero, as by hand, and what floating point adds beyond nine decimals does not count.
function number(value, digits = 2) {
  const whole = BigInt(Math.abs(value).toFixed(9).replace(".", "")); // in units of 1e-9
  const unit = 10n ** BigInt(9 - digits);
  const shown = String((whole + unit / 2n) / unit).padStart(digits + 1, "0");
  const sign = value < 0 && Number(shown) > 0 ? "−" : "";
  return sign + (digits ? `${shown.slice(0, -digits)}.${shown.slice(-digits)}` : shown);
}
const short = (value) => number(value, 3).replace(/0+$/, "").replace(/\.$/, "");
const fitting = (words, width, size = 13) => Math.min(size, width / (0.6 * Math.max(1, letters(words))));

function text(x, y, words, size = 13, anchor = "start", bold = false, fill = INK) {
  const weight = bold ? ' font-weight="bold"' : "";
  return `<text x="${g(x)}" y="${g(y)}" font-size="${g(size)}" text-anchor="${anchor}" fill="${fill}"${weight}>${escaped(words)}</text>`;
}
function rect(x, y, width, height, fill, stroke = "none", opacity = 1) {
  const faint = opacity < 1 ? ` fill-opacity="${rounded(opacity, 3)}"` : "";
  return `<rect x="${g4(x)}" y="${g4(y)}" width="${g4(width)}" height="${g4(height)}" fill="${fill}" stroke="${stroke}"${faint}/>`;
}
const line = (x1, y1, x2, y2, colour = GREY) =>
  `<line x1="${g4(x1)}" y1="${g4(y1)}" x2="${g4(x2)}" y2="${g4(y2)}" stroke="${colour}"/>`;
const circle = (x, y, radius, stroke) =>
  `<circle cx="${g4(x)}" cy="${g4(y)}" r="${g(radius)}" fill="${PAPER}" stroke="${stroke}" stroke-width="2.5"/>`;
function diamond(x, y, reach, fill) {
  const corners = [[x, y - reach], [x + reach, y], [x, y + reach], [x - reach, y]];
  return `<polygon points="${corners.map(([u, v]) => `${g4(u)},${g4(v)}`).join(" ")}" fill="${fill}" stroke="${INK}"/>`;
}
function hatch(x, y, width, height, gap = 6) {
  const strokes = [];
  for (let reach = gap; reach < width + height; reach += gap) {
    const x1 = x + Math.max(0, reach - height), x2 = x + Math.min(width, reach);
    strokes.push(`M${g4(x1)} ${g4(y + reach - (x1 - x))}L${g4(x2)} ${g4(y + reach - (x2 - x))}`);
  }
  return `<path d="${strokes.join("")}" stroke="${INK}" stroke-width="1" fill="none"/>`;
}
const sheet = (height, parts, alt) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${g(height)}" role="img" aria-label="${escaped(alt)}" ` +
  `style="width: 100%; max-width: ${SHOWN}px; height: auto; display: block" font-family="sans-serif">` +
  rect(0, 0, WIDTH, height, PAPER) + parts.join("") + "</svg>";
const figure = (svg, body) =>
  `<figure style="margin: 0; max-width: ${SHOWN}px; line-height: 1.5">${svg}${body}</figure>`;

const axis = (left, right, low, high) => (value) => left + ((value - low) / (high - low)) * (right - left);
const BAR = 16;
function bar(along, y, value) {
  const [start, end] = [along(0), along(value)].sort((a, b) => a - b), negative = value < 0;
  return rect(start, y, end - start, BAR, negative ? ORANGE : BLUE, negative ? INK : "none") +
    (negative ? hatch(start, y, end - start, BAR) : "") +
    text(negative ? start - 4 : end + 4, y + 13, number(value), 12, negative ? "end" : "start");
}
const cell = (x, y, width, height, words, shade) =>
  rect(x, y, width, height, SKY, GREY, 0.75 * shade) +
  text(x + width / 2, y + height / 2 + 5, words, fitting(words, width - 6), "middle");
