// Routing: `#/` is the list, `#/functions/<name>` one function.

import { functionView } from "./function.js";
import { listView } from "./list.js";

const main = document.getElementById("main");
let stop = () => {};

function show() {
  const [, name] = location.hash.match(/^#\/functions\/([^/]+)$/) ?? [];
  if (location.hash === "#main") return;
  stop();
  main.replaceChildren();
  stop = name ? functionView(main, decodeURIComponent(name)) : listView(main);
  window.scrollTo(0, 0);
}

window.addEventListener("hashchange", show);
show();
