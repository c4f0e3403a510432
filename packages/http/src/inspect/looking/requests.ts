/** The requests in progress, and what each waits for. */

import type { ConnectionView, ExchangeView, ServerView } from '../../observing/servers.ts';
import type { RequestModel, TaskModel } from './model.ts';
import { pathOf, printable } from './safe-text.ts';
import { requestId, type Sockets } from './sockets.ts';
import type { Timeline } from './timeline.ts';

/** Looks at the requests of servers, oldest first. */
export function lookAtRequests(
  servers: readonly ServerView[],
  sockets: Sockets,
  byRequest: ReadonlyMap<string, TaskModel>,
  timeline: Timeline,
): RequestModel[] {
  const requests: RequestModel[] = [];
  for (const server of servers) {
    for (const connection of server.connections) {
      const model =
        connection.exchange === undefined
          ? headInProgress(server, connection, sockets, timeline)
          : requestModel(server, connection, connection.exchange, sockets, byRequest, timeline);
      if (model !== undefined) requests.push(model);
    }
  }
  return requests.toSorted((a, b) => a.since - b.since);
}

function requestModel(
  server: ServerView,
  connection: ConnectionView,
  exchange: ExchangeView,
  sockets: Sockets,
  byRequest: ReadonlyMap<string, TaskModel>,
  timeline: Timeline,
): RequestModel {
  const { clock } = server.runtime;
  const { head, startedAt, bytesIn, bytesOut, status } = exchange;
  const { phases, isSwitched } = connection;
  const id = requestId(server, connection);
  const task = byRequest.get(id);
  const phase = phaseOf(connection, exchange);
  return {
    id,
    method: printable(head.method),
    path: pathOf(head.target),
    peer: String(connection.remoteAddress ?? ''),
    since: timeline.moment(startedAt, clock) ?? Math.round(timeline.now),
    phase,
    text: TEXTS[phase],
    waitsSince: waitsSince(connection, phase, timeline),
    deadline: isSwitched ? null : timeline.moment(phases.deadlineAt, clock),
    bytesIn,
    length: head.contentLength ?? null,
    bytesOut,
    status,
    socket: sockets.idOf(connection.stream),
    task: task?.id ?? null,
    waits: task?.waits ?? [],
  };
}

type Phase = 'headers' | 'handler' | 'body' | 'drop' | 'produce' | 'write' | 'upgraded';

/** What a request waits for. */
const TEXTS: Readonly<Record<Phase, string>> = {
  headers: 'waits for the rest of its head',
  handler: 'waits for its handler',
  body: 'waits for bytes of its body',
  drop: 'is answered; the rest of its body is read and dropped',
  produce: 'waits for the next piece of its response',
  write: 'waits for its client to take the response',
  upgraded: 'has switched protocols',
};

function phaseOf({ phases, isSwitched }: ConnectionView, exchange: ExchangeView): Phase {
  if (isSwitched) return 'upgraded';
  if (phases.now === 'write' || phases.now === 'flush') return 'write';
  if (exchange.isReading) return 'body';
  if (phases.now === 'body') return 'drop';
  return exchange.status === 0 ? 'handler' : 'produce';
}

/** Since when the wait on its stream lasts, where that is a wait for the client. */
function waitsSince({ stream }: ConnectionView, phase: Phase, timeline: Timeline): number | null {
  if (phase === 'handler' || phase === 'produce' || phase === 'upgraded') return null;
  const ages = stream.statistics().waits.map(({ age }) => age);
  return ages.length === 0 ? null : timeline.ago(Math.max(...ages));
}

/** A head that has begun and is not complete. */
function headInProgress(
  server: ServerView,
  connection: ConnectionView,
  sockets: Sockets,
  timeline: Timeline,
): RequestModel | undefined {
  const { phases, stream, remoteAddress } = connection;
  if (phases.now !== 'headers') return undefined;
  const { clock, deadlines } = server.runtime;
  const deadline = timeline.moment(phases.deadlineAt, clock);
  const since = timeline.moment(phases.deadlineAt - deadlines.headers, clock);
  return {
    id: requestId(server, connection),
    method: '',
    path: '',
    peer: String(remoteAddress ?? ''),
    since: since ?? Math.round(timeline.now),
    phase: 'headers',
    text: TEXTS.headers,
    waitsSince: waitsSince(connection, 'headers', timeline),
    deadline,
    bytesIn: 0,
    length: null,
    bytesOut: 0,
    status: 0,
    socket: sockets.idOf(stream),
    task: null,
    waits: [],
  };
}
