// Converts replies in CVAT's format to drawable shapes:
// {kind, label, score, points?, rotation?, mask?, joints?, bones?, attributes}

import { fromCrop, fromRows, fromRuns } from "./masks.js";

/** Shapes of a detector's reply; `labels` define the skeletons' bones. */
export function detections(reply, labels) {
  if (!Array.isArray(reply)) throw new Error("the reply is not a list of detections");
  return reply.map((item) => {
    const shape = { kind: item.type, label: item.label, score: item.confidence };
    shape.attributes = item.attributes ?? [];
    if (item.type === "mask") return { ...shape, mask: fromCrop(item.mask) };
    if (item.type !== "skeleton") return { ...shape, points: item.points, rotation: item.rotation };
    const template = labels.find((label) => label.name === item.label);
    const joints = item.elements.map(({ label, points, outside }) => ({ label, points, outside }));
    return { ...shape, joints, bones: bones(template?.svg ?? "") };
  });
}

/** The object of an interactor's reply, in the current format or that of CVAT 1.4. */
export function segment(reply) {
  const common = { label: "object", attributes: [] };
  if (Array.isArray(reply)) return { ...common, kind: "polygon", points: reply.flat() };
  if (reply.mask) return { ...common, kind: "mask", mask: fromRows(reply.mask, reply.bounds) };
  throw new Error("the reply contains no mask");
}

/** A tracker's object `{type, points}` or flat box; null when it is lost. */
export function tracked(shape, label) {
  const common = { label, attributes: [] };
  if (shape === null) return null;
  if (Array.isArray(shape)) return { ...common, kind: "rectangle", points: box(shape) };
  if (shape.type === "mask") return { ...common, kind: "mask", mask: fromRuns(shape.points) };
  return { ...common, kind: shape.type, points: shape.points };
}

/** Return the upright box around points. */
export function box(points) {
  const xs = points.filter((_, index) => index % 2 === 0);
  const ys = points.filter((_, index) => index % 2 === 1);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** Return the pairs of joint names that a skeleton's drawing connects. */
function bones(svg) {
  const drawing = new DOMParser().parseFromString(`<svg>${svg}</svg>`, "text/html");
  const names = new Map();
  for (const circle of drawing.querySelectorAll("circle")) {
    names.set(circle.getAttribute("data-node-id"), circle.getAttribute("data-label-name"));
  }
  return [...drawing.querySelectorAll("line")].map((line) => [
    names.get(line.getAttribute("data-node-from")),
    names.get(line.getAttribute("data-node-to")),
  ]);
}
