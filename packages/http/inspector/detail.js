/** The panel with everything that is known of one row. */
import { ask } from './connection.js';
import { byId, h } from './dom.js';
import { age, bytes, duration } from './format.js';

const TITLES = {
  request: 'Request',
  finished: 'Answered request',
  socket: 'Socket',
  task: 'Task',
  refusal: 'Refusal',
  pool: 'Pool',
  event: 'Event',
};
/** What a request waits for, for how long, and for how long it may. */
function sentenceOf({ phase, peer, text, since, waitsSince, deadline }, { now }) {
  const what = { headers: 'a byte of its head', body: 'a byte of its body', write: 'room to send' }[
    phase
  ];
  const told =
    what === undefined || !Number.isFinite(waitsSince)
      ? `This request ${text}; it began ${age(now - since)} ago`
      : `This request has waited ${age(now - waitsSince)} for ${what}, of ${peer}`;
  const end =
    deadline === null ? 'it has no deadline' : `its deadline is in ${age(deadline - now)}`;
  return `${told}; ${end}.`;
}

const MOMENTS = new Set(['waitsSince', 'since', 'lastAt', 'firstAt', 'at', 'waitingSince']);
const SIZES = new Set([
  'bytesRead',
  'bytesWritten',
  'bytesIn',
  'bytesOut',
  'buffered',
  'unsent',
  'length',
]);
const HIDDEN = new Set(['waits', 'site', 'key', 'type', 'bytes']);

export class Detail {
  #panel = byId('detail');
  #openedBy;

  get isOpen() {
    return !this.#panel.hidden;
  }

  open(kind, row, state) {
    this.#openedBy = document.activeElement;
    const close = h('button', { type: 'button', text: 'Close', onclick: () => this.close() });
    const facts = Object.entries(row).filter(([name]) => !HIDDEN.has(name));
    const waits = row.waits ?? [];
    const parts = [
      h('div', { class: 'bar' }, h('h2', { text: `${TITLES[kind]} ${row.id ?? ''}` }), close),
      kind === 'request' && h('p', { class: 'sentence', text: sentenceOf(row, state) }),
      h(
        'dl',
        {},
        ...facts.flatMap(([name, value]) => [
          h('dt', { text: wordsOf(name) }),
          h('dd', { text: textOf(name, value, state) }),
        ]),
      ),
      ...waits.flatMap((wait) => waitParts(wait, state)),
      ...(row.bytes ? hexParts(row.bytes) : []),
      ...(row.site ? [h('h2', { text: 'Made at' }), h('pre', { text: trimmed(row.site) })] : []),
      ...(kind === 'socket' ? [closeButton(row, state)] : []),
    ];
    this.#panel.replaceChildren(...parts.filter((part) => part !== false));
    this.#panel.hidden = false;
    close.focus();
  }

  close() {
    this.#panel.hidden = true;
    if (this.#openedBy?.isConnected === true) this.#openedBy.focus();
  }
}

function waitParts({ operation, since, site, socket }, state) {
  const on = state.sockets.get(socket)?.peer;
  const text = `Waits in ${operation} for ${age(state.now - since)}${on ? `, on ${on}` : ''}`;
  return [h('h2', { text }), ...(site === null ? [] : [h('pre', { text: trimmed(site) })])];
}

/** Bytes in hex, sixteen in a line, with the text beside them; the one at which the fault was noticed is in brackets. */
function hexParts({ hex, at }) {
  const pairs = hex.match(/../g) ?? [];
  const lines = [];
  for (let start = 0; start < pairs.length; start += 16) {
    const line = pairs.slice(start, start + 16);
    const shown = line.map((pair, index) => (start + index === at ? `[${pair}]` : ` ${pair} `));
    const text = line.map((pair) => {
      const code = Number.parseInt(pair, 16);
      return code >= 32 && code < 127 ? String.fromCharCode(code) : '.';
    });
    lines.push(`${shown.join('').padEnd(64)} ${text.join('')}`);
  }
  const title = 'What was received, up to a little after the fault, which is in brackets';
  return [h('h2', { text: title }), h('pre', { class: 'hex', text: lines.join('\n') })];
}

const trimmed = (site) =>
  site
    .split('\n')
    .map((line) => line.trim())
    .join('\n');

/** `bytesRead` as `bytes read`. */
function wordsOf(name) {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function textOf(name, value, { now }) {
  if (value === null || value === '') return 'none';
  if (MOMENTS.has(name)) return `${age(now - value)} ago`;
  if (name === 'deadline') return `in ${age(value - now)}`;
  if (name === 'duration') return duration(value);
  if (SIZES.has(name)) return bytes(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return Array.isArray(value) ? value.join(', ') : String(value);
}

function closeButton({ id, peer }, state) {
  if (state.mode !== 'live' || !state.facts.process.canClose) {
    return h('p', { class: 'quiet', text: 'Sockets cannot be closed from here: see allowClose.' });
  }
  return h('button', {
    type: 'button',
    class: 'danger',
    text: 'Reset this socket',
    onclick: async ({ currentTarget }) => {
      if (!confirm(`Reset the socket of ${peer}?`)) return;
      currentTarget.disabled = true;
      const { ok } = await ask(`close/${id}`, { method: 'POST' });
      currentTarget.textContent = ok ? 'It was reset' : 'It is gone already';
    },
  });
}
