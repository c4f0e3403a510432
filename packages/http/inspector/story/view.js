/** A story: what went wrong, the diagram, and the details of what is selected. */
import { h, setText } from '../dom.js';
import { number } from '../format.js';
import { Diagram } from './diagram.js';
import { storyOf, textOf } from './model.js';
import { explain, faultCounts, mainSentence, moment, waitSentence } from './words.js';

/** Bytes that the details show at first. */
const MOST_BYTES = 2_048;

export class StoryView {
  #story;
  #summary = h('section', { class: 'summary', 'aria-label': 'What went wrong' });
  #detail = h('aside', { class: 'story-detail', 'aria-label': 'Details', 'aria-live': 'polite' });
  #total = h('span', { class: 'total', role: 'status' });
  #diagram = new Diagram((row) => this.#showDetail(row));
  #input = h('input', {
    type: 'search',
    placeholder: 'Filter: a host, a port, text in the bytes',
    'aria-label': 'Filter what happened',
    oninput: () => this.#filter(),
  });
  element = h(
    'div',
    { class: 'story' },
    this.#summary,
    h('div', { class: 'tools' }, this.#input, this.#total, this.#buttons()),
    h('div', { class: 'story-main' }, this.#diagram.element, this.#detail),
    h('p', {
      class: 'quiet',
      text: '↑ ↓ rows · / filter · f the next fault · w what waits at the end · Esc the whole story. Each row is one thing that happened; rows are not to the scale of time.',
    }),
  );

  /** @throws when it is no recording */
  show(file) {
    this.#story = storyOf(file);
    this.#summary.replaceChildren(...this.#summaryParts());
    this.#filter();
    this.#showDetail(undefined);
    this.toEnd();
  }

  focusFilter() {
    this.#input.focus();
  }

  toEnd() {
    this.#diagram.toEnd();
  }

  /** @returns whether a key was one of its */
  onKey(key) {
    if (key === 'f') this.#diagram.next(1, ({ type }) => type === 'fault');
    else if (key === 'w') this.toEnd();
    else if (key === '/') this.focusFilter();
    else if (key === 'Escape') {
      this.#input.value = '';
      this.#filter();
    } else return false;
    return true;
  }

  #buttons() {
    return h(
      'span',
      { class: 'story-buttons' },
      h('button', {
        type: 'button',
        text: 'Next fault',
        onclick: () => this.#diagram.next(1, ({ type }) => type === 'fault'),
      }),
      h('button', { type: 'button', text: 'To the end', onclick: () => this.toEnd() }),
    );
  }

  #filter() {
    const { items } = this.#story;
    const text = this.#input.value.toLowerCase();
    const found = text === '' ? items : items.filter((item) => searchable(item).includes(text));
    const all = number(items.length);
    setText(
      this.#total,
      text === '' ? `${all} events` : `${number(found.length)} of ${all} events`,
    );
    this.#diagram.show(this.#story, found);
  }

  #summaryParts() {
    const story = this.#story;
    if (!story.isSimulation) {
      return [
        h('h2', { text: story.what }),
        h(
          'ul',
          {},
          ...story.attention.slice(0, 8).map(({ text }) => h('li', { text })),
          ...(story.leftOut > 0
            ? [h('li', { text: `${number(story.leftOut)} more requests were not recorded.` })]
            : []),
        ),
      ];
    }
    const [line = '', ...rest] = story.what.split('\n');
    const first = line.charAt(0).toUpperCase() + line.slice(1);
    const lines = rest.join('\n').trim();
    return [
      h('p', { class: 'failure', text: first }),
      h('p', {
        text: `${explain(story.failure)} It was at ${moment(story.end)} of virtual time.`.trim(),
      }),
      lines !== '' && h('pre', { class: 'message', text: lines }),
      this.#waitList(),
      this.#faultList(),
      h(
        'details',
        {},
        h('summary', { text: 'How to run it again, and where it was thrown' }),
        h(
          'p',
          {},
          'Seed ',
          h('code', { text: String(story.seed) }),
          ', hash ',
          h('code', { text: story.hash }),
        ),
        h(
          'p',
          {},
          h('code', { text: `simulate({ …the same options, seed: ${story.seed} }, main)` }),
          ' or ',
          h('code', { text: `AWAITIO_SEED=${story.seed}` }),
          ' with simulateSeeds',
        ),
        ...[story.stack !== null && h('pre', { text: story.stack }), this.#decisionList()].filter(
          Boolean,
        ),
      ),
    ].filter((part) => part !== false);
  }

  /** What chance has done: with it, the run is repeated by `simulate({ decisions })`. */
  #decisionList() {
    const { decisions = [], moreDecisions = 0 } = this.#story;
    if (decisions.length === 0) return false;
    const text = decisions.map(({ key, value }) => `${key} = ${value}`).join('\n');
    const more = moreDecisions > 0 ? `\nand ${moreDecisions} more` : '';
    return h(
      'details',
      {},
      h('summary', { text: `${number(decisions.length + moreDecisions)} decisions of chance` }),
      h('pre', { text: text + more }),
    );
  }

  #waitList() {
    const { tasks, main, end } = this.#story;
    const all = this.#story.waits;
    // Those of listeners are said only when there is nothing else.
    const others = all.filter(({ operation }) => operation !== 'accept');
    const waits = others.length > 0 ? others : all;
    const mains = mainSentence(this.#story);
    const shown = waits.slice(0, 12).map((wait, index) =>
      h(
        'li',
        {},
        h('button', {
          type: 'button',
          class: 'link',
          text: waitSentence(wait, end),
          onclick: () => this.#diagram.select(`w${index}`),
        }),
      ),
    );
    const unfinished = [
      ...(main ? ['the main program'] : []),
      ...tasks.map((task) => `task ${task}`),
    ];
    return h(
      'div',
      {},
      unfinished.length > 0 &&
        h('p', {
          text: `Not finished: ${unfinished.slice(0, 12).join(', ')}${unfinished.length > 12 ? `, and ${unfinished.length - 12} more` : ''}.`,
        }),
      waits.length > 0 && h('h2', { text: 'What waited then' }),
      waits.length > 0 && h('ul', { class: 'waits' }, ...shown),
      mains !== '' && h('p', { text: mains }),
      waits.length > 12 && h('p', { class: 'quiet', text: `and ${waits.length - 12} more` }),
    );
  }

  #faultList() {
    const counts = faultCounts(this.#story.items);
    const missing = this.#story.items.filter(({ type, at }) => type === 'message' && at === null);
    const lost = missing.filter(({ lostAt }) => lostAt !== null);
    const away = missing.filter(({ lostAt }) => lostAt === null);
    const pieces = this.#story.items.filter(
      ({ type, pieces: all = [] }) => type === 'message' && all.length > 1,
    );
    const parts = counts.map(([name, { count, first }]) =>
      h('button', {
        type: 'button',
        text: `${name}${count > 1 ? ` × ${count}` : ''}`,
        onclick: () => this.#diagram.select(first.key),
      }),
    );
    if (lost.length > 0) {
      parts.push(
        h('button', {
          type: 'button',
          text: `${lost.length} ${lost.length === 1 ? 'message' : 'messages'} never arrived`,
          onclick: () => this.#diagram.select(lost[0].key),
        }),
      );
    }
    if (away.length > 0) {
      parts.push(
        h('button', {
          type: 'button',
          text: `${away.length} ${away.length === 1 ? 'message' : 'messages'} still on the way`,
          onclick: () => this.#diagram.select(away[0].key),
        }),
      );
    }
    if (pieces.length > 0) {
      parts.push(
        h('button', {
          type: 'button',
          text: `${pieces.length} ${pieces.length === 1 ? 'message' : 'messages'} in several pieces`,
          onclick: () => this.#diagram.select(pieces[0].key),
        }),
      );
    }
    return (
      parts.length > 0 &&
      h('div', { class: 'faults' }, h('h2', { text: 'What the network did' }), ...parts)
    );
  }

  #showDetail(row) {
    if (row === undefined) {
      this.#detail.replaceChildren(
        h('p', { class: 'quiet', text: 'Select a row to see its bytes.' }),
      );
      return;
    }
    this.#detail.replaceChildren(...detailParts(row, this.#story));
  }
}

