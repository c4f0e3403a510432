/**
 * The sockets of a process: those of its servers, clients and WebSockets, whenever they were opened, and those that the program
 * opened itself since the inspector began.
 */

import type { Address, OpenStream, StreamStatistics, WaitInfo } from '@awaitio/core';
import { stateOf, watchStreams, type StreamWatch } from '@awaitio/core/lowlevel';
import type { ClientView } from '../../observing/clients.ts';
import type { ConnectionView, ServerView } from '../../observing/servers.ts';
import { watchWebSockets, type WebSocketView } from '../../observing/web-sockets.ts';
import type { SocketModel, WaitModel } from './model.ts';
import type { Timeline } from './timeline.ts';

type Stream = OpenStream['stream'];

/** What is known of a socket from its owner. */
interface Owned {
  readonly owner: SocketModel['owner'];
  readonly of: string;
  readonly phase: string;
  readonly since?: number | undefined;
  readonly deadline?: number | null | undefined;
  readonly request?: string | null | undefined;
}

/** What was seen of a socket before. */
interface Memory {
  readonly id: string;
  bytes: number;
  /** When its bytes last changed, or a wait was last seen. */
  usedAt: number;
  /** When it was first seen. */
  readonly seenAt: number;
}

/** A stream keeps at most this much that is not taken, by default; then its carrier is paused. */
const READ_HIGH_WATER_MARK = 65_536;

/** The sockets of one look, with what only this look knows. */
export interface SocketsLook {
  readonly rows: readonly SocketModel[];
  /** Since when nothing waits for it and no byte has moved, by id; only of sockets of the program. */
  readonly unused: ReadonlyMap<string, number>;
  /** The id of the socket that a traced wait is on. */
  socketOf(wait: WaitInfo): string | null;
}

/** Looks at sockets. */
export class Sockets {
  readonly #streams: StreamWatch = watchStreams();
  readonly #webSockets: { readonly open: ReadonlySet<WebSocketView>; readonly stop: () => void } =
    watchWebSockets();
  readonly #memory = new WeakMap<Stream, Memory>();
  #lastId = 0;

  /** Ends the lists. */
  stop(): void {
    this.#streams.stop();
    this.#webSockets.stop();
  }

  /** The id of the socket of a stream: the same at each look. */
  idOf(stream: Stream): string {
    return this.#remember(stream, 0).id;
  }

  /** Finds the stream of an id among those of a look. */
  find(id: string, streams: Iterable<Stream>): Stream | undefined {
    for (const stream of streams) if (this.#memory.get(stream)?.id === id) return stream;
    return undefined;
  }

  /** Every stream with its owner. Those of hidden servers are left out. */
  #collect(
    servers: readonly ServerView[],
    hidden: ReadonlySet<unknown>,
    clients: Iterable<ClientView>,
    timeline: Timeline,
  ): {
    readonly owned: ReadonlyMap<Stream, Owned>;
    readonly opened: ReadonlyMap<Stream, OpenStream>;
  } {
    const owned = new Map<Stream, Owned>();
    for (const server of servers) {
      for (const connection of server.connections) {
        owned.set(connection.stream, ownedBy(server, connection, timeline));
      }
    }
    for (const { pools } of clients) {
      for (const { origin, connections } of pools) {
        for (const [{ holds }, stream] of connections) {
          owned.set(stream, { owner: 'client', of: origin, phase: holds });
        }
      }
    }
    for (const socket of this.#webSockets.open) {
      const { stream, role } = socket.parts;
      const phase = socket.isClosing ? 'closing' : 'open';
      owned.set(stream, { ...owned.get(stream), owner: 'websocket', of: role, phase });
    }
    const opened = new Map<Stream, OpenStream>();
    for (const each of this.#streams.list()) {
      if (!hidden.has(each.stream)) opened.set(each.stream, each);
    }
    return { owned, opened };
  }

