/** What was refused, by which rule, and where the rule is written. */
import { h } from '../dom.js';
import { age, number } from '../format.js';
import { Table } from '../table.js';

export function refusals({ openRow }) {
  const table = new Table({
    label: 'Refusals',
    keyOf: ({ cause }) => cause,
    onOpen: (row) => openRow('refusal', row),
    find: (row) => `${row.cause} ${row.rule} ${row.section} ${row.peers.join(' ')}`,
    sort: { column: 1, isDescending: false },
    columns: [
      {
        title: 'Count',
        width: '64px',
        isNumber: true,
        text: ({ count }) => number(count),
        sort: ({ count }) => count,
      },
      {
        title: 'Last',
        width: '84px',
        isNumber: true,
        text: (row, now) => age(now - row.lastAt),
        sort: (row, now) => now - row.lastAt,
      },
      {
        title: 'Status',
        width: '60px',
        isWide: true,
        text: ({ status }) => String(status || 'none'),
      },
      { title: 'Rule', width: 'minmax(140px, 2fr)', text: ({ rule }) => rule },
      {
        title: 'Written in',
        width: 'minmax(90px, 1fr)',
        text: ({ section }) => section || 'a limit of this server',
      },
      {
        title: 'Code',
        width: 'minmax(90px, 1fr)',
        isMono: true,
        isWide: true,
        text: ({ cause }) => cause,
      },
      {
        title: 'Last peer',
        width: '170px',
        isMono: true,
        isWide: true,
        text: ({ peers }) => peers[0] ?? '',
      },
    ],
  });
  return {
    element: h('div', {}, table.element),
    focusFilter: () => table.focusFilter(),
    filter: (text) => table.filter(text),
    update(state) {
      table.update(state.facts.refusals, state.now);
    },
  };
}
