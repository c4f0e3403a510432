/** The state of a process as lines of a terminal. */

import type { Inspection } from '../looking/model.ts';

/** How wide and high the terminal is, and whether it has colours. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  readonly hasColours: boolean;
}

const KINDS: Readonly<Record<Inspection['attention'][number]['kind'], string>> = {
  'slow-handler': 'slow handler',
  'slow-client': 'slow client',
  refused: 'refused',
  'idle-socket': 'leaked socket?',
  'dry-pool': 'pool run dry',
  draining: 'shutting down',
  'late-loop': 'late loop',
};

const BOLD = '1';
const QUIET = '2';
const WARN = '33';
const BAD = '31';

/** Lines that fit: what to look at first, requests, pools, refusals. */
export function render(state: Inspection, terminal: Terminal): string[] {
  const { columns, rows, hasColours } = terminal;
  const paint = (code: string, text: string): string =>
    hasColours && code !== '' ? `\u001B[${code}m${text}\u001B[0m` : text;
  const lines: string[] = [];
  const add = (text: string, code = ''): void => {
    if (lines.length < rows - 1) lines.push(paint(code, cut(text, columns)));
  };
  add(headOf(state), BOLD);
  add(countsOf(state), QUIET);
  add('');
  add(`LOOK HERE FIRST (${state.attention.length})`, BOLD);
  if (state.attention.length === 0) add('  nothing waits for long, and nothing was refused', QUIET);
  const most = Math.max(5, Math.floor((rows - 8) / 2));
  for (const { kind, text, since, deadline } of state.attention.slice(0, most)) {
    const age = state.now - since;
    const left = deadline === null ? '' : `; deadline in ${ageOf(deadline - state.now)}`;
    add(
      `  ${KINDS[kind].padEnd(15)} ${ageOf(age).padStart(9)}  ${text}${left}`,
      age > 30_000 ? BAD : age > 5_000 ? WARN : '',
    );
  }
  add('');
  add(`REQUESTS IN PROGRESS (${state.requests.length})`, BOLD);
  for (const { since, method, path, text, peer } of state.requests) {
    const name = method === '' ? '(head)' : `${method} ${path}`;
    add(`  ${ageOf(state.now - since).padStart(9)}  ${name.padEnd(30)} ${peer.padEnd(22)} ${text}`);
  }
  add('');
  add(`POOLS (${state.pools.length})`, BOLD);
  for (const { origin, open, limit, idle, waiting } of state.pools) {
    add(`  ${origin.padEnd(40)} ${open} of ${limit} open, ${idle} idle, ${waiting} waiting`);
  }
  add('');
  add(`REFUSALS (${state.refusals.length})`, BOLD);
  for (const { count, status, rule, section } of state.refusals) {
    add(`  ${String(count).padStart(6)}  ${String(status).padStart(3)}  ${rule}  ${section}`);
  }
  return lines;
}

function headOf({ process: about, wallTime }: Inspection): string {
  const time = new Date(wallTime).toISOString().slice(11, 19);
  const memory = `${(about.memory / 1_000_000).toFixed(1)} MB`;
  return `awaitio  process ${about.pid}  Node ${about.node}  ${memory}  loop ${about.loopDelay.toFixed(1)} ms late  ${time}`;
}

function countsOf({ sockets, requests, tasks, servers }: Inspection): string {
  const answered = servers.reduce((sum, { completed }) => sum + completed, 0);
  return `${sockets.length} sockets, ${requests.length} requests, ${tasks.length} tasks, ${answered} answered, ${servers.length} servers`;
}

/** An age as people read it. */
export function ageOf(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  if (seconds < 1) return '< 1 s';
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** One line: a control character of a name could move the cursor. */
function cut(text: string, columns: number): string {
  const plain = text.replaceAll(/\p{Cc}/gu, ' ');
  return plain.length > columns ? `${plain.slice(0, Math.max(0, columns - 1))}~` : plain;
}
