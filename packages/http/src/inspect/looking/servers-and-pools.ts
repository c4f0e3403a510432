/** Servers and pools of clients, as the model has them. */

import type { ClientView, PoolView } from '../../observing/clients.ts';
import type { DrainView, ServerView } from '../../observing/servers.ts';
import type { PoolModel, ServerModel } from './model.ts';
import type { Timeline } from './timeline.ts';

/** A server. */
export function serverModel(view: ServerView, timeline: Timeline): ServerModel {
  const { id, url, counts, admission, runtime } = view;
  const { connections, requests } = counts;
  const { pending = 0, refused = 0 } = admission ?? {};
  return {
    id,
    url,
    ...connections,
    active: requests.active,
    completed: requests.completed,
    failed: requests.failed,
    refused: requests.refused,
    admission: admission === undefined ? null : { pending, refused },
    drain: runtime.drain === undefined ? null : drainModel(runtime.drain, view, timeline),
  };
}

function drainModel(
  { startedAt, lameDuck, grace, report }: DrainView,
  { runtime }: ServerView,
  timeline: Timeline,
): ServerModel['drain'] {
  const since = timeline.moment(startedAt, runtime.clock) ?? 0;
  return {
    since,
    deadline: since + lameDuck + grace,
    report: report === undefined ? null : { ...report, aborted: report.aborted.length },
  };
}

/** The pools of a client. */
export function poolModels({ id, pools }: ClientView, timeline: Timeline): readonly PoolModel[] {
  return pools.map((pool) => poolModel(id, pool, timeline));
}

function poolModel(client: number, pool: PoolView, timeline: Timeline): PoolModel {
  const { origin, limit, idle, connecting, waits, connections } = pool;
  const holding = (what: string): number =>
    connections.filter(([{ holds }]) => holds === what).length;
  const [oldest] = waits;
  return {
    id: `${client} ${origin}`,
    client,
    origin,
    limit,
    open: connections.length,
    idle,
    connecting,
    unanswered: holding('headers'),
    unread: holding('body'),
    waiting: waits.length,
    waitingSince: oldest === undefined ? null : timeline.ago(oldest.age),
  };
}
