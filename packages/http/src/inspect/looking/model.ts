/**
 * What the inspector shows, as JSON: at `json` below the page's URL, in the page, in `top` and in recordings.
 *
 * Moments (`now`, `since`, `deadline`) are milliseconds on one clock, that of `now`. Text that comes from a peer is a method, a
 * path without its query, or an address: there is no header, query, body or cookie in it.
 */

/** The state of a process. */
export interface Inspection {
  readonly format: 'awaitio-inspection';
  /** Raised when a field changes its meaning or goes; new fields may come without that. */
  readonly version: 1;
  readonly now: number;
  /** The same moment, in milliseconds since 1970. */
  readonly wallTime: number;
  readonly process: ProcessModel;
  /** What to look at first, the oldest first. */
  readonly attention: readonly AttentionModel[];
  readonly servers: readonly ServerModel[];
  /** Requests in progress, oldest first. */
  readonly requests: readonly RequestModel[];
  /** What was answered, by route; counted only while someone looks, unless `always` is set. */
  readonly routes: readonly RouteModel[];
  /** The last ones that failed, newest first. */
  readonly failures: readonly FinishedModel[];
  /** What was refused, by cause. */
  readonly refusals: readonly RefusalModel[];
  readonly sockets: readonly SocketModel[];
  readonly executors: readonly ExecutorModel[];
  readonly tasks: readonly TaskModel[];
  readonly pools: readonly PoolModel[];
}

/** The process itself. */
export interface ProcessModel {
  readonly pid: number;
  readonly node: string;
  /** Bytes. */
  readonly memory: number;
  /** How late the event loop is, in milliseconds. */
  readonly loopDelay: number;
  /** Whether `traceWaits` is on: waits then have a task and a place. */
  readonly isTraced: boolean;
  /** Whether sockets may be closed from the page. */
  readonly canClose: boolean;
}

/** Something that a reader should look at. */
export interface AttentionModel {
  readonly kind:
    | 'slow-handler'
    | 'slow-client'
    | 'refused'
    | 'idle-socket'
    | 'dry-pool'
    | 'draining'
    | 'late-loop';
  /** A sentence, without ages: they are counted from `since`. */
  readonly text: string;
  readonly since: number;
  /** Since when the last byte is waited for; null where that is not what is waited for. */
  readonly waitsSince: number | null;
  /** When it ends by itself. */
  readonly deadline: number | null;
  /** Where: the id of a request, a socket, a pool or a refusal. */
  readonly about: string;
}

/** A server. */
export interface ServerModel {
  readonly id: number;
  readonly url: string;
  readonly open: number;
  readonly idle: number;
  readonly total: number;
  readonly active: number;
  readonly completed: number;
  readonly failed: number;
  /** By the status of the response. */
  readonly refused: Readonly<Record<string, number>>;
  /** Of its listener: connections that wait to be accepted, that were refused at a limit. */
  readonly admission: { readonly pending: number; readonly refused: number } | null;
  readonly drain: {
    readonly since: number;
    /** When what is left is aborted. */
    readonly deadline: number;
    readonly report: {
      readonly completed: number;
      readonly idleClosed: number;
      readonly upgraded: number;
      readonly aborted: number;
    } | null;
  } | null;
}

/** A wait. */
export interface WaitModel {
  readonly operation: string;
  readonly since: number;
  /** Where the call was made, when waits are traced. */
  readonly site: string | null;
  /** The id of the socket that is waited for. */
  readonly socket: string | null;
}

/** A request in progress. */
export interface RequestModel {
  /** Server, connection and position on it: `1.14.3`. */
  readonly id: string;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly peer: string;
  readonly since: number;
  /** `handler`, `body`, `write`, … */
  readonly phase: string;
  /** What it waits for, as a sentence. */
  readonly text: string;
  /** Since when it waits for its client: for the next bytes, or for room to send; null while it does not. */
  readonly waitsSince: number | null;
  readonly deadline: number | null;
  /** Bytes of its body that were read, and how many there will be. */
  readonly bytesIn: number;
  readonly length: number | null;
  readonly bytesOut: number;
  /** 0 before the response. */
  readonly status: number;
  readonly socket: string;
  readonly task: string | null;
  /** The waits of its handler, when waits are traced. */
  readonly waits: readonly WaitModel[];
}

