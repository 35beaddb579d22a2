// Drawing of the user's prompts: clicks, boxes, and the keyboard crosshair.

const POSITIVE = "#21a366";
const NEGATIVE = "#d93025";
const BOX = "#2f6fed";

/** Draw `{positive, negative, boxes}`; a box is `{points, label?}`. */
export function drawPrompts(context, { positive = [], negative = [], boxes = [] }, { scale, unit }) {
  for (const { points, label } of boxes) {
    const [left, top, right, bottom] = points.map((value) => value * scale);
    context.setLineDash([]);
    rectangle(context, left, top, right, bottom, "#fff", 3.5 * unit);
    context.setLineDash([6 * unit, 4 * unit]);
    rectangle(context, left, top, right, bottom, BOX, 2 * unit);
    context.setLineDash([]);
    if (label) tag(context, label, left, bottom, unit);
  }
  for (const point of positive) dot(context, point, POSITIVE, "+", scale, unit);
  for (const point of negative) dot(context, point, NEGATIVE, "−", scale, unit);
}

/** Draw the crosshair that arrow keys move. */
export function drawCross(context, [x, y], { scale, unit }) {
  const [cx, cy] = [x * scale, y * scale];
  for (const [style, width] of [["#fff", 3 * unit], ["#111", 1.2 * unit]]) {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(cx + 4 * dx * unit, cy + 4 * dy * unit);
      context.lineTo(cx + 14 * dx * unit, cy + 14 * dy * unit);
    }
    context.stroke();
  }
}

function rectangle(context, left, top, right, bottom, style, width) {
  context.strokeStyle = style;
  context.lineWidth = width;
  context.strokeRect(left, top, right - left, bottom - top);
}

function dot(context, [x, y], fill, sign, scale, unit) {
  context.beginPath();
  context.arc(x * scale, y * scale, 7 * unit, 0, 7);
  context.fillStyle = fill;
  context.fill();
  context.strokeStyle = "#fff";
  context.lineWidth = 2 * unit;
  context.stroke();
  context.fillStyle = "#fff";
  context.font = `700 ${11 * unit}px system-ui, "DejaVu Sans", sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(sign, x * scale, y * scale);
  context.textAlign = "start";
}

function tag(context, text, x, y, unit) {
  context.font = `600 ${12 * unit}px system-ui, "DejaVu Sans", sans-serif`;
  context.fillStyle = BOX;
  context.fillRect(x, y, context.measureText(text).width + 8 * unit, 17 * unit);
  context.fillStyle = "#fff";
  context.textBaseline = "middle";
  context.fillText(text, x + 4 * unit, y + 9 * unit);
}
