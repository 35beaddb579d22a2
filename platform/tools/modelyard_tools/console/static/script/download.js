// The annotated picture as a file.

import { h } from "./dom.js";
import { paint } from "./stage.js";

const REFERENCE = 640;

/** Save the picture at full size, with line widths to match. */
export async function download(picture, scene) {
  const canvas = h("canvas");
  [canvas.width, canvas.height] = [picture.width, picture.height];
  const unit = Math.max(0.75, Math.max(picture.width, picture.height) / REFERENCE);
  paint(canvas, picture, { shapes: scene.shapes, prompts: {} }, { scale: 1, unit, chosen: null });
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  const url = URL.createObjectURL(blob);
  const name = `${picture.name.replace(/\.[^.]*$/, "")}-annotated.png`;
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
