/** What to look at first, and the servers. */
import { h, setText } from '../dom.js';
import { age, heat, number } from '../format.js';

const KINDS = {
  'slow-handler': 'Slow handler',
  'slow-client': 'Slow client',
  refused: 'Refused',
  'idle-socket': 'Leaked socket?',
  'dry-pool': 'Pool run dry',
  draining: 'Shutting down',
  'late-loop': 'Late loop',
};
/** More than this many are counted, and not listed. */
const MOST = 50;

export function overview({ openAbout }) {
  const list = h('ul', { class: 'attention', 'aria-label': 'Look here first' });
  const calm = h('p', { class: 'empty', text: 'Nothing waits for long, and nothing was refused.' });
  const more = h('p', { class: 'quiet' });
  const servers = h('div', { class: 'cards' });
  const executors = h('div', { class: 'cards' });
  const element = h(
    'div',
    {},
    h('h2', { text: 'Look here first' }),
    calm,
    list,
    more,
    h('h2', { text: 'Servers' }),
    servers,
    h('h2', { text: 'Executors' }),
    executors,
  );
  return {
    element,
    update(state) {
      const { attention } = state.facts;
      calm.hidden = attention.length > 0;
      list.hidden = attention.length === 0;
      const items = attention
        .slice(0, MOST)
        .map((each) => item(each, state.now, openAbout, state.facts.process.isTraced));
      reuse(list, items);
      setText(more, attention.length > MOST ? `and ${attention.length - MOST} more` : '');
      reuse(
        servers,
        cards(state.facts.servers, (each) => server(each, state.now), 'No server yet.'),
      );
      reuse(executors, cards(state.facts.executors, executor, 'No executor has a task.'));
    },
  };
}

/** Puts new elements in place of old ones that differ, so that a focus or a selection stays where nothing has changed. */
function reuse(parent, elements) {
  while (parent.children.length > elements.length) parent.lastElementChild.remove();
  for (const [at, element] of elements.entries()) {
    const old = parent.children[at];
    if (old === undefined) parent.append(element);
    else if (!old.isEqualNode(element) && !old.contains(document.activeElement)) {
      old.replaceWith(element);
    }
  }
}

function item({ kind, text, since, waitsSince, deadline, about }, now, openAbout, isTraced) {
  const left = deadline === null ? '' : `its deadline is in ${age(deadline - now)}`;
  const none = kind === 'slow-handler' ? 'it has no deadline' : '';
  // Old recordings have no such moment.
  const waited = Number.isFinite(waitsSince) ? `, for ${age(now - waitsSince)} now` : '';
  const hint =
    kind === 'slow-handler' && !isTraced && !text.includes(', which waits')
      ? ' Call traceWaits(true) to see what it waits for.'
      : '';
  return h(
    'li',
    { 'data-heat': String(heat(now - since)), 'data-kind': kind },
    h('span', { class: 'kind', text: KINDS[kind] }),
    h('span', { class: 'age heat', text: age(now - since) }),
    h('span', { class: 'text', text: text.endsWith('?') ? text : `${text}${waited}.${hint}` }),
    h('span', { class: 'until', text: deadline === null ? none : left }),
    h('button', {
      type: 'button',
      text: 'Show',
      'aria-label': `Show ${KINDS[kind]}: ${text}`,
      onclick: () => openAbout(kind, about),
    }),
  );
}

function cards(rows, make, none) {
  return rows.length === 0
    ? [h('p', { class: 'empty', text: none })]
    : rows.map((row) => make(row));
}

function server(row, now) {
  const { url, open, idle, total, active, completed, failed, refused, admission, drain } = row;
  const refusals = Object.entries(refused).map(([status, count]) => `${count} with ${status}`);
  return h(
    'article',
    { class: 'card' },
    h('h3', { text: url }),
    h('p', { text: `${number(open)} open, ${number(idle)} idle, ${number(total)} in all` }),
    h('p', {
      text: `${number(active)} in progress, ${number(completed)} answered, ${number(failed)} failed`,
    }),
    refusals.length > 0 && h('p', { text: `refused: ${refusals.join(', ')}` }),
    admission !== null &&
      h('p', {
        class: 'quiet',
        text: `${admission.pending} wait to be accepted, ${admission.refused} turned away at a limit`,
      }),
    drain !== null && h('p', { text: drainText(drain, now) }),
  );
}

function drainText({ since, deadline, report }, now) {
  if (report === null) {
    const left = age(deadline - now);
    return `shuts down since ${age(now - since)}; what is left is aborted in ${left}`;
  }
  const { completed, idleClosed, upgraded, aborted } = report;
  return `shut down: ${completed} completed, ${idleClosed} idle, ${upgraded} upgraded, ${aborted} aborted`;
}

function executor({ name, running, pending, done, failed, aborted, concurrency }) {
  const limit = concurrency === null ? '' : ` of ${concurrency} slots`;
  return h(
    'article',
    { class: 'card' },
    h('h3', { text: name }),
    h('p', { text: `${number(running)} running${limit}, ${number(pending)} wait for a slot` }),
    h('p', {
      class: 'quiet',
      text: `${number(done)} done, ${number(failed)} failed, ${number(aborted)} aborted`,
    }),
  );
}
