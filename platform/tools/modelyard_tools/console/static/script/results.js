// The list of results.

import { colour, css } from "./colours.js";
import { h } from "./dom.js";
import { score } from "./text.js";

/** Return `{element, show(shapes, notes)}`; `choose(shape | null)` is called with the highlighted one. */
export function resultList(choose) {
  const body = h("tbody");
  const element = h("table", { class: "results", "aria-label": "Results" }, body);
  let shown = null;
  return {
    element,
    show(shapes, notes = []) {
      const same = shown && shown.length === shapes.length && shapes.every((shape, i) => shape === shown[i]);
      if (same && !notes.length && body.children.length === shapes.length) return;
      shown = [...shapes];
      body.replaceChildren(...shapes.map((shape) => line(shape, choose)), ...notes.map(note));
    },
  };
}

function line(shape, choose) {
  const swatch = h("span", { class: "swatch" });
  swatch.style.background = css(colour(shape.label));
  const attributes = shape.attributes.map(({ name, value }) => `${name}: ${value}`).join(", ");
  return h(
    "tr",
    {
      tabindex: "0",
      onmouseenter: () => choose(shape),
      onmouseleave: () => choose(null),
      onfocus: () => choose(shape),
      onblur: () => choose(null),
    },
    h("td", {}, swatch, shape.label, attributes ? h("div", { class: "kind" }, attributes) : null),
    h("td", { class: "kind" }, shape.kind),
    h("td", { class: "number" }, score(shape.score)),
  );
}

const note = (text) => h("tr", {}, h("td", { class: "kind", colspan: "3" }, text));
