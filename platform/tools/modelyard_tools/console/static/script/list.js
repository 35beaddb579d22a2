// All functions with their live metrics.

import { functions } from "./api.js";
import { h, say } from "./dom.js";
import { poll } from "./poll.js";
import { bytes, count, milliseconds, plain } from "./text.js";

const PAUSE = 2000;
const COLUMNS = [
  ["type", "Type", (row) => row.type],
  ["port", "Port", (row) => plain(row.port)],
  ["workers", "Busy", (row) => `${row.busy} of ${row.workers}`],
  ["memory", "Memory", (row) => bytes(row.memory_bytes)],
  ["requests", "Requests", (row) => count(row.requests)],
  ["errors", "Errors", (row) => count(row.errors)],
  ["p50", "Median", (row) => milliseconds(row.p50_ms)],
  ["p95", "95 %", (row) => milliseconds(row.p95_ms)],
  ["restarts", "Restarts", (row) => count(row.restarts)],
];
const TEXT = new Set(["type"]);
const ALARMING = new Set(["errors", "restarts"]);

/** Show the list in `root`; return a function that stops the view. */
export function listView(root) {
  document.title = "Modelyard";
  const filter = h("input", {
    type: "search",
    placeholder: "Filter",
    "aria-label": "Filter functions by name or type",
    oninput: () => hide(),
  });
  const body = h("tbody");
  const empty = h("p", { class: "empty", role: "status" }, "Loading…");
  const titles = [h("th", { scope: "col" }, "Function"), h("th", { scope: "col" }, "State")];
  for (const [key, title] of COLUMNS) {
    titles.push(h("th", { scope: "col", class: TEXT.has(key) ? "" : "number" }, title));
  }
  const table = h("table", { class: "functions", hidden: true }, h("thead", {}, h("tr", {}, titles)), body);
  const summary = h("p", { class: "muted" });
  root.append(
    h("div", { class: "list-head" }, h("div", {}, h("h1", {}, "Functions"), summary), filter),
    h("div", { class: "card" }, table, empty),
  );

  const shown = new Map();

  function hide() {
    const wanted = filter.value.trim().toLowerCase();
    for (const { element, words } of shown.values()) element.hidden = !words.includes(wanted);
  }

  function update(rows) {
    const names = new Set(rows.map((row) => row.name));
    for (const [name, { element }] of shown) {
      if (!names.has(name)) {
        element.remove();
        shown.delete(name);
      }
    }
    for (const row of rows) {
      if (!shown.has(row.name)) shown.set(row.name, line(row));
      shown.get(row.name).fill(row);
    }
    const sorted = rows.map((row) => shown.get(row.name).element);
    if (sorted.some((element, index) => body.children[index] !== element)) body.append(...sorted);
    table.hidden = !rows.length;
    empty.hidden = rows.length > 0;
    say(empty, "No functions are deployed yet. Deploy all of them with ./pants run ::deploy");
    const ready = rows.filter((row) => row.state === "ready").length;
    say(summary, rows.length ? `${ready} of ${rows.length} ready` : "");
    hide();
  }

  return poll(PAUSE, async (signal) => update(await functions(signal))).stop;
}

function line(row) {
  const link = h("a", { href: `#/functions/${encodeURIComponent(row.name)}` });
  const state = h("span", { class: "state" });
  const cells = COLUMNS.map(([key, title]) =>
    h("td", { class: TEXT.has(key) ? "" : "number", "data-title": title, "data-key": key }),
  );
  const name = h("td", { class: "name" }, link, h("span", { class: "id number" }, row.name));
  const stateCell = h("td", { "data-title": "State" }, state);
  const element = h("tr", { "data-function": row.name }, name, stateCell, cells);
  return {
    element,
    words: `${row.name} ${row.display_name} ${row.type}`.toLowerCase(),
    fill(now) {
      say(link, now.display_name);
      say(state, now.state);
      state.dataset.state = now.state;
      COLUMNS.forEach(([key, , text], index) => {
        say(cells[index], text(now));
        if (ALARMING.has(key)) cells[index].dataset.bad = now[key] > 0;
      });
    },
  };
}
