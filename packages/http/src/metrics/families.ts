/** From snapshots to families of metrics. Labels are words of this package, names that the program gave, or bounded. */

import { openStreams, type TaskInfo, type WaitInfo } from '@awaitio/core';
import { BoundedSamples } from './bounded-samples.ts';
import type { Family, Sample } from './exposition.ts';
import type { LoopDelay } from './loop-delay.ts';
import type { ExecutorSource, ListenerSource, ServerSource, Sources } from './sources.ts';

/** Reads everything. @param limit - The most combinations of labels of a name. */
export function familiesOf(
  { server, executor, clients, listener }: Sources,
  delay: LoopDelay | undefined,
  limit: number,
): Family[] {
  const tasks = executor?.snapshot() ?? [];
  return [
    ...ofServer(server, limit),
    ...(listener === undefined ? [] : ofListener(listener)),
    ...(executor === undefined ? [] : ofExecutor(executor)),
    ...ofStreams(tasks, limit),
    ...ofClients(clients, limit),
    ...(delay === undefined ? [] : ofLoop(delay)),
  ];
}

const one = (value: number): readonly Sample[] => [{ labels: {}, value }];

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name: `awaitio_${name}`, type: 'gauge', help, samples };
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name: `awaitio_${name}`, type: 'counter', help, samples };
}

/** Samples that differ in one label. */
function by(label: string, values: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}

function ofServer(server: ServerSource, limit: number): Family[] {
  const { connections, requests, isDraining } = server.statistics();
  const refusals = new BoundedSamples(limit);
  for (const [cause, count] of Object.entries(requests.refusedByCause)) {
    refusals.add({ cause }, count);
  }
  const { open, idle, total } = connections;
  return [
    gauge(
      'http_connections',
      'Open connections of the server.',
      by('state', { busy: open - idle, idle }),
    ),
    counter('http_connections_accepted', 'Connections that the server has accepted.', one(total)),
    gauge('http_requests_active', 'Requests being handled or answered.', one(requests.active)),
    counter(
      'http_requests',
      'Requests that were answered completely, or whose response was aborted.',
      by('outcome', { completed: requests.completed, failed: requests.failed }),
    ),
    counter(
      'http_refusals',
      'Connections and requests refused before a handler saw them, by the code of the error.',
      refusals.list,
    ),
    gauge(
      'http_draining',
      'Whether the shutdown of the server has begun.',
      one(isDraining ? 1 : 0),
    ),
  ];
}

function ofListener(listener: ListenerSource): Family[] {
  const { accepted, open, pending, refused } = listener.statistics();
  return [
    counter('listener_accepted', 'Connections that the listener has handed out.', one(accepted)),
    counter('listener_refused', 'Connections above a limit of the listener.', one(refused)),
    gauge('listener_connections', 'Connections handed out and still open.', one(open)),
    gauge('listener_pending', 'Connections that wait to be accepted.', one(pending)),
  ];
}

function ofExecutor(executor: ExecutorSource): Family[] {
  const { pending, running, done, failed, aborted } = executor.statistics();
  return [
    gauge('tasks', 'Tasks that have not ended.', by('state', { pending, running })),
    counter('tasks_ended', 'Tasks that have ended.', by('outcome', { done, failed, aborted })),
  ];
}

/** Streams are listed while `trackStreams` is on, the waits of tasks while `traceWaits` is. */
function ofStreams(tasks: readonly TaskInfo[], limit: number): Family[] {
  const sockets = new BoundedSamples(limit);
  const buffered = new BoundedSamples(limit);
  const unsent = new BoundedSamples(limit);
  const waits = new BoundedSamples(limit);
  const oldest = new BoundedSamples(limit, Math.max);
  const addWait = ({ operation, age }: WaitInfo): void => {
    waits.add({ operation }, 1);
    oldest.add({ operation }, age / 1_000);
  };
  for (const stream of openStreams()) {
    const { kind } = stream;
    sockets.add({ kind, state: stream.state }, 1);
    buffered.add({ kind }, stream.buffered);
    unsent.add({ kind }, stream.unsent);
    // One that belongs to a task is among the waits of the task.
    for (const wait of stream.waits) if (wait.task === undefined) addWait(wait);
  }
  for (const task of tasks) for (const wait of task.waits) addWait(wait);
  return [
    gauge('sockets', 'Open streams.', sockets.list),
    gauge('socket_buffered_bytes', 'Bytes that arrived and were not taken.', buffered.list),
    gauge('socket_unsent_bytes', 'Bytes accepted and not yet passed on.', unsent.list),
    gauge('waits', 'Calls that wait, by their name.', waits.list),
    gauge('wait_oldest_seconds', 'The age of the oldest call that waits.', oldest.list),
  ];
}

function ofClients(clients: Sources['clients'], limit: number): Family[] {
  const connections = new BoundedSamples(limit);
  const waiting = new BoundedSamples(limit);
  for (const [client, source] of Object.entries(clients)) {
    for (const [origin, pool] of Object.entries(source.statistics())) {
      connections.add({ client, origin, state: 'busy' }, pool.open - pool.idle);
      connections.add({ client, origin, state: 'idle' }, pool.idle);
      waiting.add({ client, origin }, pool.waiting);
    }
  }
  return [
    gauge('client_connections', 'Open connections of clients, by origin.', connections.list),
    gauge('client_requests_waiting', 'Requests that wait for a connection.', waiting.list),
  ];
}

function ofLoop({ mean, p99, max }: LoopDelay): Family[] {
  const since = 'since the last reading.';
  return [
    gauge('event_loop_delay_mean_seconds', `How late the event loop was ${since}`, one(mean)),
    gauge('event_loop_delay_p99_seconds', `The 99th percentile of that, ${since}`, one(p99)),
    gauge('event_loop_delay_max_seconds', `The longest delay ${since}`, one(max)),
  ];
}
