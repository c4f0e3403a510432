/** Who waits on what: executors, tasks and their children, and the wait of each. */
import { h } from '../dom.js';
import { age, heat, place } from '../format.js';
import { Table } from '../table.js';

export function waits({ openRow }) {
  const note = h('p', { class: 'quiet' });
  const table = new Table({
    label: 'Tasks and their waits',
    keyOf: ({ id }) => id,
    onOpen: (row) => row.task !== undefined && openRow('task', row.task),
    find: (row) => `${row.name} ${row.text}`,
    level: ({ level }) => level,
    columns: [
      { title: 'Task', width: 'minmax(96px, 1fr)', narrow: '104px', text: ({ name }) => name },
      {
        title: 'Age',
        width: '84px',
        narrow: '38px',
        isNumber: true,
        text: ({ since }, now) => (since === undefined ? '' : age(now - since)),
        heat: (row, now) => (row.isWait || row.isRequest ? heat(now - row.since) : 0),
      },
      { title: 'Waits on', width: 'minmax(140px, 2.4fr)', text: ({ text }) => text },
    ],
  });
  return {
    element: h('div', {}, note, table.element),
    focusFilter: () => table.focusFilter(),
    filter: (text) => table.filter(text),
    update(state) {
      note.textContent = state.facts.process.isTraced
        ? ''
        : 'Waits are not traced: call traceWaits(true) to see which line of which task waits. What connections wait for is shown without it.';
      table.update(rowsOf(state), state.now);
    },
  };
}

function rowsOf(state) {
  const children = new Map();
  for (const task of state.tasks.values()) {
    const parent = state.tasks.has(task.parent) ? task.parent : task.id.split('.')[0];
    if (!children.has(parent)) children.set(parent, []);
    children.get(parent).push(task);
  }
  const rows = [];
  const add = (task, level) => {
    const request = state.requests.get(task.request);
    const socket = state.sockets.get(task.socket);
    const [only] = task.waits;
    rows.push({
      id: task.id,
      task,
      level,
      name: task.name,
      since: request?.since ?? task.since,
      isRequest: request !== undefined,
      text: request === undefined ? textOf(task, socket, only) : requestText(request),
    });
    for (const [at, wait] of task.waits.entries()) {
      // What a connection itself waits for is said in its own line.
      if (wait.socket !== null && wait.socket === task.socket) continue;
      rows.push({
        id: `${task.id} w${at}`,
        task,
        level: level + 1,
        name: 'waits',
        since: wait.since,
        isWait: true,
        text: waitText(wait, state),
      });
    }
    for (const child of children.get(task.id) ?? []) add(child, level + 1);
  };
  for (const { id, name, running, pending } of state.facts.executors) {
    const text = `${running} running, ${pending} wait for a slot`;
    rows.push({ id: `executor ${id}`, level: 0, name, text });
    for (const task of children.get(String(id)) ?? []) add(task, 1);
  }
  return rows;
}

function requestText({ method, path, text, peer }) {
  const name = method === '' ? 'a request' : `${method} ${path}`;
  return `${name} of ${peer} ${text}`;
}

function textOf({ state }, socket, wait) {
  if (state === 'pending') return 'waits for a slot';
  if (socket !== undefined) return `${socket.peer} ${PHASES[socket.phase] ?? socket.phase}`;
  return wait === undefined ? state : '';
}

const PHASES = {
  'first-byte': 'has sent nothing yet',
  idle: 'may send another request',
  headers: 'sends a head',
  handler: 'waits for its handler',
  linger: 'is being closed',
  upgraded: 'has switched protocols',
};

function waitText({ operation, site, socket }, state) {
  const row = state.sockets.get(socket);
  const on = row === undefined ? '' : ` on ${row.kind} ${row.peer}`;
  const where = site === null ? '' : ` at ${place(site)}`;
  return `${operation}${on}${where}`;
}
