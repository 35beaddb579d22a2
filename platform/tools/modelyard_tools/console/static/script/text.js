// Formatting of numbers and times.

const NONE = "–";

export const milliseconds = (value) =>
  value === null || value === undefined
    ? NONE
    : value < 10 ? `${value.toFixed(1)} ms` : value < 9999 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;

export function bytes(value) {
  if (!value) return value === 0 ? "0 B" : NONE;
  const power = Math.min(3, Math.floor(Math.log2(value) / 10));
  const size = value / 1024 ** power;
  return `${size < 10 && power ? size.toFixed(1) : Math.round(size)} ${["B", "kB", "MB", "GB"][power]}`;
}

export const count = (value) => (value ?? 0).toLocaleString("en");
export const plain = (value) => (value === null || value === undefined || value === "" ? NONE : String(value));
export const score = (value) =>
  value === null || value === undefined || Number.isNaN(Number(value)) ? "" : Number(value).toFixed(2);
