// Shapes on a canvas. Coordinates are the picture's; `scale` says how large its pixels are.

import { colour, css, ink } from "./colours.js";
import { extent, paint } from "./masks.js";
import { box } from "./shapes.js";

const painted = new WeakMap();

/** Draw shapes, large ones first, then all captions; highlight `chosen` if given. */
export function drawShapes(context, shapes, { scale, unit, chosen }) {
  const placed = shapes
    .filter((shape) => shape.kind !== "tag")
    .map((shape) => ({ shape, around: around(shape) }))
    .sort((one, other) => area(other.around) - area(one.around));
  for (const { shape } of placed) {
    context.globalAlpha = chosen && shape !== chosen ? 0.25 : 1;
    drawShape(context, shape, scale, unit * (shape === chosen ? 1.6 : 1));
  }
  for (const { shape, around: where } of placed) {
    context.globalAlpha = chosen && shape !== chosen ? 0.25 : 1;
    caption(context, shape, where[0] * scale, where[1] * scale, unit);
  }
  context.globalAlpha = 1;
  shapes
    .filter((shape) => shape.kind === "tag")
    .forEach((shape, index) => caption(context, shape, 0, (index + 1) * 20 * unit, unit));
}

/** Return left, top, right, bottom of a shape, ignoring rotation. */
function around(shape) {
  if (shape.mask) return extent(shape.mask);
  if (shape.joints) return box(visible(shape).flatMap((joint) => joint.points));
  if (shape.kind !== "ellipse") return box(shape.points);
  const [x, y, right, top] = shape.points;
  return [2 * x - right, top, right, 2 * y - top];
}

const area = ([left, top, right, bottom]) => (right - left) * (bottom - top);
const visible = (shape) => shape.joints.filter((joint) => !joint.outside);

function drawShape(context, shape, scale, unit) {
  const rgb = colour(shape.label);
  if (shape.kind === "mask") return drawMask(context, shape.mask, rgb, scale);
  const at = (points) => points.map((value) => value * scale);
  const outline = new Path2D();
  const dots = new Path2D();
  switch (shape.kind) {
    case "rectangle": {
      const [left, top, right, bottom] = at(shape.points);
      turned(outline, shape, [(left + right) / 2, (top + bottom) / 2], (path, [x, y]) =>
        path.rect(left - x, top - y, right - left, bottom - top),
      );
      break;
    }
    case "ellipse": {
      const [x, y, right, top] = at(shape.points);
      turned(outline, shape, [x, y], (path) => path.ellipse(0, 0, right - x, y - top, 0, 0, 7));
      break;
    }
    case "polygon":
      line(outline, at(shape.points), true);
      context.fillStyle = css(rgb, 0.3);
      context.fill(outline);
      break;
    case "polyline":
      line(outline, at(shape.points), false);
      break;
    case "cuboid":
      cuboid(outline, at(shape.points));
      break;
    case "points":
      dotted(dots, at(shape.points), unit);
      break;
    case "skeleton":
      skeleton(outline, dots, shape, at, unit);
      break;
    default:
      throw new Error(`this console cannot draw a ${shape.kind}`);
  }
  // A dark outline under every line makes it visible on any background.
  stroke(context, outline, "rgba(0, 0, 0, 0.65)", 4 * unit);
  stroke(context, dots, "rgba(0, 0, 0, 0.65)", 3 * unit);
  stroke(context, outline, css(rgb), 2 * unit);
  context.fillStyle = css(rgb);
  context.fill(dots);
}

function drawMask(context, mask, rgb, scale) {
  if (!painted.has(mask)) painted.set(mask, paint(mask, rgb));
  context.imageSmoothingEnabled = false;
  context.drawImage(
    painted.get(mask), mask.left * scale, mask.top * scale, mask.width * scale, mask.height * scale,
  );
  context.imageSmoothingEnabled = true;
}

function stroke(context, path, style, width) {
  context.strokeStyle = style;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.stroke(path);
}

function turned(outline, shape, [x, y], draw) {
  const path = new Path2D();
  draw(path, [x, y]);
  outline.addPath(path, new DOMMatrix().translate(x, y).rotate(shape.rotation ?? 0));
}

function line(path, points, closed) {
  for (let index = 0; index < points.length; index += 2) path.lineTo(points[index], points[index + 1]);
  if (closed) path.closePath();
}

function dotted(path, points, unit) {
  for (let index = 0; index < points.length; index += 2) {
    path.moveTo(points[index] + 4 * unit, points[index + 1]);
    path.arc(points[index], points[index + 1], 4 * unit, 0, 7);
  }
}

/** Four vertical edges, each top then bottom; their ends form two loops. */
function cuboid(path, points) {
  const corner = (index) => points.slice(index * 2, index * 2 + 2);
  for (let edge = 0; edge < 4; edge += 1) {
    const next = (edge + 1) % 4;
    for (const [from, to] of [[2 * edge, 2 * edge + 1], [2 * edge, 2 * next], [2 * edge + 1, 2 * next + 1]]) {
      path.moveTo(...corner(from));
      path.lineTo(...corner(to));
    }
  }
}

function skeleton(outline, dots, shape, at, unit) {
  const joints = new Map(visible(shape).map((joint) => [joint.label, at(joint.points)]));
  for (const [from, to] of shape.bones) {
    if (joints.has(from) && joints.has(to)) {
      outline.moveTo(...joints.get(from));
      outline.lineTo(...joints.get(to));
    }
  }
  for (const point of joints.values()) dotted(dots, point, unit);
}

function caption(context, shape, x, y, unit) {
  const rgb = colour(shape.label);
  const words = shape.score === undefined || shape.score === null ? "" : ` ${Number(shape.score).toFixed(2)}`;
  const text = `${shape.label}${words}`;
  context.font = `600 ${12 * unit}px system-ui, "DejaVu Sans", sans-serif`;
  const [width, height] = [context.measureText(text).width + 10 * unit, 18 * unit];
  const left = Math.max(0, Math.min(x - unit, context.canvas.width - width));
  const top = Math.max(0, y - height);
  context.fillStyle = css(rgb);
  context.fillRect(left, top, width, height);
  context.fillStyle = ink(rgb);
  context.textBaseline = "middle";
  context.fillText(text, left + 5 * unit, top + height / 2);
}
