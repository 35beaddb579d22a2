// A function's description, licence and origin.

import { h } from "./dom.js";
import { plain } from "./text.js";

/** Return `{element, fill(row)}`. */
export function aboutView() {
  const list = h("dl", { class: "about" });
  return {
    element: list,
    fill(row) {
      const facts = [
        ["Licence", plain(row.licence)],
        ["Origin", plain(row.origin)],
        ["Name", row.name],
        ["Type", row.type],
        ["Variant", plain(row.variant)],
        ["Release", plain(row.digest)],
        ["Labels", row.labels.map((label) => label.name).join(", ") || "none"],
      ];
      const text = JSON.stringify(facts);
      if (list.dataset.facts === text) return;
      list.dataset.facts = text;
      list.replaceChildren(...facts.flatMap(([term, value]) => [h("dt", {}, term), h("dd", {}, value)]));
    },
  };
}
