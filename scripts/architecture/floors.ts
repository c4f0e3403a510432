/**
 * The house plan as data: which file stands on which floor, and what a floor may import.
 *
 * A new source file gets its line here. A pattern is a path below `src/` without its extension: `waiters` is one file,
 * `net/` a whole folder, `server-*` every file of that folder with that beginning. What is checked with these tables:
 * `rules.ts`. The same tables for readers: docs/architecture.md.
 */

export interface Floor {
  readonly id: string;
  readonly title: string;
  readonly files: readonly string[];
  /** The floors below that it may import from. Its own floor is open to it as long as there is no cycle. */
  readonly sees: readonly string[];
  /** The sentence that a developer who broke the rule reads. */
  readonly reason: string;
}

/** Modules from outside the package, and the only files that may import them. */
export interface OwnedModules {
  readonly modules: readonly string[];
  /** Patterns as in {@link Floor}, whole floors as `floor:X`; `*`: everybody; empty: nobody. */
  readonly owners: readonly string[];
  readonly reason: string;
}

/** Things that every program can reach without an import, and the only files that may reach for them. */
export interface OwnedGlobals {
  /** Dotted names; `new Date()` and `Date()` are the calls without arguments. */
  readonly globals: readonly string[];
  readonly owners: readonly string[];
  readonly reason: string;
}

export interface PackagePlan {
  readonly name: string;
  /** Where it lives, from the root of the repository. */
  readonly folder: string;
  readonly floors: readonly Floor[];
  readonly modules: readonly OwnedModules[];
  readonly globals: readonly OwnedGlobals[];
  /** Files without I/O and without waiting: no promise, no `async`, no import of a carrier. */
  readonly sansIo: readonly string[];
  /** Files that may import nothing but types from their own package. */
  readonly typesOnly: readonly string[];
}

const TIME = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'Date.now',
  'Date()',
  'new Date()',
  'performance.now',
  'process.hrtime',
  'process.uptime',
  'AbortSignal.timeout',
];
const CHANCE = ['Math.random', 'crypto.getRandomValues', 'crypto.randomUUID'];
const TIME_REASON =
  'Take a Clock: whoever asks the platform for the time cannot run under virtual time.';
const CHANCE_REASON =
  'Take a Random: a run must be repeatable from its seed, so nobody draws for himself.';
const SOCKETS = ['node:net', 'node:tls', 'node:dgram', 'node:dns', 'node:dns/promises'];
const NODE_HTTP = {
  modules: ['node:http', 'node:https', 'node:http2'],
  owners: [],
  reason: 'awaitio is its own HTTP; two implementations in one process would disagree on framing.',
};
/** Modules of Node that neither wait, nor do I/O, nor draw lots: open to everybody. */
const HARMLESS = {
  modules: [
    'node:async_hooks',
    'node:buffer',
    'node:diagnostics_channel',
    'node:events',
    'node:stream',
    'node:stream/web',
    'node:string_decoder',
    'node:url',
    'node:util',
  ],
  owners: ['*'],
  reason: 'Open to everybody.',
};

