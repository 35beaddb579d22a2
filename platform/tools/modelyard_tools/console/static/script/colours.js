// One colour per label, the same as in the pictures that `predict` draws.

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function crc32(text) {
  let crc = 0xffffffff;
  for (const byte of new TextEncoder().encode(text)) crc = TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Return `[red, green, blue]`, 0..255. */
export function colour(label) {
  const code = crc32(label);
  const hue = ((code & 0xffff) / 0x10000) * 12;
  const lightness = [0.45, 0.55, 0.65][(code >>> 16) % 3];
  const amplitude = 0.85 * Math.min(lightness, 1 - lightness);
  // The standard conversion from hue, saturation and lightness.
  return [0, 8, 4].map((offset) => {
    const place = (offset + hue) % 12;
    return Math.round(255 * (lightness - amplitude * Math.max(-1, Math.min(place - 3, 9 - place, 1))));
  });
}

export const css = ([red, green, blue], alpha = 1) => `rgba(${red}, ${green}, ${blue}, ${alpha})`;

/** Return black or white, whichever is more legible on the colour (WCAG 2 luminance). */
export function ink(rgb) {
  const [red, green, blue] = rgb.map((value) =>
    value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff";
}
