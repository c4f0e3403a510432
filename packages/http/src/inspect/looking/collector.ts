/**
 * Looks at the process, and counts what passes between two looks.
 *
 * While no one looks nothing is counted but refusals, which are rare: requests tell no one that they end, and no timer runs. What
 * is seen is asked for in the moment of a look.
 */

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Clock } from '@awaitio/core';
import { isTracingWaits } from '@awaitio/core/lowlevel';
import { EventLoopDelay, type DelayMonitor } from '../../batteries/wrappers/event-loop-delay.ts';
import { clients } from '../../observing/clients.ts';
import {
  everyServer,
  type FinishedRequest,
  type FinishedWatcher,
} from '../../observing/finished.ts';
import {
  watchRefusedBytes,
  type RefusedBytes,
  type RefusedBytesWatcher,
} from '../../observing/refused-bytes.ts';
import { servers, type ServerView } from '../../observing/servers.ts';
import { findAttention } from './attention.ts';
import type { Inspection } from './model.ts';
import { Recorder, type Recording } from './recorder.ts';
import { Refusals } from './refusals.ts';
import { lookAtRequests } from './requests.ts';
import { finishedModel, hasFailed, Routes } from './routes.ts';
import { printable } from './safe-text.ts';
import { poolModels, serverModel } from './servers-and-pools.ts';
import { Sockets } from './sockets.ts';
import { lookAtTasks } from './tasks.ts';
import { Timeline } from './timeline.ts';

/** How a collector works. */
export interface CollectorOptions {
  readonly clock: Clock;
  /** From this age on a wait is worth a look, in milliseconds. */
  readonly attentionAfter: number;
  /** Milliseconds that a recording reaches back. */
  readonly recording: number;
  readonly canClose: boolean;
  /** The most bytes of a refused request that are shown. */
  readonly refusedBytes?: number | undefined;
  /** Measures the delay of the event loop while someone looks. */
  readonly loop?: DelayMonitor | undefined;
}

interface Closed {
  readonly connection: number;
  readonly remoteAddress: string;
  readonly reason: string;
  readonly duration: number;
}

interface Refused {
  readonly connection: number;
  readonly remoteAddress: string;
  readonly status: number;
  readonly cause: string;
}

/** Names of the channels: see `SERVER_CHANNELS`. */
const CLOSED = 'awaitio:http:server:connection-closed';
const REFUSED = 'awaitio:http:server:refused';

/** Looks at this process. */
export class Collector implements FinishedWatcher, RefusedBytesWatcher {
  readonly #options: CollectorOptions;
  readonly #sockets = new Sockets();
  readonly #refusals = new Refusals();
  readonly #routes = new Routes();
  readonly #loop: DelayMonitor;
  readonly #recorder: Recorder;
  readonly mostBytes: number;
  readonly #stopBytes: (() => void) | undefined;
  #stopCounting: (() => void) | undefined;
  #looking = 0;
  #last: Inspection | undefined;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#recorder = new Recorder(options.recording);
    this.#loop = options.loop ?? new EventLoopDelay();
    subscribe(REFUSED, this.#onRefused);
    this.mostBytes = options.refusedBytes ?? 0;
    this.#stopBytes = this.mostBytes > 0 ? watchRefusedBytes(this) : undefined;
  }

