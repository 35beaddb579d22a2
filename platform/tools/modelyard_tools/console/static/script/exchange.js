// The last request and its response, as three texts.

import { copyable } from "./copying.js";
import { curlLine } from "./curl.js";
import { pretty } from "./pretty.js";
import { bytes, milliseconds } from "./text.js";

export class Exchange {
  constructor() {
    this.request = copyable("request", "No request has been sent yet.");
    this.response = copyable("response", "No response has been received yet.");
    this.curl = copyable("curl", "The last request as a shell command will appear here.");
  }

  /** Show a request; `payload` has pictures as objects, `body` is what is sent. */
  sent(payload, body, address) {
    this.request.set(pretty(JSON.parse(body)), body, `POST, ${bytes(body.length)}`);
    const line = address ? curlLine(payload, address) : "";
    this.curl.set(line || "The function has no port at the moment.", line);
    this.response.set("Waiting…", "");
  }

  answered({ status, text, milliseconds: time }) {
    let shown = text;
    try {
      shown = pretty(JSON.parse(text));
    } catch {
      // Not JSON: shown unchanged.
    }
    this.response.set(shown, text, `${status} in ${milliseconds(time)}, ${bytes(text.length)}`);
  }
}
