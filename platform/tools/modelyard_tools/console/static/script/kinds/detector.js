// Detectors: a picture, a threshold.

import { detections } from "../shapes.js";

export class Detector {
  static frames = "one";
  static threshold = true;
  tools = [];

  constructor(bench) {
    this.bench = bench;
    this.shapes = [];
  }

  hint() {
    return "";
  }

  /** A picture or a threshold has been chosen. */
  async changed() {
    await this.bench.run();
  }

  async run({ picture, threshold }, call) {
    this.shapes = [];
    const reply = await call({ image: picture, ...(threshold ? { threshold } : {}) });
    this.shapes = detections(reply, this.bench.row.labels);
  }

  forget() {
    this.shapes = [];
  }

  scene() {
    return { shapes: this.shapes, prompts: {} };
  }
}
