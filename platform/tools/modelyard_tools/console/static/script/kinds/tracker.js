// Trackers: boxes drawn in one picture are tracked through the following ones.

import { tracked } from "../shapes.js";

export class Tracker {
  static frames = "many";
  static verb = "Step";
  tools = [["box", "Box"]];

  constructor(bench) {
    this.bench = bench;
    this.objects = "supported_shape_types" in bench.row.annotations;
    this.clear();
  }

  clear() {
    // One entry per frame: boxes drawn there, and the function's results for all objects.
    this.drawn_ = new Map();
    this.found = new Map();
    this.count = 0;
  }

  forget() {
    this.found.clear();
  }

  hint() {
    if (this.bench.frames.length < 2) return "Choose two or more pictures, or use the sample series.";
    if (!this.known(this.bench.index)) return "Draw a box around the object to track, then step.";
    return "";
  }

  /** Whether there is anything to track from this frame on. */
  known(index) {
    return this.drawn_.has(index) || this.found.has(index);
  }

  async changed() {
    this.clear();
  }

  async drawn(points) {
    this.count += 1;
    const boxes = this.drawn_.get(this.bench.index) ?? [];
    this.drawn_.set(this.bench.index, [...boxes, { points, label: `object ${this.count}` }]);
  }

  async undo() {
    const boxes = this.drawn_.get(this.bench.index) ?? [];
    if (boxes.length > 1) this.drawn_.set(this.bench.index, boxes.slice(0, -1));
    else this.drawn_.delete(this.bench.index);
  }

  /** Step: start tracking objects drawn here, then track all into the next picture. */
  async run({ frames, index }, call) {
    if (!this.known(index)) throw new Error(this.hint());
    if (index + 1 >= frames.length) throw new Error("This is the last picture.");
    const followed = [...(this.found.get(index) ?? []), ...(await this.begin(frames[index], index, call))];
    const reply = await call({
      image: frames[index + 1],
      shapes: followed.map(() => null),
      states: followed.map(({ state }) => state),
    });
    this.found.set(index + 1, followed.map(({ label }, place) => ({
      label,
      shape: tracked(reply.shapes[place], label),
      state: reply.states[place],
    })));
    this.bench.go(index + 1);
  }

  async begin(picture, index, call) {
    const boxes = this.drawn_.get(index) ?? [];
    if (!boxes.length) return [];
    const shapes = boxes.map(({ points }) => (this.objects ? { type: "rectangle", points } : points));
    const reply = await call({ image: picture, shapes, states: [] });
    return boxes.map(({ label, points }, place) => ({
      label,
      shape: tracked(reply.shapes[place] ?? points, label),
      state: reply.states[place],
    }));
  }

  scene() {
    const found = this.found.get(this.bench.index) ?? [];
    const boxes = this.drawn_.get(this.bench.index) ?? [];
    const lost = found.filter(({ shape }) => !shape).map(({ label }) => `${label}: lost`);
    return { shapes: found.map(({ shape }) => shape).filter(Boolean), prompts: { boxes }, notes: lost };
  }
}