/** A request that has ended. */
export interface FinishedModel {
  readonly method: string;
  readonly path: string;
  readonly peer: string;
  readonly status: number;
  readonly isComplete: boolean;
  /** Milliseconds. */
  readonly duration: number;
  /** When it ended. */
  readonly at: number;
}

/** The requests to one route. */
export interface RouteModel {
  readonly method: string;
  /** A path with `:id` in place of what looks like one. */
  readonly route: string;
  readonly count: number;
  readonly failed: number;
  /** Milliseconds: half were faster, nine of ten, 99 of a hundred; the upper ends of their buckets. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  readonly buckets: readonly {
    /** The longest duration in it, in milliseconds; null for no end. */
    readonly upTo: number | null;
    readonly count: number;
    readonly slowest: FinishedModel | null;
    readonly failed: FinishedModel | null;
  }[];
}

/** What was refused for one cause. */
export interface RefusalModel {
  /** The code of the error. */
  readonly cause: string;
  /** The rule that was broken. */
  readonly rule: string;
  /** Where the rule is written; empty for a limit of this server. */
  readonly section: string;
  readonly status: number;
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** The last peers, newest first. */
  readonly peers: readonly string[];
  /** Bytes of the last one, with the option `refusedBytes` alone; else null. */
  readonly bytes: {
    readonly hex: string;
    /** The index of the byte at which the fault was noticed. */
    readonly at: number;
  } | null;
}

/** A socket. */
export interface SocketModel {
  readonly id: string;
  /** The name of its class. */
  readonly kind: string;
  readonly owner: 'server' | 'client' | 'websocket' | 'program';
  /** `s1` for a server, the origin for a client. */
  readonly of: string;
  readonly local: string;
  readonly peer: string;
  readonly state: string;
  /** What it is doing: `handler`, `idle`, `body`, … */
  readonly phase: string;
  readonly since: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** Bytes that arrived and were not taken. */
  readonly buffered: number;
  /** Bytes accepted and not yet passed on. */
  readonly unsent: number;
  /** Whether nothing more is read, because what arrived is not taken. */
  readonly isPaused: boolean;
  readonly deadline: number | null;
  readonly request: string | null;
  readonly waits: readonly WaitModel[];
  /** Where it was opened, if this program opened it. */
  readonly site: string | null;
}

/** An executor. */
export interface ExecutorModel {
  readonly id: number;
  readonly name: string;
  readonly running: number;
  readonly pending: number;
  readonly done: number;
  readonly failed: number;
  readonly aborted: number;
  /** null for no limit. */
  readonly concurrency: number | null;
  readonly maxPending: number | null;
}

/** A task that has not ended. */
export interface TaskModel {
  /** Executor and task: `1.7`. */
  readonly id: string;
  readonly parent: string | null;
  readonly name: string;
  readonly state: string;
  readonly since: number;
  readonly site: string | null;
  readonly waits: readonly WaitModel[];
  /** The connection that it serves. */
  readonly socket: string | null;
  readonly request: string | null;
}

/** The connections of a client to one origin. */
export interface PoolModel {
  readonly id: string;
  readonly client: number;
  readonly origin: string;
  readonly limit: number;
  readonly open: number;
  readonly idle: number;
  readonly connecting: number;
  /** Connections whose request waits for a response. */
  readonly unanswered: number;
  /** Connections whose response has a body that was not read to its end. */
  readonly unread: number;
  readonly waiting: number;
  /** Since when the oldest request waits for a connection. */
  readonly waitingSince: number | null;
}
