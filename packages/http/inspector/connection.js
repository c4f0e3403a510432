/**
 * The connection to the process. The token comes behind `#` in the URL, which browsers send to no one; it is kept for this tab, and
 * taken out of the address bar.
 */

const KEY = 'awaitio-inspector-token';
const AGAIN_AFTER = 1_000;

const token = (() => {
  const given = location.hash.slice(1);
  if (/^[\w-]{16,}$/.test(given)) {
    sessionStorage.setItem(KEY, given);
    history.replaceState(null, '', location.pathname);
  }
  return sessionStorage.getItem(KEY) ?? '';
})();

export const hasToken = token !== '';

/** Asks for data. */
export function ask(path, init = {}) {
  return fetch(path, { ...init, headers: { Authorization: `Bearer ${token}` }, cache: 'no-store' });
}

/**
 * Receives states for as long as the page is open.
 *
 * @param onState - Called with each message.
 * @param onStatus - Called with `live`, `lost` or `refused`.
 */
export async function follow(onState, onStatus) {
  for (;;) {
    try {
      const response = await ask('live');
      if (response.status === 401 || response.status === 403) {
        onStatus('refused');
        return;
      }
      onStatus('live');
      await read(response.body, onState);
    } catch {
      // It is tried again.
    }
    onStatus('lost');
    await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER));
  }
}

/** Reads an event stream: an `EventSource` cannot send the token. */
async function read(body, onState) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const events = text.split('\n\n');
    text = events.pop();
    for (const event of events) {
      const lines = event.split('\n').filter((line) => line.startsWith('data:'));
      if (lines.length > 0) onState(JSON.parse(lines.map((line) => line.slice(5)).join('\n')));
    }
  }
}

/** Saves what a path answers as a file. */
export async function save(path, name) {
  const response = await ask(path);
  saveText(await response.text(), name);
}

/** Saves a text as a file. */
export function saveText(text, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1_000);
}
