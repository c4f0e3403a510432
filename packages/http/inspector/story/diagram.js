/**
 * A diagram of messages: a lane for each host, time from top to bottom, one row for each thing that happened. Rows have one height, so
 * that a pause of a minute takes no more room than one of a microsecond; the time stands beside each.
 *
 * Only what is in view is drawn. The rows are a list box for keyboards and screen readers; the lines behind them are decoration.
 */
import { h } from '../dom.js';
import { messageTitle } from './model.js';
import { moment, waitSentence } from './words.js';

const ROW = 30;
const TIME = 96;
const MARGIN = 12;
const SVG = 'http://www.w3.org/2000/svg';

function s(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

export class Diagram {
  #story;
  #rows = [];
  #from = [];
  #selected = -1;
  #onSelect;
  #lanes = h('div', { class: 'lanes-head', 'aria-hidden': 'true' });
  #space = h('div', { class: 'space' });
  #picture = s('svg', { 'aria-hidden': 'true' });
  #list;
  #elements = new Map();
  element;

  /** @param {(row: object | undefined) => void} onSelect */
  constructor(onSelect) {
    this.#onSelect = onSelect;
    this.#list = h(
      'div',
      {
        class: 'diagram',
        role: 'listbox',
        tabindex: '0',
        'aria-label': 'What happened, in order',
        onscroll: () => this.draw(),
        onkeydown: (event) => this.#onKey(event),
      },
      this.#lanes,
      this.#space,
    );
    this.#space.append(this.#picture);
    this.element = this.#list;
    new ResizeObserver(() => this.draw()).observe(this.#list);
  }

  /** Shows those rows of a story that a filter has left. */
  show(story, items) {
    this.#story = story;
    const waits = story.waits.map((wait, index) => ({
      ...wait,
      type: 'wait',
      key: `w${index}`,
      time: story.end,
    }));
    const ending = story.isSimulation
      ? [{ type: 'end', key: 'end', time: story.end, title: story.what.split('\n')[0] }]
      : [];
    this.#rows = [...items, ...waits, ...ending];
    // Where each arrow begins: once, since every frame needs it of all that may cross the view.
    this.#from = this.#rows.map((row, at) => {
      const y = at * ROW + ROW / 2;
      return row.type === 'message'
        ? Math.min(y, this.#yOf(row.pieces[0]?.sent ?? row.sent, at))
        : y;
    });
    for (const [key, element] of this.#elements) {
      element.remove();
      this.#elements.delete(key);
    }
    this.#selected = -1;
    this.#lanes.replaceChildren(
      h('span', { class: 'time', text: 'time' }),
      ...story.lanes.map((lane) => h('span', { class: 'lane', text: lane, title: lane })),
    );
    this.draw();
  }

  /** Selects the row of a key, and scrolls to it. */
  select(key) {
    this.#choose(this.#rows.findIndex((row) => row.key === key));
  }

  /** The next row from the selected one that a test accepts. */
  next(step, accepts) {
    for (let at = this.#selected + step; at >= 0 && at < this.#rows.length; at += step) {
      if (accepts(this.#rows[at])) return this.#choose(at);
    }
    return undefined;
  }

  toEnd() {
    this.#choose(this.#rows.length - 1);
  }

  #choose(at) {
    if (at < 0 || at >= this.#rows.length) return;
    this.#selected = at;
    const top = at * ROW;
    const { scrollTop, clientHeight } = this.#list;
    const head = this.#lanes.offsetHeight;
    if (top < scrollTop) this.#list.scrollTop = Math.max(0, top - ROW * 3);
    if (top + ROW + head > scrollTop + clientHeight) {
      this.#list.scrollTop = top + ROW * 4 + head - clientHeight;
    }
    this.draw();
    this.#list.setAttribute('aria-activedescendant', `row-${this.#rows[at].key}`);
    this.#onSelect(this.#rows[at]);
  }

  #onKey(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -1e9, End: 1e9 };
    const step = steps[event.key];
    if (step === undefined || this.#rows.length === 0) return;
    event.preventDefault();
    this.#choose(Math.min(Math.max(this.#selected + step, 0), this.#rows.length - 1));
  }

  draw() {
    if (this.#story === undefined) return;
    const { lanes } = this.#story;
    const width = Math.max(this.#list.clientWidth, TIME + lanes.length * 130);
    const laneWidth = (width - TIME) / lanes.length;
    this.#space.style.width = `${width}px`;
    this.#lanes.style.width = `${width}px`;
    this.#lanes.style.gridTemplateColumns = `${TIME}px repeat(${lanes.length}, ${laneWidth}px)`;
    this.#space.style.height = `${this.#rows.length * ROW}px`;
    const x = (lane) => TIME + (Math.max(0, lanes.indexOf(lane)) + 0.5) * laneWidth;
    const { scrollTop, clientHeight } = this.#list;
    const first = Math.max(0, Math.floor(scrollTop / ROW) - MARGIN);
    const last = Math.min(this.#rows.length, Math.ceil((scrollTop + clientHeight) / ROW) + MARGIN);
    this.#drawRows(first, last);
    this.#drawPicture(first, last, { x, laneWidth, width });
  }

  #drawRows(first, last) {
    const used = new Set();
    for (let at = first; at < last; at += 1) {
      const row = this.#rows[at];
      used.add(row.key);
      let element = this.#elements.get(row.key);
      if (element === undefined) {
        element = h(
          'div',
          {
            class: `row ${row.type}`,
            role: 'option',
            id: `row-${row.key}`,
            onclick: () => this.#choose(at),
            'aria-label': spoken(row, this.#story),
          },
          h('span', {
            class: 'time',
            text: row.at === null && row.lostAt === null ? 'on its way' : moment(row.time),
          }),
        );
        this.#elements.set(row.key, element);
        this.#space.append(element);
      }
      element.style.top = `${at * ROW}px`;
      element.setAttribute('aria-selected', String(at === this.#selected));
    }
    for (const [key, element] of this.#elements) {
      if (used.has(key)) continue;
      element.remove();
      this.#elements.delete(key);
    }
  }

  /** Where a moment is: at the first row that is not before it. */
  #yOf(time, upTo) {
    let low = 0;
    let high = upTo;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#rows[middle].time < time) low = middle + 1;
      else high = middle;
    }
    return low * ROW + ROW / 2;
  }

  #drawPicture(first, last, place) {
    const { x, width } = place;
    const top = first * ROW;
    const bottom = last * ROW;
    const parts = [];
    // Above all lines, so that a line that crosses a text does not strike it out.
    const labels = [];
    for (const lane of this.#story.lanes) {
      parts.push(s('line', { class: 'lane', x1: x(lane), x2: x(lane), y1: top, y2: bottom }));
    }
    for (const { lane, since } of this.#story.waits) {
      const from = Math.max(top, this.#yOf(since, this.#rows.length - 1));
      if (from < bottom) {
        parts.push(s('line', { class: 'waiting', x1: x(lane), x2: x(lane), y1: from, y2: bottom }));
      }
    }
    for (let at = 0; at < this.#rows.length; at += 1) {
      const row = this.#rows[at];
      const y = at * ROW + ROW / 2;
      const from = this.#from[at];
      if (y < top || from > bottom) continue;
      if (row.type === 'message') arrow(row, from, y, place, { parts, labels });
      else mark(row, y, place, { parts, labels });
    }
    this.#picture.setAttribute('viewBox', `0 ${top} ${width} ${bottom - top}`);
    this.#picture.style.top = `${top}px`;
    this.#picture.style.width = `${width}px`;
    this.#picture.style.height = `${bottom - top}px`;
    this.#picture.replaceChildren(...parts, ...labels);
  }
}

/** An arrow from where it was sent to where it arrived; one that never arrived ends in a cross on its way. */
function arrow(row, from, y, { x, laneWidth }, { parts, labels }) {
  const isLost = row.at === null;
  const start = x(row.from);
  const goal = x(row.to);
  const way = Math.sign(goal - start);
  const end = isLost ? start + (goal - start) * 0.6 : goal - way * 3;
  const isOnWay = isLost && row.lostAt === null;
  const kind = `arrow ${row.what}${isOnWay ? ' away' : isLost ? ' lost' : ''}${/^(5|broken)/.test(row.title) ? ' bad' : ''}`;
  if (way === 0) {
    parts.push(s('path', { class: kind, d: `M${start} ${y - 8} h34 v12 h-30` }));
  } else {
    parts.push(s('line', { class: kind, x1: start, y1: from, x2: end, y2: y }));
    const angle = Math.atan2(y - from, end - start);
    const tip = (turn) => `${end - 9 * Math.cos(angle + turn)} ${y - 9 * Math.sin(angle + turn)}`;
    parts.push(
      isLost && !isOnWay
        ? s('path', { class: `${kind} cross`, d: `M${end - 5} ${y - 5} l10 10 m0 -10 l-10 10` })
        : s('path', { class: `${kind} tip`, d: `M${tip(0.42)} L${end} ${y} L${tip(-0.42)} Z` }),
    );
  }
  const room = Math.max(laneWidth, Math.abs(goal - start)) - 30;
  const left = Math.min(start, goal) + (way === 0 ? 40 : 14);
  const most = Math.max(12, Math.floor(room / 6.3));
  const text = cut(messageTitle(row, most), most);
  const at = way === 0 ? left : left + room / 2;
  labels.push(label(text, at, y - 4, way === 0 ? 'start' : 'middle', labelKind(row)));
}

function labelKind({ what, at, lostAt, title }) {
  if (at === null) return lostAt === null ? 'away' : 'lost';
  return /^(5|broken)/.test(title) ? 'lost' : what;
}

function label(text, x, y, anchor, kind) {
  return s('text', { class: `label ${kind}`, x, y, 'text-anchor': anchor }, text);
}

const cut = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}\u2026` : text);

function mark(row, y, { x, width }, { parts, labels }) {
  const lanes = row.type === 'wait' ? [row.lane] : (row.hosts ?? []);
  const places = lanes.map((lane) => x(lane)).toSorted((a, b) => a - b);
  const isWide = row.type === 'end' || (row.type === 'fault' && places.length !== 1);
  if (isWide) {
    const [from, to] = places.length > 1 ? [places[0], places.at(-1)] : [TIME + 8, width - 8];
    parts.push(s('line', { class: `band ${row.type}`, x1: from, x2: to, y1: y, y2: y }));
  }
  for (const place of places) {
    parts.push(s('circle', { class: `dot ${row.type}`, cx: place, cy: y, r: 4 }));
  }
  const at = places.length === 0 ? TIME + 4 : places[0];
  const isRight = places.length === 1 && at > TIME + (width - TIME) * 0.6;
  const room = isRight ? at - TIME - 16 : width - at - 20;
  const letter = ['wait', 'fault', 'end'].includes(row.type) ? 7.1 : 6.3;
  const text = cut(textOf(row), Math.max(12, Math.floor(room / letter)));
  const middle = isWide ? y - 4 : y + 4;
  labels.push(label(text, at + (isRight ? -10 : 10), middle, isRight ? 'end' : 'start', row.type));
}

function textOf(row) {
  if (row.type === 'wait') {
    const { task, operation, subject, since, sentence } = row;
    if (sentence !== undefined) return sentence;
    return `still waits: ${task ? `${task}, ` : ''}${operation} on ${subject}, since ${moment(since)}`;
  }
  if (row.type === 'end') return `failed: ${row.title}`;
  return row.type === 'log' ? `log: ${row.title}` : row.title;
}

/** A row as a sentence, for screen readers. */
function spoken(row, story) {
  if (row.type === 'wait') return waitSentence(row, story.end);
  if (row.type === 'message') return `${moment(row.time)}: ${row.from} to ${row.to}, ${row.title}`;
  return `${moment(row.time)}: ${row.type}, ${row.title}`;
}
