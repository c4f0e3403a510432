/**
 * What happened, in lanes: one for each connection, with its requests as bars. Drawn on a canvas, with the same data as a table below
 * for those who search or cannot see it.
 */
import { h } from '../dom.js';
import { age, duration, number } from '../format.js';
import { Table } from '../table.js';

const LANE = 20;
const LABEL = 170;
/** More lanes than this are not drawn: the busiest are. */
const MOST_LANES = 400;

export function timeline({ openRow, load }) {
  const canvas = h('canvas', { role: 'img' });
  const lanes = h(
    'div',
    { class: 'table lanes', tabindex: '0', 'aria-label': 'Lanes of connections' },
    canvas,
  );
  const note = h('p', { class: 'quiet' });
  const table = new Table({
    label: 'Events',
    keyOf: ({ key }) => key,
    onOpen: (row) => openRow('event', row),
    find: (row) => `${row.type} ${row.lane} ${textOf(row)}`,
    sort: { column: 0, isDescending: false },
    columns: [
      {
        title: 'Ago',
        width: '84px',
        isNumber: true,
        text: ({ at }, now) => age(now - at),
        sort: ({ at }, now) => now - at,
      },
      { title: 'What', width: '110px', text: ({ type }) => type },
      { title: 'Details', width: 'minmax(140px, 2fr)', isMono: true, text: textOf },
      {
        title: 'Took',
        width: '84px',
        isNumber: true,
        isWide: true,
        text: (row) => (row.duration === undefined ? '' : duration(row.duration)),
        sort: (row) => row.duration ?? -1,
      },
      { title: 'Connection', width: '200px', isMono: true, isWide: true, text: ({ lane }) => lane },
    ],
  });
  return {
    element: h('div', {}, note, lanes, h('h2', { text: 'Events' }), table.element),
    focusFilter: () => table.focusFilter(),
    filter: (text) => table.filter(text),
    /** Called when it is opened, and then every few seconds: the events of a live process are asked for. */
    refresh: load,
    update(state) {
      const events = [...state.events, ...inProgress(state)]
        .filter(({ type }) => type !== 'numbers')
        .map((event, key) => ({ ...event, key: String(key) }));
      note.textContent =
        events.length === 0
          ? 'Nothing has happened since someone looks.'
          : `${events.length} events, oldest on the left, a connection in each lane. A hollow bar is still in progress, a striped one failed, a red mark is a refusal.${leftOut(state)}`;
      draw(canvas, lanes, events, state.now);
      table.update(events, state.now);
    },
  };
}

/** A recording holds some of very many requests. */
function leftOut({ leftOut: count = 0 }) {
  return count > 0 ? ` ${number(count)} more requests are not shown: there were too many.` : '';
}

/** Requests in progress, as bars that reach to now. */
function inProgress({ requests, now }) {
  return Array.from(requests.values(), ({ id, peer, method, path, since }) => ({
    type: 'request',
    at: now,
    duration: now - since,
    lane: `#${id.split('.')[1]} ${peer}`,
    method,
    path,
    status: 0,
    isComplete: true,
    isOpen: true,
  }));
}

function textOf(row) {
  if (row.isOpen) return `in progress ${row.method} ${row.path}`;

  if (row.type === 'request') return `${row.status || 'no answer'} ${row.method} ${row.path}`;
  return row.type === 'refused'
    ? `${row.status || 'no answer'} ${row.cause}`
    : `ended: ${row.reason}`;
}

function draw(canvas, container, events, now) {
  const byLane =
    Map.groupBy === undefined ? grouped(events) : Map.groupBy(events, ({ lane }) => lane);
  const shown = [...byLane].toSorted((a, b) => b[1].length - a[1].length).slice(0, MOST_LANES);
  const width = Math.max(300, container.clientWidth - 16);
  const height = Math.max(LANE, (shown.length + 1) * LANE);
  const ratio = devicePixelRatio;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.setAttribute(
    'aria-label',
    `${shown.length} connections, ${events.length} events; the table below has them all`,
  );
  const pen = canvas.getContext('2d');
  pen.scale(ratio, ratio);
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`);
  const start = Math.min(now - 1, ...events.map(({ at, duration: took = 0 }) => at - took));
  const label = width < 600 ? 90 : LABEL;
  const x = (at) => label + ((at - start) / (now - start)) * (width - label - 8);
  pen.font = '12px system-ui, sans-serif';
  pen.fillStyle = colour('quiet');
  const ticks = width < 600 ? 2 : 4;
  for (let tick = 0; tick <= ticks; tick += 1) {
    const at = start + ((now - start) * tick) / ticks;
    pen.textAlign = tick === 0 ? 'left' : tick === ticks ? 'right' : 'center';
    pen.fillText(tick === ticks ? 'now' : `${duration(now - at)} ago`, x(at), 14);
  }
  pen.textAlign = 'left';
  for (const [index, [lane, each]] of shown.entries()) {
    const top = (index + 1) * LANE;
    pen.fillStyle = colour('quiet');
    pen.fillText(lane, 6, top + 14, label - 12);
    pen.fillStyle = colour('line');
    pen.fillRect(label, top + LANE - 1, width - label, 1);
    for (const event of each) bar(pen, event, top, x, colour);
  }
}

function bar(pen, event, top, x, colour) {
  if (event.type === 'refused') {
    pen.fillStyle = colour('bad');
    pen.fillRect(x(event.at) - 1, top + 2, 3, LANE - 5);
    return;
  }
  const from = x(event.at - event.duration);
  const length = Math.max(2, x(event.at) - from);
  const hasFailed = event.type === 'request' && (!event.isComplete || event.status >= 500);
  pen.fillStyle =
    event.type === 'connection' ? colour('line') : colour(hasFailed ? 'bad' : 'accent');
  const [inset, size] = event.type === 'connection' ? [8, 3] : [4, LANE - 9];
  if (event.isOpen === true) {
    pen.strokeStyle = colour('accent');
    pen.strokeRect(from + 0.5, top + inset + 0.5, Math.max(1, length - 1), size - 1);
    return;
  }
  pen.fillRect(from, top + inset, length, size);
  if (!hasFailed) return;
  pen.fillStyle = colour('panel');
  for (let at = from + 3; at < from + length; at += 6) pen.fillRect(at, top + inset, 2, size);
}

function grouped(events) {
  const lanes = new Map();
  for (const event of events) {
    if (!lanes.has(event.lane)) lanes.set(event.lane, []);
    lanes.get(event.lane).push(event);
  }
  return lanes;
}
