// The live metrics of one function.

import { h, say } from "./dom.js";
import { bytes, count, milliseconds, plain } from "./text.js";

const FIGURES = [
  ["Port", (row) => plain(row.port)],
  ["Workers", (row) => `${row.ready} of ${row.workers} ready, ${row.busy} busy`],
  ["Memory", (row) => bytes(row.memory_bytes)],
  ["Requests", (row) => count(row.requests)],
  ["Errors", (row) => count(row.errors)],
  ["Median", (row) => milliseconds(row.p50_ms)],
  ["95 %", (row) => milliseconds(row.p95_ms)],
  ["Restarts", (row) => count(row.restarts)],
];

/** Return `{element, fill(row)}`: name, type and state above the metrics. */
export function figures() {
  const name = h("h1");
  const type = h("span", { class: "chip" });
  const state = h("span", { class: "state", role: "status" });
  const licence = h("span", { class: "chip" });
  const description = h("p", { class: "description" });
  const origin = h("p", { class: "description origin" });
  const trouble = h("pre", { class: "trouble card", hidden: true });
  const values = FIGURES.map(() => h("dd", { class: "number" }));
  const pairs = FIGURES.map(([title], index) => h("div", {}, h("dt", {}, title), values[index]));
  return {
    element: h(
      "header",
      {},
      h("div", { class: "title" }, name, type, state, licence),
      description,
      origin,
      h("dl", { class: "figures" }, pairs),
      trouble,
    ),
    fill(row) {
      say(name, row.display_name);
      say(type, row.type);
      say(state, row.state);
      state.dataset.state = row.state;
      say(licence, row.licence);
      licence.hidden = !row.licence;
      say(description, row.description);
      say(origin, row.origin && `Origin: ${row.origin}`);
      say(trouble, row.message);
      trouble.hidden = !row.message || row.state === "ready";
      FIGURES.forEach(([, text], index) => say(values[index], text(row)));
    },
  };
}