export const core: PackagePlan = {
  name: '@awaitio/core',
  folder: 'packages/core',
  floors: [
    {
      id: 'F0',
      title: 'vocabulary',
      files: [
        'abort-watch',
        'errors',
        'outcome',
        'interest',
        'address',
        'clock',
        'random',
        'deferred',
      ],
      sees: [],
      reason: 'The vocabulary is what everything else is said in, so it can lean on nothing.',
    },
    {
      id: 'F1',
      title: 'mechanisms',
      files: [
        'budget',
        'byte-queue',
        'call-site',
        'conflict-detector',
        'deadline',
        'direction',
        'foreign-errors',
        'sleep',
        'timer-wheel',
        'wait-trace',
        'waiters',
      ],
      sees: ['F0'],
      reason: 'A mechanism is pure and synchronous, so that it is tested without a socket.',
    },
    {
      id: 'F2',
      title: 'contracts and the stream',
      files: [
        'accept-queue',
        'admission',
        'byte-stream',
        'delimited-read',
        'listener',
        'memory-*',
        'node-duplex',
        'node-transport',
        'queue-listener',
        'read-side',
        'read-waits',
        'source',
        'split',
        'stream-core',
        'stream-*',
        'transport',
        'web-streams',
        'write-side',
      ],
      sees: ['F0', 'F1'],
      reason: 'The stream runs over any transport, so it knows none of them.',
    },
    {
      id: 'F3',
      title: 'carriers',
      files: ['net/'],
      sees: ['F0', 'F1', 'F2'],
      reason: 'A carrier moves bytes; tasks and polling are the business of those who use it.',
    },
    {
      id: 'F4',
      title: 'coordination',
      files: ['accept-loop', 'executor', 'executor-*', 'poll', 'poll-*', 'task', 'task-*'],
      sees: ['F0', 'F1', 'F2'],
      reason: 'Coordination works on contracts, so that it runs the same on simulated sockets.',
    },
    {
      id: 'F5',
      title: 'combinators',
      files: ['buffered-reader', 'codecs/', 'copy'],
      sees: ['F0', 'F1', 'F2'],
      reason: 'A combinator works on every stream, so it knows only the contract of one.',
    },
    {
      id: 'T',
      title: 'test kit',
      files: ['testing/', 'testing/manual-clock', 'testing/sim-guard', 'testing/test-authority'],
      sees: ['F0', 'F1', 'F2', 'F3', 'F4'],
      reason: 'The test kit builds on the package; the package never builds on its test kit.',
    },
  ],
  modules: [
    {
      modules: SOCKETS,
      owners: ['net/'],
      reason: 'Sockets live in net/ alone; everybody else works on a Transport or a ByteStream.',
    },
    {
      modules: ['node:fs', 'node:fs/promises', 'node:os', 'node:path'],
      owners: ['net/'],
      reason: 'Files and the machine are I/O: a Unix socket path is net/ business.',
    },
    {
      modules: ['node:timers', 'node:timers/promises', 'node:perf_hooks'],
      owners: ['clock'],
      reason: TIME_REASON,
    },
    {
      modules: ['node:crypto'],
      owners: ['random', 'testing/test-authority'],
      reason: CHANCE_REASON,
    },
    {
      modules: ['node:vm'],
      owners: ['testing/sim-guard'],
      reason:
        'Only the simulation reaches past a test runner, for the process whose rejections it hears.',
    },
    {
      modules: ['p-queue'],
      owners: ['executor'],
      reason: 'One executor wraps one queue; a second importer would be a second scheduler.',
    },
    NODE_HTTP,
    HARMLESS,
  ],
  globals: [
    { globals: TIME, owners: ['clock', 'net/', 'testing/manual-clock'], reason: TIME_REASON },
    { globals: CHANCE, owners: ['random'], reason: CHANCE_REASON },
    {
      globals: ['WebAssembly'],
      owners: [],
      reason: 'WebAssembly is the parser of @awaitio/http, and nothing else.',
    },
    {
      globals: ['process.nextTick'],
      owners: ['net/'],
      reason: 'The tick queue starves the event loop; use queueMicrotask or clock.defer.',
    },
    {
      globals: ['process.getBuiltinModule'],
      owners: ['net/'],
      reason: 'A module that is got this way passes by the rules about who imports what.',
    },
    {
      globals: ['process.binding'],
      owners: ['net/'],
      reason:
        'The binding is reached through one file, net/stream-handle, which checks what it finds.',
    },
  ],
  sansIo: [],
  typesOnly: [],
};

