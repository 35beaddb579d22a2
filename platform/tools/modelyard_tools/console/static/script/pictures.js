// Picture files, for display and for requests.

import { file } from "./api.js";
import { orientation } from "./exif.js";

const SAMPLES = "/console/samples";

export const samples = [
  { name: "Cat", files: ["cat.jpg"] },
  { name: "Coffee", files: ["coffee.jpg"] },
  { name: "Astronaut", files: ["astronaut.jpg"] },
];
export const series = {
  name: "A short series",
  files: Array.from({ length: 8 }, (_, index) => `pan-${index + 1}.jpg`),
};
export const sampleUrl = (file) => `${SAMPLES}/${file}`;

/**
 * Return `{name, url, bitmap, width, height, base64}` of a file.
 *
 * The file is sent unchanged, as CVAT does, unless its EXIF orientation is not upright.
 */
export async function open(picture, url = null) {
  const bytes = new Uint8Array(await picture.arrayBuffer());
  let bitmap;
  try {
    bitmap = await createImageBitmap(picture, { imageOrientation: "from-image" });
  } catch {
    throw new Error(`${picture.name}: this browser cannot show it; try a PNG or JPEG file`);
  }
  const sent = orientation(bytes) > 1 ? await upright(bitmap) : picture;
  const { width, height } = bitmap;
  return { name: picture.name, url, bitmap, width, height, base64: await base64(sent) };
}

/** Return the pictures of a sample. */
export async function openSample({ files }) {
  return Promise.all(
    files.map(async (name) => {
      const content = await file(sampleUrl(name));
      return open(new File([content], name), new URL(sampleUrl(name), location.href).href);
    }),
  );
}

/** Return the chosen picture files in natural order of their names. */
export function inOrder(files) {
  const order = new Intl.Collator("en", { numeric: true });
  return [...files].sort((one, other) => order.compare(one.name, other.name));
}

async function upright(bitmap) {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  return canvas.convertToBlob({ type: "image/png" });
}

function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Error("the file cannot be read"));
    reader.readAsDataURL(blob);
  });
}
