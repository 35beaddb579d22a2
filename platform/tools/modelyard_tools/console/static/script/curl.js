// The same request for a terminal.

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** Return a shell line that sends `payload`, in which pictures stand as objects, to `address`. */
export function curlLine(payload, address) {
  const pictures = [];
  const mark = (index) => `@picture-${index}@`;
  const text = JSON.stringify(payload, (_, value) => {
    if (!value?.base64) return value;
    pictures.push(value);
    return mark(pictures.length - 1);
  });
  const parts = [];
  let rest = text;
  pictures.forEach((picture, index) => {
    const place = rest.indexOf(mark(index));
    parts.push(`printf %s ${quote(rest.slice(0, place))}`, encoded(picture));
    rest = rest.slice(place + mark(index).length);
  });
  parts.push(`printf %s ${quote(rest)}`);
  const send = `curl -sS -H 'content-type: application/json' --data-binary @- ${quote(address)}`;
  return `(${parts.join("; ")}) | ${send}`;
}

/** Samples are fetched from the platform, other pictures are files of the user's. */
function encoded({ name, url }) {
  return url ? `curl -sS ${quote(url)} | base64 | tr -d '\\n'` : `base64 < ${quote(name)} | tr -d '\\n'`;
}