export const http: PackagePlan = {
  name: '@awaitio/http',
  folder: 'packages/http',
  floors: [
    {
      id: 'P0',
      title: 'vocabulary',
      files: [
        'protocol/errors',
        'protocol/events',
        'protocol/fields',
        'problem',
        'protocol/headers',
        'protocol/latin1',
        'protocol/limits',
        'protocol/lists',
        'protocol/methods',
        'protocol/status',
        'protocol/status-codes',
      ],
      sees: [],
      reason: 'The vocabulary of HTTP is what the machines are written in, so it leans on nothing.',
    },
    {
      id: 'L',
      title: 'parser',
      files: ['llhttp/'],
      sees: ['P0'],
      reason: 'The parser is a foreign engine behind two files; it knows nothing of this package.',
    },
    {
      id: 'P1',
      title: 'machines',
      files: [
        'protocol/encoder',
        'protocol/encoder-*',
        'protocol/event-queue',
        'protocol/framing',
        'protocol/keep-alive',
        'protocol/own-fields',
        'protocol/pieces',
        'protocol/repeated-head',
        'protocol/request-rules',
        'protocol/state',
      ],
      sees: ['P0'],
      reason: 'A machine decides from values alone, so that a table can test it.',
    },
    {
      id: 'P2',
      title: 'sans-IO connection',
      files: [
        'protocol/connection',
        'protocol/connection-*',
        'protocol/decoder',
        'protocol/decoder-*',
      ],
      sees: ['P0', 'L', 'P1'],
      reason: 'The connection turns bytes into events and back; waiting is the driver’s job.',
    },
    {
      id: 'V',
      title: 'validation',
      files: ['validation/'],
      sees: ['P0'],
      reason: 'Validation looks at values of the outside; it drives nothing.',
    },
    {
      id: 'X',
      title: 'driver',
      files: ['deadlines', 'driver', 'driver-*'],
      sees: ['P0', 'P1', 'P2'],
      reason: 'One place joins a connection and a stream; it serves both roles and knows neither.',
    },
    {
      id: 'A',
      title: 'application',
      files: [
        'access-log',
        'body',
        'body-*',
        'client',
        'client-*',
        'echo',
        'events',
        'exchange',
        'fetch',
        'fetch-*',
        'handler',
        'health',
        'http-date',
        'observability',
        'proxy-*',
        'quick-options',
        'redirect',
        'request',
        'request-*',
        'response',
        'response-file',
        'response-*',
        'send-body',
        'server',
        'server-*',
      ],
      sees: ['P0', 'P1', 'P2', 'V', 'X'],
      reason: 'The parser is reached through the connection, so that one place decides on framing.',
    },
  ],
  modules: [
    {
      modules: SOCKETS,
      owners: [],
      reason: 'HTTP runs over any ByteStream; sockets are the business of @awaitio/core.',
    },
    {
      modules: ['@awaitio/core'],
      owners: ['floor:V', 'floor:X', 'floor:A'],
      reason: 'The protocol is a pure machine of bytes and events: no stream, no clock, no task.',
    },
    {
      modules: ['node:fs', 'node:fs/promises'],
      owners: ['response-file'],
      reason: 'Files are read in one place; everything else takes bytes and streams.',
    },
    {
      modules: ['undici', 'node:module'],
      owners: ['llhttp/'],
      reason: 'undici is here for its build of llhttp only, and llhttp/ is its one door.',
    },
    {
      modules: ['zod'],
      owners: ['validation/'],
      reason: 'Values are validated at the edge, in one folder, never on the hot path.',
    },
    NODE_HTTP,
    HARMLESS,
  ],
  globals: [
    { globals: TIME, owners: [], reason: TIME_REASON },
    { globals: CHANCE, owners: [], reason: CHANCE_REASON },
    {
      globals: ['WebAssembly'],
      owners: ['llhttp/'],
      reason: 'The parser’s memory and its growth are handled in one folder.',
    },
    {
      globals: ['fetch'],
      owners: [],
      reason: 'awaitio’s own client is the only one here; Node’s fetch is another HTTP stack.',
    },
    {
      globals: ['process.nextTick'],
      owners: [],
      reason: 'The tick queue starves the event loop; use queueMicrotask or clock.defer.',
    },
  ],
  sansIo: ['protocol/'],
  typesOnly: ['llhttp/'],
};

/** The order of the packages: each may import those before it. */
export const PACKAGE_ORDER = ['@awaitio/core', '@awaitio/http', '@awaitio/examples'] as const;
