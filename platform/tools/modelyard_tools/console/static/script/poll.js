// Polling, while the page is visible.

/** Run `task(signal)` now and `pause` ms after each end, unless hidden; return {now, stop}. */
export function poll(pause, task) {
  const stopped = new AbortController();
  const { signal } = stopped;
  let timer = 0;
  let busy = false;
  let again = false;

  async function now() {
    if (signal.aborted) return;
    if (busy) {
      again = true;
      return;
    }
    clearTimeout(timer);
    busy = true;
    await attempt();
    busy = false;
    if (!signal.aborted) timer = setTimeout(now, again ? 0 : pause);
    again = false;
  }

  async function attempt() {
    if (document.hidden) return;
    try {
      await task(signal);
      report("");
    } catch (error) {
      if (!signal.aborted) report(error.message);
    }
  }

  document.addEventListener("visibilitychange", now, { signal });
  now();
  return {
    now,
    stop() {
      clearTimeout(timer);
      stopped.abort();
    },
  };
}

function report(trouble) {
  const place = document.getElementById("connection");
  if (place.textContent !== trouble) place.textContent = trouble;
}