function searchable(item) {
  const bytes = item.pieces === undefined ? '' : (textOf(item.pieces) ?? '');
  return `${item.type} ${item.what} ${item.title} ${item.connection ?? ''} ${item.from ?? ''} ${item.to ?? ''} ${(item.hosts ?? []).join(' ')} ${bytes}`.toLowerCase();
}

function detailParts(row, story) {
  if (row.type === 'wait') {
    return [
      h('h2', { text: 'A wait that has not ended' }),
      h('p', { text: waitSentence(row, story.end) }),
      row.site
        ? h('pre', { text: row.site })
        : h('p', {
            class: 'quiet',
            text: 'Which task waits, and in which line, is known while waits are traced: traceWaits(true), or the option `pages`.',
          }),
    ];
  }
  if (row.type !== 'message') {
    return [h('h2', { text: `${row.type}, at ${moment(row.time)}` }), h('p', { text: row.title })];
  }
  const { from, to, connection, size, pieces, at } = row;
  const facts = [
    ['from', from],
    ['to', to],
    ['connection', connection],
    ['sent', moment(pieces[0]?.sent ?? row.sent)],
    [
      'arrived',
      at !== null
        ? moment(at)
        : row.lostAt === null
          ? 'not yet'
          : `never: lost at ${moment(row.lostAt)}`,
    ],
    ...(size > 0 ? [['size', `${number(size)} B`]] : []),
  ];
  const text = textOf(pieces);
  return [
    h('h2', { text: row.title }),
    h(
      'dl',
      {},
      ...facts.flatMap(([name, value]) => [h('dt', { text: name }), h('dd', { text: value })]),
    ),
    ...(pieces.length > 1 ? [pieceTable(pieces)] : []),
    ...(size > 0 ? [h('h2', { text: 'Bytes' }), bytesPart(text)] : []),
  ];
}

