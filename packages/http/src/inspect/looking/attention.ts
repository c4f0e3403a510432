/** What a reader should look at first, found in what was seen. */

import type {
  AttentionModel,
  PoolModel,
  RefusalModel,
  RequestModel,
  ServerModel,
  SocketModel,
  WaitModel,
} from './model.ts';

/** What was seen, as far as it matters here. */
export interface Seen {
  readonly now: number;
  /** From this age on a wait is worth a look, in milliseconds. */
  readonly attentionAfter: number;
  readonly requests: readonly RequestModel[];
  readonly sockets: readonly SocketModel[];
  readonly unused: ReadonlyMap<string, number>;
  readonly pools: readonly PoolModel[];
  readonly refusals: readonly RefusalModel[];
  readonly servers: readonly ServerModel[];
  readonly loopDelay: number;
}

/** For so long a refusal is worth a look, in milliseconds. */
const RECENTLY = 60_000;
/** From this delay on the event loop is late, in milliseconds. */
const LATE = 100;

/** Finds what to look at first, the oldest first. */
export function findAttention(seen: Seen): readonly AttentionModel[] {
  const isOld = (since: number): boolean => seen.now - since >= seen.attentionAfter;
  const found = [
    ...seen.requests
      .filter(({ since }) => isOld(since))
      .map((each) => aboutRequest(each, seen.sockets)),
    ...seen.sockets.flatMap((socket) => aboutSocket(socket, seen.unused.get(socket.id), isOld)),
    ...seen.pools.flatMap((pool) => aboutPool(pool)),
    ...seen.refusals.flatMap((refusal) => aboutRefusal(refusal, seen.now)),
    ...seen.servers.flatMap((server) => aboutServer(server)),
    ...aboutLoop(seen),
  ];
  return found.filter((each) => each !== undefined).toSorted((a, b) => a.since - b.since);
}

const SLOW_CLIENT: ReadonlySet<string> = new Set(['headers', 'body', 'write', 'drop']);

function aboutRequest(
  request: RequestModel,
  sockets: readonly SocketModel[],
): AttentionModel | undefined {
  const { id, method, path, peer, phase, text, since, deadline, bytesIn, length, waits } = request;
  // An event stream, or a WebSocket, lasts as long as it is wanted.
  if (phase === 'upgraded' || phase === 'produce') return undefined;
  const name = method === '' ? 'A request' : `${method} ${path}`;
  const progress = phase === 'body' ? `; ${bytesIn} of ${length ?? 'unknown'} bytes came` : '';
  const [wait] = phase === 'handler' ? waits : [];
  const where = wait === undefined ? '' : `, which waits for ${textOfWait(wait, sockets)}`;
  return {
    kind: SLOW_CLIENT.has(phase) ? 'slow-client' : 'slow-handler',
    text: `${name} of ${peer === '' ? 'a client' : peer} ${text}${where}${progress}`,
    since,
    waitsSince: request.waitsSince,
    deadline,
    about: id,
  };
}

/** What a wait is on, and in which line. */
function textOfWait(
  { operation, socket, site }: WaitModel,
  sockets: readonly SocketModel[],
): string {
  const on = sockets.find(({ id }) => id === socket);
  const [line = ''] = site?.trim().split('\n') ?? [];
  return `${operation}${on === undefined ? '' : ` on ${on.kind} ${on.peer}`}${line === '' ? '' : ` ${withoutFolders(line.trim())}`}`;
}

/** A line of a stack with the last folder and the file alone: more of it is in the details. */
function withoutFolders(line: string): string {
  return line.replace(/(?:file:\/\/)?\/[^\s()]*\/([^/\s()]+\/[^/\s()]+)/, '$1');
}

function aboutSocket(
  socket: SocketModel,
  unusedSince: number | undefined,
  isOld: (since: number) => boolean,
): AttentionModel[] {
  if (unusedSince === undefined || !isOld(unusedSince)) return [];
  const { id, kind, local, peer, site } = socket;
  const where = local === '' ? '' : ` ${local} to ${peer}`;
  const [line = ''] = site?.trim().split('\n') ?? [];
  const opened = line === '' ? '' : `, opened ${withoutFolders(line.trim())}`;
  const text = `${kind}${where} is open, and nothing waits for it${opened}: was its close() forgotten?`;
  return [
    {
      kind: 'idle-socket',
      text,
      since: Math.round(unusedSince),
      waitsSince: null,
      deadline: null,
      about: id,
    },
  ];
}

function aboutPool(pool: PoolModel): AttentionModel[] {
  const { id, origin, limit, open, connecting, unanswered, unread, waiting, waitingSince } = pool;
  if (waitingSince === null) return [];
  const full = open + connecting >= limit ? `all ${limit} connections` : 'the connections';
  const text = `${waiting} ${waiting === 1 ? 'request waits' : 'requests wait'} for a connection to ${origin}: ${full} are in use (${unanswered} wait for an answer, ${unread} for a body to be read)`;
  return [
    { kind: 'dry-pool', text, since: waitingSince, waitsSince: null, deadline: null, about: id },
  ];
}

function aboutRefusal(refusal: RefusalModel, now: number): AttentionModel[] {
  const { cause, rule, section, status, count, lastAt, peers } = refusal;
  if (now - lastAt > RECENTLY) return [];
  const written = section === '' ? '' : ` (${section})`;
  const [peer = ''] = peers;
  const from = peer === '' ? '' : `, last from ${peer}`;
  const text = `${count} refused with ${status === 0 ? 'no answer' : status}: ${rule}${written}; ${cause}${from}`;
  return [{ kind: 'refused', text, since: lastAt, waitsSince: null, deadline: null, about: cause }];
}

function aboutServer({ id, url, drain, open }: ServerModel): AttentionModel[] {
  if (drain === null || drain.report !== null) return [];
  const text = `The server ${url} shuts down: ${open} ${open === 1 ? 'connection is' : 'connections are'} open`;
  return [
    {
      kind: 'draining',
      text,
      since: drain.since,
      waitsSince: null,
      deadline: drain.deadline,
      about: `s${id}`,
    },
  ];
}

function aboutLoop({ loopDelay, now }: Seen): AttentionModel[] {
  if (loopDelay < LATE) return [];
  const text = `The event loop is late by ${Math.round(loopDelay)} ms: some code runs for long without a wait`;
  return [
    {
      kind: 'late-loop',
      text,
      since: Math.round(now),
      waitsSince: null,
      deadline: null,
      about: 'loop',
    },
  ];
}
