// The request as a curl command.

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** Return a shell command that sends `payload`, which has pictures as objects, to `address`. */
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

/** Samples are fetched from the platform, other pictures are the user's files. */
function encoded({ name, url }) {
  return url ? `curl -sS ${quote(url)} | base64 | tr -d '\\n'` : `base64 < ${quote(name)} | tr -d '\\n'`;
}
