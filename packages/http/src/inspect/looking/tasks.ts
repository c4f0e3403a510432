/** The tasks of all executors, and what they wait for. */

import type { TaskInfo } from '@awaitio/core';
import { executors, type ExecutorView } from '@awaitio/core/lowlevel';
import type { ServerView } from '../../observing/servers.ts';
import type { ExecutorModel, TaskModel, WaitModel } from './model.ts';
import { requestId, waitModel, type Sockets, type SocketsLook } from './sockets.ts';
import type { Timeline } from './timeline.ts';

/** What a task does for a connection. */
interface Served {
  readonly socket: string;
  readonly request: string | null;
}

/** The tasks of one look. */
export interface TasksLook {
  readonly executors: readonly ExecutorModel[];
  readonly tasks: readonly TaskModel[];
  /** The waits of a task by the id of the request that it serves. */
  readonly byRequest: ReadonlyMap<string, TaskModel>;
}

/** Looks at every executor but those of hidden servers. */
export function lookAtTasks(
  servers: readonly ServerView[],
  hidden: ReadonlySet<unknown>,
  sockets: Sockets,
  look: SocketsLook,
  timeline: Timeline,
): TasksLook {
  const served = servedBy(servers, sockets);
  const models: ExecutorModel[] = [];
  const tasks: TaskModel[] = [];
  const byRequest = new Map<string, TaskModel>();
  for (const view of executors) {
    if (hidden.has(view.executor)) continue;
    const snapshot = view.executor.snapshot();
    if (snapshot.length === 0 && isUnused(view)) continue;
    models.push(executorModel(view));
    for (const info of snapshot) {
      const task = taskModel(view, info, served.get(view.executor)?.get(info.id), look, timeline);
      tasks.push(task);
      if (task.request !== null) byRequest.set(task.request, task);
    }
  }
  return { executors: models, tasks, byRequest };
}

/** The executor that is there before any program uses it. */
function isUnused({ executor }: ExecutorView): boolean {
  const { done, failed, aborted } = executor.statistics();
  return done + failed + aborted === 0;
}

function servedBy(
  servers: readonly ServerView[],
  sockets: Sockets,
): ReadonlyMap<unknown, ReadonlyMap<number, Served>> {
  const served = new Map<unknown, Map<number, Served>>();
  for (const server of servers) {
    const tasks = served.get(server.executor) ?? new Map<number, Served>();
    served.set(server.executor, tasks);
    for (const connection of server.connections) {
      const { task, stream, exchange } = connection;
      if (task === undefined) continue;
      const request = exchange === undefined ? null : requestId(server, connection);
      tasks.set(task.id, { socket: sockets.idOf(stream), request });
    }
  }
  return served;
}

function executorModel({
  id,
  name,
  concurrency,
  maxPending,
  executor,
}: ExecutorView): ExecutorModel {
  const finite = (limit: number): number | null => (limit === Infinity ? null : limit);
  return {
    id,
    name,
    ...executor.statistics(),
    concurrency: finite(concurrency),
    maxPending: finite(maxPending),
  };
}

function taskModel(
  { id: executor }: ExecutorView,
  info: TaskInfo,
  served: Served | undefined,
  look: SocketsLook,
  timeline: Timeline,
): TaskModel {
  const { id, parent, name, state, age, site } = info;
  const waits = info.waits.map((wait): WaitModel => {
    const socket = look.socketOf({ ...wait, task: name, taskId: id });
    return waitModel(wait, timeline, socket);
  });
  return {
    id: `${executor}.${id}`,
    parent: parent === undefined ? null : `${executor}.${parent}`,
    name,
    state,
    since: timeline.ago(age),
    site: site ?? null,
    waits,
    socket: served?.socket ?? null,
    request: served?.request ?? null,
  };
}
