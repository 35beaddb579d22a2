// Requests to the platform. Every failure becomes a one-line Error.

const SECOND_TRY_MS = 300;

/**
 * Return the response to a request, tried twice.
 *
 * Browsers drop their connections, even local ones, whenever a network comes up or goes
 * down. Functions are stateless, so a retry is harmless.
 */
async function answer(path, options) {
  const attempt = () => fetch(path, { cache: "no-store", ...options });
  try {
    return await attempt().catch(async (error) => {
      if (error.name === "AbortError") throw error;
      await new Promise((resolve) => setTimeout(resolve, SECOND_TRY_MS));
      return attempt();
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("the platform does not answer");
  }
}

/** Return the content of one of the console's files. */
export async function file(path) {
  const response = await answer(path, { cache: "default" });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${response.statusText}`);
  return response.blob();
}

async function json(path, options) {
  const response = await answer(path, options);
  const text = await response.text();
  if (!response.ok) throw new Error(reason(text) || `${response.status} ${response.statusText}`);
  return JSON.parse(text);
}

/** Return the message in an error's body, or nothing. */
export function reason(text) {
  try {
    return String(JSON.parse(text).error ?? "");
  } catch {
    return text.split("\n", 1)[0].slice(0, 300);
  }
}

const path = (name) => `/console/api/functions/${encodeURIComponent(name)}`;

export const functions = (signal) => json("/console/api/functions", { signal });
export const oneFunction = (name, signal) => json(path(name), { signal });

/** Return `{text, offset}`: the last lines of the log, or those after `offset`. */
export const log = (name, offset, signal) =>
  json(`${path(name)}/logs?${offset === null ? "tail=400" : `offset=${offset}`}`, { signal });

/** Send the request as CVAT does in its dashboard mode; a function's error does not throw. */
export async function invoke(name, body, signal) {
  const started = performance.now();
  const response = await answer("/api/function_invocations", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-nuclio-function-name": name,
      "x-nuclio-path": "/",
      "x-nuclio-invoke-timeout": "120s",
    },
    body,
    signal,
  });
  const text = await response.text();
  return {
    ok: response.ok,
    status: response.status,
    text,
    sent: body.length,
    milliseconds: performance.now() - started,
  };
}
