/** Requests in progress, latencies by route, and the ones that failed. */
import { h } from '../dom.js';
import { age, bytes, duration, heat, number } from '../format.js';
import { Table } from '../table.js';

export function requests({ openRow }) {
  const live = new Table({
    label: 'Requests in progress',
    keyOf: ({ id }) => id,
    onOpen: (row) => openRow('request', row),
    find: (row) => `${row.id} ${row.method} ${row.path} ${row.peer} ${row.text}`,
    sort: { column: 0, isDescending: true },
    columns: [
      {
        title: 'Age',
        width: '84px',
        isNumber: true,
        text: (row, now) => age(now - row.since),
        sort: (row, now) => now - row.since,
        heat: (row, now) => heat(now - row.since),
      },
      {
        title: 'Request',
        width: 'minmax(120px, 1.4fr)',
        isMono: true,
        text: ({ method, path }) =>
          method === '' ? '(its head is not complete)' : `${method} ${path}`,
      },
      {
        title: 'Waits',
        width: 'minmax(120px, 1.6fr)',
        text: ({ text, waitsSince }, now) =>
          Number.isFinite(waitsSince) ? `${text}, for ${age(now - waitsSince)} now` : text,
      },
      {
        title: 'Deadline',
        width: '90px',
        isNumber: true,
        isWide: true,
        text: ({ deadline }, now) => (deadline === null ? 'none' : `in ${age(deadline - now)}`),
        sort: ({ deadline }) => deadline ?? Infinity,
      },
      {
        title: 'In',
        width: '80px',
        isNumber: true,
        isWide: true,
        text: ({ bytesIn }) => bytes(bytesIn),
        sort: ({ bytesIn }) => bytesIn,
      },
      {
        title: 'Out',
        width: '80px',
        isNumber: true,
        isWide: true,
        text: ({ bytesOut }) => bytes(bytesOut),
        sort: ({ bytesOut }) => bytesOut,
      },
      { title: 'Client', width: '170px', isMono: true, isWide: true, text: ({ peer }) => peer },
    ],
  });
  const routes = h('div', { class: 'cards' });
  const failures = h('div', { class: 'table', role: 'table', 'aria-label': 'Failed requests' });
  const element = h(
    'div',
    {},
    h('h2', { text: 'In progress' }),
    live.element,
    h(
      'h2',
      { text: 'Latency by route ' },
      h('small', {
        text: 'while someone looks; a striped bar has failures; press a bar for the slowest of it',
      }),
    ),
    routes,
    h('h2', { text: 'Failed' }),
    failures,
  );
  let drawn = '';
  return {
    element,
    focusFilter: () => live.focusFilter(),
    filter: (text) => live.filter(text),
    update(state) {
      live.update([...state.requests.values()], state.now);
      const rows = [...state.routes.values()].toSorted((a, b) => b.count - a.count);
      const key = JSON.stringify([rows.map(({ count }) => count), state.facts.failures.length]);
      if (key === drawn) return;
      drawn = key;
      const cards = rows.map((row) => route(row, openRow));
      routes.replaceChildren(
        ...(cards.length > 0
          ? cards
          : [h('p', { class: 'empty', text: 'Nothing was answered yet.' })]),
      );
      const lines = state.facts.failures.map((each) => failure(each, openRow));
      failures.replaceChildren(
        ...(lines.length > 0 ? lines : [h('p', { class: 'empty', text: 'Nothing has failed.' })]),
      );
    },
  };
}

function route(row, openRow) {
  const { method, route: path, count, failed, p50, p90, p99, max, buckets } = row;
  const most = Math.max(...buckets.map((bucket) => bucket.count));
  const bars = buckets.map((bucket) => bar(bucket, most, openRow));
  return h(
    'article',
    { class: 'card' },
    h('h3', { class: 'mono', text: `${method} ${path}` }),
    h('p', {
      text: `${number(count)} answered${failed > 0 ? `, ${number(failed)} failed` : ''}; half within ${duration(p50)}`,
    }),
    h('p', {
      class: 'quiet',
      text: `p90 ${duration(p90)} · p99 ${duration(p99)} · slowest ${duration(max)}`,
    }),
    h(
      'div',
      { class: 'bars', role: 'group', 'aria-label': `Latencies of ${method} ${path}` },
      ...bars,
    ),
    h(
      'div',
      { class: 'scale', 'aria-hidden': 'true' },
      h('span', { text: '1 ms' }),
      h('span', { text: '> 30 s' }),
    ),
  );
}

function bar({ upTo, count, slowest, failed }, most, openRow) {
  const label = `${upTo === null ? 'longer' : `up to ${duration(upTo)}`}: ${count}${failed === null ? '' : ', with failures'}`;
  const fill = h('i');
  fill.style.height = `${count === 0 ? 0 : Math.max(4, (count / most) * 100)}%`;
  return h(
    'button',
    {
      type: 'button',
      class: failed === null ? '' : 'failed',
      title: label,
      'aria-label': label,
      disabled: count === 0,
      onclick: () => openRow('finished', failed ?? slowest),
    },
    fill,
  );
}

function failure(row, openRow) {
  const { method, path, status, duration: took, peer, isComplete } = row;
  const line = h(
    'div',
    { class: 'line', role: 'row' },
    h('span', { role: 'cell', text: status === 0 ? 'no answer' : String(status) }),
    h('span', { role: 'cell', class: 'mono', text: `${method} ${path}` }),
    h('span', { role: 'cell', class: 'wide', text: isComplete ? 'answered' : 'broken off' }),
    h('span', { role: 'cell', class: 'wide mono', text: peer }),
    h('span', { role: 'cell', class: 'number', text: duration(took) }),
    h('button', { type: 'button', text: 'Show', onclick: () => openRow('finished', row) }),
  );
  const isNarrow = matchMedia('(max-width: 640px)').matches;
  line.style.gridTemplateColumns = isNarrow
    ? '70px 1fr 70px auto'
    : '80px 1fr 100px 170px 90px auto';
  return line;
}
