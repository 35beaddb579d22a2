// Trying a function: choosing pictures, prompts, requests and results.

import { invoke, reason } from "./api.js";
import { h, say } from "./dom.js";
import { download } from "./download.js";
import { frameBar } from "./framebar.js";
import { kinds } from "./kinds/all.js";
import { picker } from "./picker.js";
import { resultList } from "./results.js";
import { Stage } from "./stage.js";
import { milliseconds } from "./text.js";
import { thresholdControl } from "./threshold.js";

const KEYS = "Keys on the picture: arrows move a crosshair (with Shift by one pixel), Enter sets a point, Backspace undoes.";
const BACKGROUND = " Shift+Enter sets a background point.";

export class Bench {
  /**
   * `row` is the platform's data on the function, `exchange` shows requests and responses, and
   * `answered()` hears of every answer.
   */
  constructor(row, exchange, answered) {
    this.row = row;
    this.exchange = exchange;
    this.answered = answered;
    this.frames = [];
    this.index = 0;
    this.calls = new AbortController();
    this.pending = null;
    this.again = false;
    const Kind = kinds[row.type] ?? kinds.detector;
    this.kind = new Kind(this);
    this.many = Kind.frames === "many";
    this.element = this.build(Kind);
    this.refresh();
  }

  build(Kind) {
    const role = this.kind.tools.length ? "application" : "img";
    const canvas = h("canvas", { tabindex: "0", hidden: true, role, "aria-label": "Picture" });
    const invitation = h("p", { class: "invitation" }, this.many
      ? "Drop a series of pictures here, choose one, or use the sample."
      : "Drop a picture here, paste one, choose one, or use a sample.");
    const holder = h("div", { class: "canvas-box" }, canvas, invitation);
    this.invitation = invitation;
    this.hint = h("p", { class: "hint", role: "status" });
    this.picker = picker(holder, {
      many: this.many,
      take: (pictures) => this.take(pictures),
      fail: (message) => this.tell(message, true),
    });
    this.bar = frameBar((index) => this.go(index));
    this.stage = new Stage(holder, canvas, {
      point: (place, negative) => this.guarded(() => this.kind.point?.(place, negative)),
      box: (box) => this.guarded(() => this.kind.drawn?.(box)),
      undo: () => this.undo(),
    });
    this.timing = h("p", { class: "timing", role: "status" });
    this.results = resultList((shape) => this.choose(shape));
    this.threshold = Kind.threshold ? thresholdControl(() => this.frames.length && this.run()) : null;
    this.runButton = h("button", { type: "button", class: "primary", onclick: () => this.run() }, Kind.verb ?? "Run");
    this.save = h("button", { type: "button", onclick: () => this.download() }, "Download picture");
    const buttons = [this.runButton];
    if (Kind.verb) buttons.push(this.toEndButton());
    if (this.kind.tools.length) {
      buttons.push(
        h("button", { type: "button", onclick: () => this.undo() }, "Undo"),
        h("button", { type: "button", onclick: () => this.clear() }, "Clear"),
      );
    }
    const keys = KEYS + (this.kind.negatives ? BACKGROUND : "");
    const help = this.kind.tools.length ? h("p", { class: "timing" }, keys) : null;
    return h(
      "div",
      { class: "bench" },
      h("section", { class: "card stage", "aria-label": "Picture" },
        h("div", { class: "toolbar" }, this.picker.element, this.tools()), holder, this.bar.element, this.hint),
      h("section", { class: "card side", "aria-label": "Results" },
        this.threshold?.element ?? null, h("div", { class: "buttons" }, buttons, this.save),
        this.timing, this.results.element, help),
    );
  }

  tools() {
    const { tools } = this.kind;
    if (!tools.length) return null;
    const use = (tool) => this.stage.use(tool);
    const choices = tools.map(([tool, title], index) => {
      const input = h("input", { type: "radio", name: "tool", value: tool, onchange: () => use(tool) });
      input.checked = index === 0;
      return h("label", {}, input, title);
    });
    use(tools[0][0]);
    return h("fieldset", { class: "tools" }, h("legend", { class: "hidden-label" }, "Tool"), choices);
  }