  /** Ends all of it. */
  stop(): void {
    unsubscribe(REFUSED, this.#onRefused);
    this.#stopBytes?.();
    if (this.#looking > 0) this.#endCounting();
    this.#looking = 0;
    this.#sockets.stop();
  }

  /** Someone looks: requests are counted until the returned function is called. */
  begin(): () => void {
    if (this.#looking === 0) {
      this.#stopCounting = everyServer.add(this);
      subscribe(CLOSED, this.#onClosed);
      this.#loop.start();
    }
    this.#looking += 1;
    let hasEnded = false;
    return () => {
      if (hasEnded || this.#looking === 0) return;
      hasEnded = true;
      this.#looking -= 1;
      if (this.#looking === 0) this.#endCounting();
    };
  }

  #endCounting(): void {
    this.#stopCounting?.();
    unsubscribe(CLOSED, this.#onClosed);
    this.#loop.stop();
  }

  /** The state now; one that is at most so many milliseconds old will do. */
  look(maxAge = 0): Inspection {
    const last = this.#last;
    if (last !== undefined && maxAge > 0 && this.#options.clock.now() - last.now < maxAge) {
      return last;
    }
    const look = this.#look();
    this.#last = look;
    const { now: at, sockets, requests, tasks, process: about } = look;
    this.#recorder.add({
      type: 'numbers',
      at,
      sockets: sockets.length,
      requests: requests.length,
      tasks: tasks.length,
      loopDelay: about.loopDelay,
    });
    return look;
  }

  /** The last seconds. */
  record(): Recording {
    return this.#recorder.save(this.look());
  }

  /** Resets the socket of an id. @returns whether there is one */
  close(id: string): boolean {
    const { shown } = serversNow();
    const stream = this.#sockets.find(id, this.#sockets.streams(shown, clients));
    stream?.reset(new Error('closed in the inspector'));
    return stream !== undefined;
  }

  #look(): Inspection {
    const { clock, attentionAfter, canClose } = this.#options;
    const timeline = new Timeline(clock);
    const { shown, hidden } = serversNow();
    const sockets = this.#sockets.look(shown, hidden, clients, timeline);
    const { executors, tasks, byRequest } = lookAtTasks(
      shown,
      hidden,
      this.#sockets,
      sockets,
      timeline,
    );
    const seen = {
      now: timeline.now,
      loopDelay: round(this.#loop.read()),
      servers: shown.map((server) => serverModel(server, timeline)),
      requests: lookAtRequests(shown, this.#sockets, byRequest, timeline),
      refusals: this.#refusals.models(),
      pools: Array.from(clients, (client) => poolModels(client, timeline)).flat(),
      sockets: sockets.rows,
    };
    return {
      format: 'awaitio-inspection',
      version: 1,
      now: Math.round(timeline.now),
      wallTime: clock.wallTime(),
      process: {
        pid: process.pid,
        node: process.version,
        memory: process.memoryUsage.rss(),
        loopDelay: seen.loopDelay,
        isTraced: isTracingWaits(),
        canClose,
      },
      attention: findAttention({ ...seen, attentionAfter, unused: sockets.unused }),
      servers: seen.servers,
      requests: seen.requests,
      routes: this.#routes.models(),
      failures: this.#routes.failures,
      refusals: seen.refusals,
      sockets: seen.sockets,
      executors,
      tasks,
      pools: seen.pools,
    };
  }

  /** The bytes of the request that was refused last. */
  onRefusedBytes(cause: string, refused: RefusedBytes): void {
    this.#refusals.addBytes(cause, refused, this.mostBytes);
  }

  /** A request has ended. */
  onFinished(
    request: FinishedRequest,
    status: number,
    isComplete: boolean,
    duration: number,
  ): void {
    const { clock } = this.#options;
    const finish = { status, isComplete, duration, clock };
    this.#routes.add(request, finish);
    if (!this.#recorder.takes(clock, hasFailed(finish), duration)) return;
    const { peer, ...shown } = finishedModel(request, finish);
    this.#recorder.add({ type: 'request', lane: laneOf(request.connectionId, peer), ...shown });
  }

  readonly #onClosed = (message: unknown): void => {
    const { connection, remoteAddress, reason, duration } = message as Closed;
    const at = Math.round(this.#options.clock.now());
    const lane = laneOf(connection, remoteAddress);
    this.#recorder.add({ type: 'connection', at, duration: round(duration), lane, reason });
  };

  readonly #onRefused = (message: unknown): void => {
    const { connection, remoteAddress, status, cause } = message as Refused;
    const at = Math.round(this.#options.clock.now());
    this.#refusals.add(cause, status, remoteAddress, at);
    const lane = laneOf(connection, remoteAddress);
    this.#recorder.add({ type: 'refused', at, lane, cause: printable(cause), status });
  };
}

/** The servers that are shown, and what belongs to those that are not. */
function serversNow(): { shown: ServerView[]; hidden: Set<unknown> } {
  const shown: ServerView[] = [];
  const hidden = new Set<unknown>();
  for (const server of servers) {
    if (server.runtime.isHidden) {
      hidden.add(server.executor);
      for (const { stream } of server.connections) hidden.add(stream);
    } else if (!isGone(server)) shown.push(server);
  }
  return { shown, hidden };
}

/** A server that has shut down is shown for a minute. */
const GONE_AFTER = 60_000;

function isGone({ runtime }: ServerView): boolean {
  const { drain, clock } = runtime;
  return drain?.report !== undefined && clock.now() - drain.startedAt > GONE_AFTER;
}

function laneOf(connection: number, peer: string): string {
  return `#${connection} ${printable(peer)}`;
}

/** To microseconds. */
function round(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000;
}
