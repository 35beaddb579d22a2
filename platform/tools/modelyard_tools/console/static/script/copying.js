// Text that is shown abbreviated and copied in full.

import { h, say } from "./dom.js";

const NOTICE_MS = 2000;

/** Return `{element, set(shown, whole)}`; `whole` is what Copy takes. */
export function copyable(name, note) {
  const shown = h("pre", { class: "text", tabindex: "0", "aria-label": name }, note);
  const button = h("button", { type: "button", disabled: true }, "Copy");
  const size = h("span", { class: "muted" });
  let whole = "";
  button.addEventListener("click", async () => {
    await copy(whole, shown);
    say(button, "Copied");
    setTimeout(() => say(button, "Copy"), NOTICE_MS);
  });
  return {
    element: h("div", { "data-text": name }, h("div", { class: "text-head" }, size, button), shown),
    set(text, all, about = "") {
      say(shown, text);
      say(size, about);
      whole = all;
      button.disabled = !all;
    },
  };
}

async function copy(text, place) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  // Browsers offer the clipboard API only on https and loopback; elsewhere fall back to the old
  // one.
  const area = h("textarea", { class: "hidden-label" }, text);
  place.after(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