  /** Looks at all of them. */
  look(
    servers: readonly ServerView[],
    hidden: ReadonlySet<unknown>,
    clients: Iterable<ClientView>,
    timeline: Timeline,
  ): SocketsLook {
    const { owned, opened } = this.#collect(servers, hidden, clients, timeline);
    const rows: SocketModel[] = [];
    const unused = new Map<string, number>();
    const waits = new Map<string, string>();
    const addresses = new Set<string>();
    const add = (stream: Stream, owner: Owned, found: OpenStream | undefined): void => {
      const counts = stream.statistics();
      const memory = this.#remember(stream, timeline.now, counts);
      const row = rowOf(stream, { owner, found, counts, memory, timeline });
      rows.push(row);
      addresses.add(`${row.local} ${row.peer}`);
      for (const wait of counts.waits) waits.set(keyOf(wait), row.id);
      if (owner.owner !== 'program') return;
      const hasUse = counts.waits.length > 0;
      if (hasUse) memory.usedAt = timeline.now;
      else unused.set(row.id, memory.usedAt);
    };
    for (const [stream, owner] of owned) add(stream, owner, opened.get(stream));
    for (const [stream, found] of opened) {
      if (owned.has(stream)) continue;
      const [local, peer] = endsOf(stream);
      // Below a stream of TLS there is a socket with the same addresses.
      if (local !== '' && addresses.has(`${local} ${peer}`)) continue;
      add(stream, { owner: 'program', of: '', phase: found.state }, found);
    }
    return { rows, unused, socketOf: (wait) => waits.get(keyOf(wait)) ?? null };
  }

  #remember(stream: Stream, now: number, counts?: StreamStatistics): Memory {
    let memory = this.#memory.get(stream);
    if (memory === undefined) {
      this.#lastId += 1;
      memory = { id: `k${this.#lastId}`, bytes: 0, usedAt: now, seenAt: now };
      this.#memory.set(stream, memory);
    }
    const bytes = counts === undefined ? memory.bytes : counts.bytesRead + counts.bytesWritten;
    if (bytes !== memory.bytes) {
      memory.bytes = bytes;
      memory.usedAt = now;
    }
    return memory;
  }

  /** The streams of a look, to find one by its id. */
  streams(servers: readonly ServerView[], clients: Iterable<ClientView>): Stream[] {
    const found: Stream[] = this.#streams.list().map(({ stream }) => stream);
    for (const server of servers) for (const { stream } of server.connections) found.push(stream);
    for (const { pools } of clients) {
      for (const { connections } of pools) for (const [, stream] of connections) found.push(stream);
    }
    return found;
  }
}

/** The id of the request that a connection carries. */
export function requestId(server: ServerView, connection: ConnectionView): string {
  return `${server.id}.${connection.id}.${connection.answered + 1}`;
}

function ownedBy(server: ServerView, connection: ConnectionView, timeline: Timeline): Owned {
  const { clock } = server.runtime;
  const { phases, exchange, isSwitched } = connection;
  return {
    owner: 'server',
    of: `s${server.id}`,
    phase: isSwitched ? 'upgraded' : phases.now,
    since: timeline.moment(connection.openedAt, clock) ?? undefined,
    deadline: timeline.moment(phases.deadlineAt, clock),
    request: exchange === undefined ? null : requestId(server, connection),
  };
}

function rowOf(
  stream: Stream,
  facts: {
    readonly owner: Owned;
    readonly found: OpenStream | undefined;
    readonly counts: StreamStatistics;
    readonly memory: Memory;
    readonly timeline: Timeline;
  },
): SocketModel {
  const { owner, found, counts, memory, timeline } = facts;
  const { bytesRead, bytesWritten, buffered, unsent } = counts;
  const [local, peer] = endsOf(stream);
  const opened = found === undefined ? undefined : timeline.ago(found.age);
  return {
    id: memory.id,
    kind: stream.constructor.name,
    owner: owner.owner,
    of: owner.of,
    local,
    peer,
    state: stateOf(stream.readiness),
    phase: owner.phase,
    since: owner.since ?? opened ?? Math.round(memory.seenAt),
    bytesRead,
    bytesWritten,
    buffered,
    unsent,
    isPaused: buffered >= READ_HIGH_WATER_MARK,
    deadline: owner.deadline ?? null,
    request: owner.request ?? null,
    waits: counts.waits.map((wait) => waitModel(wait, timeline, memory.id)),
    site: owner.owner === 'program' ? (found?.site ?? null) : null,
  };
}

/** A wait as the model has it. */
export function waitModel(wait: WaitInfo, timeline: Timeline, socket: string | null): WaitModel {
  const { operation, age, site } = wait;
  return { operation, since: timeline.ago(age), site: site ?? null, socket };
}

function keyOf({ operation, task, taskId, site }: WaitInfo): string {
  return `${task ?? ''}#${taskId ?? ''} ${operation} ${site ?? ''}`;
}

/** Its addresses as text; empty on a stream that has none. */
function endsOf(stream: Stream): readonly [local: string, peer: string] {
  const { localAddress, remoteAddress } = stream as {
    readonly localAddress?: Address | undefined;
    readonly remoteAddress?: Address | undefined;
  };
  return [text(localAddress), text(remoteAddress)];
}

function text(address: Address | undefined): string {
  return address === undefined ? '' : String(address);
}
