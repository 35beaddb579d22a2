// Readable JSON: indented, with long lists of numbers and long strings abbreviated.

const LONGEST_TEXT = 120;
const MOST_ITEMS = 40;

/** Return `value` as indented JSON. Omissions are marked. */
export function pretty(value, indent = "") {
  const deeper = `${indent}  `;
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) {
    if (!value.length) return "[]";
    if (value.every((item) => item === null || typeof item !== "object")) return flat(value);
    const lines = value.slice(0, MOST_ITEMS).map((item) => `${deeper}${pretty(item, deeper)}`);
    if (value.length > MOST_ITEMS) lines.push(`${deeper}… ${value.length - MOST_ITEMS} more`);
    return `[\n${lines.join(",\n")}\n${indent}]`;
  }
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const fields = Object.entries(value).map(
    ([name, item]) => `${deeper}${JSON.stringify(name)}: ${pretty(item, deeper)}`,
  );
  return fields.length ? `{\n${fields.join(",\n")}\n${indent}}` : "{}";
}

function text(value) {
  if (value.length <= LONGEST_TEXT) return JSON.stringify(value);
  const left = value.length - 24;
  return `${JSON.stringify(value.slice(0, 24)).slice(0, -1)}… ${left.toLocaleString("en")} more characters"`;
}

function flat(items) {
  const shown = items.slice(0, MOST_ITEMS).map((item) => pretty(item));
  const rest = items.length - shown.length;
  return `[${shown.join(", ")}${rest ? `, … ${rest.toLocaleString("en")} more` : ""}]`;
}
