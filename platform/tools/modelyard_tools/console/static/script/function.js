// One function: its metrics, the bench to try it on, the last exchange, its log.

import { aboutView } from "./about.js";
import { oneFunction } from "./api.js";
import { Bench } from "./bench.js";
import { h } from "./dom.js";
import { Exchange } from "./exchange.js";
import { figures } from "./figures.js";
import { logView } from "./logview.js";
import { poll } from "./poll.js";
import { tabs } from "./tabs.js";

const PAUSE = 2000;

/** Show the function in `root`; return a function that stops the view. */
export function functionView(root, name) {
  document.title = `${name} – Modelyard`;
  const head = figures();
  const place = h("div");
  const waiting = h("p", { class: "empty" }, "Loading…");
  root.append(
    h("nav", { class: "crumbs", "aria-label": "Breadcrumb" }, h("a", { href: "#/" }, "Functions"), ` / ${name}`),
    waiting,
    place,
  );
  const about = aboutView();
  let bench = null;
  let log = null;

  function begin(row) {
    waiting.remove();
    const exchange = new Exchange();
    bench = new Bench(row, exchange, () => figuresPoll.now());
    log = logView(name);
    place.append(
      head.element,
      bench.element,
      tabs("Details", [
        ["Request", exchange.request.element],
        ["Response", exchange.response.element],
        ["curl", exchange.curl.element],
        ["Log", log.element, () => log.toEnd()],
        ["About", about.element],
      ]),
    );
  }

  const figuresPoll = poll(PAUSE, async (signal) => {
    const row = await oneFunction(name, signal);
    if (!bench) begin(row);
    bench.row = row;
    head.fill(row);
    about.fill(row);
    document.title = `${row.display_name} – Modelyard`;
  });
  return () => {
    figuresPoll.stop();
    bench?.close();
    log?.stop();
  };
}
