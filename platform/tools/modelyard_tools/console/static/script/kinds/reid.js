// Re-identification: matches boxes in two pictures.

const LABEL_ID = 1;

export class Reid {
  static frames = "many";
  tools = [["box", "Box"]];

  constructor(bench) {
    this.bench = bench;
    this.clear();
  }

  clear() {
    this.boxes = [[], []];
    this.forget();
  }

  forget() {
    this.partners = null;
  }

  hint() {
    if (this.bench.frames.length < 2) return "Choose two pictures, or use the sample series.";
    if (!this.boxes[0].length) return "Draw boxes in the first picture, then in the second.";
    if (!this.boxes[1].length) return "Draw boxes in the second picture, then run.";
    return "";
  }

  async changed() {
    this.clear();
  }

  async drawn(points) {
    if (this.bench.index > 1) throw new Error("Only the first two pictures are compared.");
    this.boxes[this.bench.index].push(points);
    this.forget();
  }

  async undo() {
    this.boxes[this.bench.index]?.pop();
    this.forget();
  }

  async run({ frames }, call) {
    if (this.hint()) throw new Error(this.hint());
    const [boxes0, boxes1] = this.boxes.map((boxes) =>
      boxes.map((points) => ({ type: "rectangle", points, label_id: LABEL_ID })),
    );
    this.partners = await call({ image0: frames[0], image1: frames[1], boxes0, boxes1 });
  }

  /** Boxes of the same object have the same number in both pictures; unmatched ones have none. */
  scene() {
    const { index } = this.bench;
    const shapes = [];
    const drawn = this.boxes[index] ?? [];
    if (this.partners) {
      drawn.forEach((points, place) => {
        const first = index === 0 ? place : this.partners.indexOf(place);
        const paired = first >= 0 && this.partners[first] >= 0;
        const label = paired ? `match ${first + 1}` : "no match";
        shapes.push({ kind: "rectangle", label, points, attributes: [] });
      });
    }
    const boxes = this.partners ? [] : drawn.map((points, place) => ({ points, label: `${place + 1}` }));
    const notes = (this.partners ?? []).map((partner, place) =>
      partner < 0
        ? `box ${place + 1} of the first has no match`
        : `box ${place + 1} of the first is box ${partner + 1} of the second`,
    );
    return { shapes, prompts: { boxes }, notes };
  }
}
