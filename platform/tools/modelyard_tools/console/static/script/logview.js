// The function's live log.

import { log } from "./api.js";
import { h } from "./dom.js";
import { poll } from "./poll.js";

const PAUSE = 1000;
const MOST_CHARACTERS = 400_000;
const NEAR_THE_END = 40;

/** Return `{element, stop, toEnd}`. */
export function logView(name) {
  const place = h("pre", { class: "text", tabindex: "0", role: "log", "aria-label": "Log" });
  let offset = null;
  const toEnd = () => (place.scrollTop = place.scrollHeight);
  const { stop } = poll(PAUSE, async (signal) => {
    const { text, offset: next } = await log(name, offset, signal);
    offset = next;
    if (!text) return;
    const atEnd = place.scrollHeight - place.scrollTop - place.clientHeight < NEAR_THE_END;
    place.append(text);
    // Chunks are removed from the front, so that a selection further down survives.
    while (place.childNodes.length > 1 && place.textContent.length > MOST_CHARACTERS) place.firstChild.remove();
    if (atEnd) toEnd();
  });
  return { element: place, stop, toEnd };
}
