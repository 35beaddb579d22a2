// Interactors: positive and negative clicks, and a box.

import { segment } from "../shapes.js";

export class Interactor {
  static frames = "one";
  static threshold = true;

  constructor(bench) {
    this.bench = bench;
    const say = bench.row.annotations;
    this.needed = Number(say.min_pos_points ?? 1);
    this.negatives = Number(say.min_neg_points ?? -1) >= 0;
    // CVAT treats any non-empty string as true.
    this.needsBox = Boolean(say.startswith_box);
    this.takesBox = this.needsBox || Boolean(say.startswith_box_optional);
    this.help = say.help_message ?? "";
    this.tools = [["positive", "Object"]];
    if (this.negatives) this.tools.push(["negative", "Background"]);
    if (this.takesBox) this.tools[this.needsBox ? "unshift" : "push"](["box", "Box"]);
    this.clear();
  }

  clear() {
    this.box = null;
    this.clicks = [];
    this.forget();
  }

  forget() {
    this.shapes = [];
  }

  hint() {
    if (this.needsBox && !this.box) return "Draw a box around the object.";
    const missing = this.needed - this.of(false).length;
    if (missing > 0) {
      const how = this.negatives ? ", right-click or Shift-click on the background" : "";
      const many = this.needed > 1 ? ` (${missing} more)` : "";
      return `${this.help ? `${this.help}. ` : ""}Click on the object${many}${how}.`;
    }
    return "";
  }

  async changed() {
    this.clear();
  }

  async point(place, negative) {
    if (negative && !this.negatives) return;
    this.clicks.push({ place, negative });
    await this.again();
  }

  async drawn(box) {
    this.box = box;
    await this.again();
  }

  async undo() {
    if (this.clicks.length) this.clicks.pop();
    else this.box = null;
    if (!this.clicks.length && !this.box) this.forget();
    await this.again();
  }

  async again() {
    if (this.ready()) await this.bench.run();
  }

  /** Whether there is enough input for a request: a box alone suffices where one is allowed. */
  ready() {
    if (this.needsBox && !this.box) return false;
    return this.of(false).length >= this.needed || (!this.needsBox && this.box !== null);
  }

  of(negative) {
    return this.clicks.filter((click) => click.negative === negative).map((click) => click.place);
  }

  async run({ picture, threshold }, call) {
    if (!this.ready()) throw new Error(this.hint());
    this.forget();
    const [left, top, right, bottom] = this.box ?? [];
    const reply = await call({
      image: picture,
      pos_points: this.of(false),
      neg_points: this.of(true),
      obj_bbox: this.box ? [[left, top], [right, bottom]] : null,
      ...(threshold ? { threshold } : {}),
    });
    this.shapes = [segment(reply)];
  }

  scene() {
    const boxes = this.box ? [{ points: this.box }] : [];
    return { shapes: this.shapes, prompts: { positive: this.of(false), negative: this.of(true), boxes } };
  }
}
