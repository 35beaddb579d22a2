// The canvas: shows the annotated picture, and converts pointer events to coordinates.

import { drawShapes } from "./draw.js";
import { drawCross, drawPrompts } from "./prompts.js";

const LARGEST_ZOOM = 4;
const SHARE_OF_WINDOW = 0.68;
const STEPS = 50;

export class Stage {
  /** `events` receives `point([x, y], negative)`, `box([l, t, r, b])`, `undo()`. */
  constructor(holder, canvas, events) {
    this.canvas = canvas;
    this.events = events;
    this.tool = "";
    this.picture = null;
    this.scene = { shapes: [], prompts: {}, chosen: null };
    this.cross = null;
    this.corner = null;
    this.reach = null;
    this.holder = holder;
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(holder);
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.release(event));
    canvas.addEventListener("pointercancel", () => this.cancel());
    canvas.addEventListener("contextmenu", (event) => this.tool && event.preventDefault());
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => this.leave());
  }

  close() {
    this.resized.disconnect();
  }

  show(picture, scene) {
    if (picture !== this.picture) this.cancel();
    this.picture = picture;
    this.scene = scene;
    this.canvas.hidden = !picture;
    this.draw();
  }

  use(tool) {
    this.tool = tool;
    this.canvas.dataset.tool = tool;
    this.cancel();
  }

  draw() {
    if (!this.picture) return;
    const { width, height } = this.picture;
    const style = getComputedStyle(this.holder);
    const room = this.holder.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const tall = Math.max(200, innerHeight * SHARE_OF_WINDOW);
    const zoom = Math.min(LARGEST_ZOOM, room / width, tall / height);
    const scale = zoom * devicePixelRatio;
    this.canvas.style.width = `${width * zoom}px`;
    this.canvas.width = Math.max(1, Math.round(width * scale));
    this.canvas.height = Math.max(1, Math.round(height * scale));
    const sizes = { scale, unit: devicePixelRatio, chosen: this.scene.chosen };
    paint(this.canvas, this.picture, this.scene, sizes);
    const context = this.canvas.getContext("2d");
    if (this.corner && this.reach) {
      drawPrompts(context, { boxes: [{ points: span(this.corner, this.reach) }] }, sizes);
    }
    if (this.cross) drawCross(context, this.cross, sizes);
    this.canvas.dataset.scale = String(scale);
  }

  place(event) {
    const area = this.canvas.getBoundingClientRect();
    return this.inside([
      ((event.clientX - area.left) / area.width) * this.picture.width,
      ((event.clientY - area.top) / area.height) * this.picture.height,
    ]);
  }

  inside([x, y]) {
    const { width, height } = this.picture;
    return [round(Math.min(Math.max(x, 0), width)), round(Math.min(Math.max(y, 0), height))];
  }

  press(event) {
    if (!this.tool || event.button > 2) return;
    this.cross = null;
    const place = this.place(event);
    if (this.tool !== "box") {
      this.events.point(place, this.tool === "negative" || event.button === 2 || event.shiftKey);
    } else if (event.button === 0) {
      this.canvas.setPointerCapture(event.pointerId);
      this.corner = place;
      this.reach = null;
    }
  }

  move(event) {
    if (!this.corner || this.cross) return;
    this.reach = this.place(event);
    this.draw();
  }

  release(event) {
    if (!this.corner || this.cross) return;
    this.finish(this.place(event));
  }

  finish(opposite) {
    const box = span(this.corner, opposite);
    this.cancel();
    // A click is not a box.
    if (box[2] - box[0] >= 2 && box[3] - box[1] >= 2) this.events.box(box);
  }

  cancel() {
    this.corner = null;
    this.reach = null;
    this.draw();
  }

  leave() {
    this.cross = null;
    this.cancel();
  }

  key(event) {
    if (!this.picture || !this.tool || event.ctrlKey || event.metaKey || event.altKey) return;
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const { width, height } = this.picture;
    if (event.key in ways) {
      const step = event.shiftKey ? 1 : Math.max(1, Math.round(Math.max(width, height) / STEPS));
      const [x, y] = this.cross ?? [Math.round(width / 2), Math.round(height / 2)];
      const [dx, dy] = ways[event.key];
      this.cross = this.inside([x + dx * step, y + dy * step]);
      if (this.corner) this.reach = this.cross;
      this.draw();
    } else if (event.key === "Enter" || event.key === " ") {
      this.cross ??= [Math.round(width / 2), Math.round(height / 2)];
      this.mark(event.shiftKey);
    } else if (event.key === "Backspace" || event.key === "Delete") {
      this.events.undo();
    } else if (event.key === "Escape") {
      this.cancel();
    } else {
      return;
    }
    event.preventDefault();
  }

  mark(negative) {
    if (this.tool !== "box") {
      this.events.point(this.cross, negative || this.tool === "negative");
    } else if (this.corner) {
      this.finish(this.cross);
    } else {
      this.corner = this.cross;
      this.draw();
    }
  }
}

/** Draw the picture and the scene on a canvas that already has the right size. */
export function paint(canvas, picture, { shapes, prompts }, sizes) {
  const context = canvas.getContext("2d");
  context.drawImage(picture.bitmap, 0, 0, canvas.width, canvas.height);
  drawShapes(context, shapes, sizes);
  drawPrompts(context, prompts, sizes);
}

const round = (value) => Math.round(value * 10) / 10;
const span = ([x0, y0], [x1, y1]) => [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)];
