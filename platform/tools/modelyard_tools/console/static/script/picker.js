// Picture input: chosen, dropped, pasted, or one of the samples.

import { h } from "./dom.js";
import { inOrder, open, openSample, sampleUrl, samples, series } from "./pictures.js";

/** Return `{element, close}`; `take(pictures)` and `fail(message)` are called with the outcome. */
export function picker(holder, { many, take, fail }) {
  const closing = new AbortController();
  const { signal } = closing;
  const input = h("input", { type: "file", accept: "image/*", class: "hidden-label", multiple: many });
  input.tabIndex = -1;
  const choose = h(
    "button",
    { type: "button", class: "choose", onclick: () => input.click() },
    many ? "Choose pictures…" : "Choose a picture…",
  );

  const guarded = async (opening) => {
    try {
      take(await opening());
    } catch (error) {
      fail(error.message);
    }
  };
  const files = (list) => {
    const pictures = inOrder([...list].filter((file) => file.type.startsWith("image/")));
    if (!list.length) return;
    guarded(async () => {
      if (!pictures.length) throw new Error(`${list[0].name}: this is not a picture`);
      return Promise.all((many ? pictures : pictures.slice(0, 1)).map((file) => open(file)));
    });
  };

  input.addEventListener("change", () => {
    files([...input.files]);
    input.value = "";
  });
  holder.addEventListener("dragover", (event) => {
    event.preventDefault();
    holder.dataset.dragging = "true";
  });
  for (const end of ["dragleave", "drop"]) {
    holder.addEventListener(end, () => delete holder.dataset.dragging);
  }
  holder.addEventListener("drop", (event) => {
    event.preventDefault();
    files([...event.dataTransfer.files]);
  });
  // A picture dropped outside the drop zone must not replace the page.
  for (const type of ["dragover", "drop"]) {
    window.addEventListener(type, (event) => event.preventDefault(), { signal });
  }
  window.addEventListener("paste", (event) => files([...event.clipboardData.files]), { signal });

  const offered = many ? [series] : samples;
  const buttons = offered.map((sample) =>
    h(
      "button",
      {
        type: "button",
        class: `sample${many ? " series" : ""}`,
        title: `Sample: ${sample.name}`,
        "aria-label": `Sample: ${sample.name}`,
        onclick: () => guarded(() => openSample(sample)),
      },
      h("img", { src: sampleUrl(sample.files[0]), alt: "" }),
    ),
  );
  const element = h(
    "div",
    { class: "samples" },
    choose, input, h("span", { class: "muted" }, many ? "or a sample series" : "or a sample"), buttons,
  );
  return { element, close: () => closing.abort() };
}
