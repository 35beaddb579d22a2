// Decoders for the three mask formats; all return `{left, top, width, height, bits}`.

const BOX = 4;

function boxed(numbers, bits) {
  const [left, top, right, bottom] = numbers.slice(-BOX);
  const [width, height] = [right - left + 1, bottom - top + 1];
  if (!(width > 0 && height > 0) || bits.length !== width * height) {
    throw new Error(`a mask of ${bits.length} pixels does not match its box of ${width}x${height}`);
  }
  return { left, top, width, height, bits };
}

/** A detector's mask: the crop's pixels, then its inclusive box. */
export const fromCrop = (numbers) =>
  boxed(numbers, Uint8Array.from(numbers.slice(0, -BOX), (value) => (value ? 1 : 0)));

/** A tracker's mask: run lengths, starting with zeros, then the inclusive box. */
export function fromRuns(numbers) {
  const runs = numbers.slice(0, -BOX);
  const bits = new Uint8Array(runs.reduce((sum, run) => sum + run, 0));
  let position = 0;
  runs.forEach((run, index) => {
    bits.fill(index % 2, position, position + run);
    position += run;
  });
  return boxed(numbers, bits);
}

/** An interactor's mask: rows of the whole picture, or of the crop given by `bounds`. */
export function fromRows(rows, bounds) {
  const [left, top] = bounds ?? [0, 0];
  const width = rows[0]?.length ?? 0;
  const bits = new Uint8Array(width * rows.length);
  rows.forEach((row, y) => row.forEach((value, x) => (bits[y * width + x] = value ? 1 : 0)));
  return { left, top, width, height: rows.length, bits };
}

/** Return the box `[left, top, right, bottom]` of the set pixels; the whole mask's if none. */
export function extent({ left, top, width, height, bits }) {
  let [x0, y0, x1, y1] = [width, height, 0, 0];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (bits[y * width + x]) {
        x0 = Math.min(x0, x);
        x1 = Math.max(x1, x + 1);
        y0 = Math.min(y0, y);
        y1 = y + 1;
      }
    }
  }
  return x1 ? [left + x0, top + y0, left + x1, top + y1] : [left, top, left + width, top + height];
}

/** Return a canvas with the mask tinted and its outline solid. */
export function paint(mask, [red, green, blue]) {
  const { width, height, bits } = mask;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let index = 0; index < bits.length; index += 1) {
    if (!bits[index]) continue;
    const x = index % width;
    const inside =
      x > 0 && x < width - 1 && bits[index - 1] && bits[index + 1] && bits[index - width] && bits[index + width];
    image.data.set([red, green, blue, inside ? 110 : 255], index * 4);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