  toEndButton() {
    const button = h("button", { type: "button" }, "Track to the end");
    button.addEventListener("click", async () => {
      if (this.tracking) {
        this.tracking = false;
        return;
      }
      this.tracking = true;
      say(button, "Stop");
      while (this.tracking && this.index + 1 < this.frames.length && (await this.run()));
      this.tracking = false;
      say(button, "Track to the end");
    });
    return button;
  }

  close() {
    this.tracking = false;
    this.calls.abort();
    this.picker.close();
    this.stage.close();
  }

  /** Abandon the pending request: its answer would belong to another picture. */
  drop() {
    this.tracking = false;
    this.calls.abort();
    this.calls = new AbortController();
  }

  take(pictures) {
    this.drop();
    this.frames = pictures;
    this.index = 0;
    this.tell("");
    this.guarded(() => this.kind.changed());
  }

  go(index) {
    if (index < 0 || index >= this.frames.length) return;
    this.index = index;
    this.refresh();
  }

  clear() {
    this.drop();
    this.kind.clear?.();
    this.tell("");
    this.refresh();
  }

  undo() {
    this.guarded(() => this.kind.undo?.());
  }

  choose(shape) {
    this.chosen = shape;
    this.refresh();
  }

  /** Run a user's action and report the outcome. */
  async guarded(action) {
    try {
      const doing = action();
      this.refresh();
      await doing;
    } catch (error) {
      this.tell(error.message, true);
    }
    this.refresh();
  }

  /** Call the function; while busy, queue only the newest call. Return whether it succeeded. */
  async run() {
    if (this.pending) {
      this.again = true;
      return this.pending;
    }
    this.pending = this.ask();
    let good;
    do {
      this.again = false;
      good = await this.pending;
      this.pending = this.again ? this.ask() : null;
    } while (this.pending);
    return good;
  }

  async ask() {
    if (!this.frames.length) {
      this.tell("There is no picture yet.", true);
      return false;
    }
    const { frames, index } = this;
    const inputs = { frames, index, picture: frames[index], threshold: this.threshold?.value() ?? null };
    this.runButton.setAttribute("aria-busy", "true");
    try {
      await this.kind.run(inputs, (payload) => this.call(payload));
      return true;
    } catch (error) {
      if (error.name !== "AbortError") this.tell(error.message, true);
      return false;
    } finally {
      this.runButton.removeAttribute("aria-busy");
      this.refresh();
    }
  }

  async call(payload) {
    const body = JSON.stringify(payload, (_, value) => value?.base64 ?? value);
    const address = this.row.port ? `http://${location.hostname}:${this.row.port}` : "";
    this.exchange.sent(payload, body, address);
    this.tell("Waiting for the function…");
    const answer = await invoke(this.row.name, body, this.calls.signal);
    this.exchange.answered(answer);
    this.answered();
    if (!answer.ok) throw new Error(`${answer.status}: ${reason(answer.text) || "no reason given"}`);
    this.tell(`Answered in ${milliseconds(answer.milliseconds)}.`);
    return JSON.parse(answer.text);
  }

  tell(message, fault = false) {
    say(this.timing, message);
    this.timing.classList.toggle("fault", fault);
  }

  async download() {
    const picture = this.frames[this.index];
    if (picture) await download(picture, this.kind.scene());
  }

  refresh() {
    const picture = this.frames[this.index] ?? null;
    const scene = this.kind.scene();
    this.invitation.hidden = Boolean(picture);
    this.save.disabled = !picture;
    this.bar.show(this.index, this.frames.length, picture?.name ?? "");
    const chosen = scene.shapes.includes(this.chosen) ? this.chosen : null;
    this.stage.show(picture, { ...scene, chosen });
    const found = scene.shapes.map((shape) => shape.label).join(", ");
    this.stage.canvas.setAttribute("aria-label", `Picture ${picture?.name ?? ""}: ${found || "nothing drawn"}`);
    this.results.show(scene.shapes, scene.notes);
    const hint = picture || this.many ? this.kind.hint() : "";
    say(this.hint, hint);
    this.hint.hidden = !hint;
  }
}
