// Navigation in a series of pictures.

import { h, say } from "./dom.js";

/** Return `{element, show(index, count, name)}`; `go(index)` is called on every move. */
export function frameBar(go) {
  let [at, most] = [0, 0];
  const slider = h("input", {
    type: "range", min: "0", value: "0", "aria-label": "Picture", oninput: () => go(Number(slider.value)),
  });
  const back = h("button", { type: "button", onclick: () => go(at - 1) }, "Back");
  const next = h("button", { type: "button", onclick: () => go(at + 1) }, "Next");
  const label = h("span", { class: "number" });
  const element = h("div", { class: "frames", hidden: true }, back, slider, next, label);
  return {
    element,
    show(index, count, name) {
      [at, most] = [index, count];
      element.hidden = count < 2;
      slider.max = String(Math.max(0, most - 1));
      slider.value = String(at);
      slider.setAttribute("aria-valuetext", `${at + 1} of ${most}`);
      back.disabled = at === 0;
      next.disabled = at + 1 >= most;
      say(label, `${at + 1} / ${most} ${name}`);
    },
  };
}
