// Tabs following the ARIA pattern: arrow keys switch, only the active one is in the tab order.

import { h } from "./dom.js";

/** Return a tabbed section of `[[title, element, onshow?]]`. */
export function tabs(label, entries) {
  const buttons = [];
  const panels = [];
  const list = h("div", { role: "tablist", "aria-label": label });
  entries.forEach(([title, content], index) => {
    const key = title.toLowerCase();
    const button = h(
      "button",
      { role: "tab", id: `tab-${key}`, "aria-controls": `panel-${key}`, type: "button" },
      title,
    );
    button.addEventListener("click", () => choose(index));
    button.addEventListener("keydown", (event) => {
      const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!way) return;
      event.preventDefault();
      choose((index + way + entries.length) % entries.length);
      buttons.find((other) => other.tabIndex === 0).focus();
    });
    buttons.push(button);
    panels.push(
      h("div", { role: "tabpanel", id: `panel-${key}`, "aria-labelledby": `tab-${key}` }, content),
    );
  });
  list.append(...buttons);

  function choose(chosen) {
    buttons.forEach((button, index) => {
      button.setAttribute("aria-selected", String(index === chosen));
      button.tabIndex = index === chosen ? 0 : -1;
      panels[index].hidden = index !== chosen;
    });
    entries[chosen][2]?.();
  }
  choose(0);
  return h("section", { class: "card tabs" }, list, panels);
}
