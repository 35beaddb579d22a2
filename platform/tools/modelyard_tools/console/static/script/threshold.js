// The threshold: the function's default until the user changes it.

import { h, say } from "./dom.js";

/** Return `{element, value()}`; `changed()` is called on every change. */
export function thresholdControl(changed) {
  const slider = h("input", {
    type: "range", id: "threshold", min: "0.01", max: "1", step: "0.01", value: "0.5",
  });
  const shown = h("output", { for: "threshold", class: "number" }, "default");
  const reset = h("button", { type: "button", class: "link" }, "Use the default");
  let chosen = false;
  const show = () => {
    say(shown, chosen ? Number(slider.value).toFixed(2) : "default");
    reset.hidden = !chosen;
  };
  slider.addEventListener("input", () => {
    chosen = true;
    show();
  });
  slider.addEventListener("change", () => changed());
  reset.addEventListener("click", () => {
    chosen = false;
    slider.value = "0.5";
    show();
    changed();
  });
  show();
  return {
    element: h(
      "div",
      { class: "threshold" },
      h("div", { class: "line" }, h("label", { for: "threshold" }, "Threshold"), shown),
      slider,
      reset,
    ),
    value: () => (chosen ? Number(slider.value) : null),
  };
}
