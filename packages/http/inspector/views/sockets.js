/** Sockets, as `ss` shows them. */
import { age, bytes, heat, waitWords } from '../format.js';
import { Table } from '../table.js';

export function sockets({ openRow }) {
  const size = (title, field) => ({
    title,
    width: '82px',
    isNumber: true,
    isWide: true,
    text: (row) => bytes(row[field]),
    sort: (row) => row[field],
  });
  const table = new Table({
    label: 'Sockets',
    keyOf: ({ id }) => id,
    onOpen: (row) => openRow('socket', row),
    find: (row) =>
      `${row.id} ${row.kind} ${row.owner} ${row.of} ${row.local} ${row.peer} ${row.phase} ${phaseOf(row)}`,
    sort: { column: 3, isDescending: true },
    columns: [
      {
        title: 'Peer',
        width: 'minmax(110px, 1.2fr)',
        narrow: '118px',
        isMono: true,
        text: (row) => row.peer || row.id,
      },
      {
        title: 'Local',
        width: 'minmax(110px, 1.2fr)',
        isMono: true,
        isWide: true,
        text: ({ local }) => local,
      },
      { title: 'Phase', width: 'minmax(112px, .9fr)', narrow: '1fr', text: phaseOf },
      {
        title: 'Age',
        width: '84px',
        isNumber: true,
        // The wait has an age, too.
        isWide: true,
        text: (row, now) => age(now - row.since),
        sort: (row, now) => now - row.since,
      },
      {
        title: 'Waits',
        width: 'minmax(104px, 1fr)',
        narrow: '1fr',
        text: (row, now) => waitOf(row, now),
        heat: (row, now) => (isWanted(row) ? heat(now - row.waits[0].since) : 0),
        sort: (row, now) => (row.waits[0] === undefined ? -1 : now - row.waits[0].since),
      },
      {
        title: 'Deadline',
        width: '84px',
        isNumber: true,
        isWide: true,
        text: ({ deadline }, now) => (deadline === null ? '' : `in ${age(deadline - now)}`),
        sort: ({ deadline }) => deadline ?? Infinity,
      },
      size('Read', 'bytesRead'),
      size('Written', 'bytesWritten'),
      size('Buffered', 'buffered'),
      size('Unsent', 'unsent'),
      {
        title: 'Owner',
        width: '110px',
        isWide: true,
        text: ({ owner, of }) => `${owner} ${of}`.trim(),
      },
    ],
  });
  return {
    element: table.element,
    focusFilter: () => table.focusFilter(),
    filter: (text) => table.filter(text),
    update(state) {
      table.update([...state.sockets.values()], state.now);
    },
  };
}

/** Whether its wait keeps something from going on: an idle connection may wait for as long as it likes. */
function isWanted({ waits, phase }) {
  return waits.length > 0 && !['idle', 'first-byte', 'upgraded'].includes(phase);
}

/** What the peer of a server does, and what a client waits for. */
const PHASES = {
  server: {
    'first-byte': 'nothing sent yet',
    headers: 'sends a head',
    handler: 'in its handler',
    body: 'sends a body',
    write: 'takes a response',
    flush: 'takes a response',
    linger: 'is being closed',
    upgraded: 'other protocol',
  },
  client: { headers: 'awaits an answer', body: 'receives a body' },
};

function phaseOf({ phase, isPaused, state, owner }) {
  const ended = state === 'open' ? '' : `, ${state}`;
  const words = PHASES[owner]?.[phase] ?? phase;
  return `${words}${isPaused ? ', paused' : ''}${phase === state ? '' : ended}`;
}

function waitOf({ waits, phase }, now) {
  const [wait] = waits;
  if (wait === undefined && phase === 'handler') return 'its handler';
  return wait === undefined
    ? 'nothing waits'
    : `${waitWords(wait.operation)} ${age(now - wait.since)}`;
}