function pieceTable(pieces) {
  return h(
    'ol',
    { class: 'pieces' },
    ...pieces.slice(0, 40).map(({ sent, at, size }) =>
      h('li', {
        text: `${size} B, sent ${moment(sent)}, ${at === null ? 'never arrived' : `arrived ${moment(at)}`}`,
      }),
    ),
  );
}

function bytesPart(text) {
  if (text === null) return h('p', { class: 'quiet', text: 'They are random, or no longer kept.' });
  const part = h('div', {});
  const fill = (most) => {
    const pre = h('pre', { class: 'hex', text: dump(text.slice(0, most)) });
    part.replaceChildren(pre);
    if (text.length > most) {
      part.append(
        h('button', {
          type: 'button',
          text: `Show all ${number(text.length)} B`,
          onclick: () => fill(Infinity),
        }),
      );
    }
  };
  fill(MOST_BYTES);
  return part;
}

/** Eight bytes in a line, in hex and as text. */
function dump(text) {
  const lines = [];
  for (let at = 0; at < text.length; at += 8) {
    const part = text.slice(at, at + 8);
    const hex = Array.from(part, (each) => each.charCodeAt(0).toString(16).padStart(2, '0')).join(
      ' ',
    );
    const shown = part.replaceAll(/[^\x20-\x7e]/g, '.');
    lines.push(`${at.toString(16).padStart(4, '0')}  ${hex.padEnd(23)}  ${shown}`);
  }
  return lines.join('\n');
}
