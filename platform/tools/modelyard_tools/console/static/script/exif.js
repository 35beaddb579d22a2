// EXIF orientation. CVAT rotates pictures upright before it sends them to functions, and so do we.

const ORIENTATION = 0x0112;

/** Return the EXIF orientation 1..8 of a JPEG file's bytes; 1, upright, if there is none. */
export function orientation(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (view.getUint16(0) !== 0xffd8) return 1;
    for (let offset = 2; view.getUint8(offset) === 0xff; offset += 2 + view.getUint16(offset + 2)) {
      // An APP1 segment that begins with "Exif".
      if (view.getUint8(offset + 1) === 0xe1 && view.getUint32(offset + 4) === 0x45786966) {
        return fromTiff(view, offset + 10);
      }
    }
  } catch (error) {
    // A truncated or malformed file has no orientation.
    if (!(error instanceof RangeError)) throw error;
  }
  return 1;
}

function fromTiff(view, start) {
  const little = view.getUint16(start) === 0x4949;
  const folder = start + view.getUint32(start + 4, little);
  const entries = view.getUint16(folder, little);
  for (let index = 0; index < entries; index += 1) {
    const entry = folder + 2 + 12 * index;
    if (view.getUint16(entry, little) === ORIENTATION) return view.getUint16(entry + 8, little);
  }
  return 1;
}
