/** The connections of clients, by origin. */
import { age, heat } from '../format.js';
import { Table } from '../table.js';

export function pools({ openRow }) {
  const count = (title, field, isWide = false) => ({
    title,
    width: '88px',
    isNumber: true,
    isWide,
    text: (row) => String(row[field]),
    sort: (row) => row[field],
  });
  const table = new Table({
    label: 'Client pools',
    keyOf: ({ id }) => id,
    onOpen: (row) => openRow('pool', row),
    find: ({ origin }) => origin,
    sort: { column: 2, isDescending: true },
    columns: [
      { title: 'Origin', width: 'minmax(130px, 2fr)', isMono: true, text: ({ origin }) => origin },
      {
        title: 'Open',
        width: '72px',
        isNumber: true,
        text: ({ open, limit }) => `${open} of ${limit}`,
        sort: ({ open }) => open,
      },
      count('Waiting', 'waiting'),
      {
        title: 'Longest',
        width: '84px',
        isNumber: true,
        text: ({ waitingSince }, now) => (waitingSince === null ? '' : age(now - waitingSince)),
        sort: ({ waitingSince }, now) => (waitingSince === null ? -1 : now - waitingSince),
        heat: ({ waitingSince }, now) => (waitingSince === null ? 0 : heat(now - waitingSince)),
      },
      count('Idle', 'idle', true),
      count('Connecting', 'connecting', true),
      count('Unanswered', 'unanswered', true),
      count('Unread', 'unread', true),
    ],
  });
  return {
    element: table.element,
    focusFilter: () => table.focusFilter(),
    filter: (text) => table.filter(text),
    update(state) {
      table.update(state.facts.pools, state.now);
    },
  };
}
