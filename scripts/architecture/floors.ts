/**
 * The plan of the packages as data: which rooms there are, and which rooms each of them sees.
 *
 * A room is a folder that holds source files. A file belongs to the room of its folder and imports from that room and from
 * those it sees, so a new file needs no line here; only a new folder does. Rooms are listed from the lowest: each sees only
 * rooms above its line. The entries of a package (`index.ts`, `lowlevel.ts`, an `index.ts` below) belong to no room.
 *
 * What may be imported or used in a few places only belongs to its owners: `net/` is a room and everything below it,
 * `net/socket/verify-eof` one file. What is checked with these tables: `rules.ts`. The lint rules and the tables of
 * docs/architecture.md are generated from them by scripts/lint-floors.mjs.
 */

export interface Room {
  /** Below `src/`. */
  readonly folder: string;
  /** The folders of the other rooms that it may import from. */
  readonly sees: readonly string[];
  /** What lives there, for readers. */
  readonly contains: string;
  /** The sentence that a developer who broke the rule reads. */
  readonly reason: string;
}

/** Modules from outside the package, and the only files that may import them. */
export interface OwnedModules {
  readonly modules: readonly string[];
  /** Rooms with everything below them (`net/`) and single files (`net/socket/verify-eof`); `*`: all files; empty: none. */
  readonly owners: readonly string[];
  readonly reason: string;
}

/** Globals that only some files may use. */
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
  readonly rooms: readonly Room[];
  readonly modules: readonly OwnedModules[];
  readonly globals: readonly OwnedGlobals[];
  /** Owners as above, without I/O and without waiting: no promise, no `async`. */
  readonly sansIo: readonly string[];
  /** Owners as above that import only types from the rest of their package. */
  readonly typesOnly: readonly string[];
  /** Files that import modules of the user, by a name that is not known before. */
  readonly loaders: readonly string[];
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
  'Take a Clock: code that asks the platform for the time cannot run under virtual time.';
const CHANCE_REASON = 'Take a Random: a run must be repeatable from its seed.';
const SOCKETS = ['node:net', 'node:tls', 'node:dgram', 'node:dns', 'node:dns/promises'];
const NODE_HTTP = {
  modules: ['node:http', 'node:https', 'node:http2'],
  owners: [],
  reason: 'awaitio is its own HTTP; two implementations in one process would disagree on framing.',
};
/** Modules of Node without time, I/O or randomness: open to all files. */
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
  reason: 'Open to all files.',
};

export const core: PackagePlan = {
  name: '@awaitio/core',
  folder: 'packages/core',
  rooms: [
    {
      folder: 'vocabulary',
      sees: [],
      contains:
        'errors, would-block, interests, addresses, the interfaces of clock and randomness, the platform’s timers',
      reason: 'Every other room uses the vocabulary, so it depends on none of them.',
    },
    {
      folder: 'waiting',
      sees: ['vocabulary'],
      contains:
        'waiters and lists of them (`ListedWaiter`, `WaiterList`), abort signals, cancel scopes, the budget, deadlines, the system’s clock, traces',
      reason: 'Waiting is tested without a stream, so it knows none.',
    },
    {
      folder: 'streams/queue',
      sees: ['vocabulary', 'waiting'],
      contains: 'bytes that have arrived, and reads that wait for them',
      reason: 'Bytes and reads meet the same way on every stream, so this knows none.',
    },
    {
      folder: 'streams',
      sees: ['vocabulary', 'waiting', 'streams/queue'],
      contains:
        '`ByteStream`, its reading and writing side, the contracts `Transport`, `StreamReader` and `StreamWriter`, statistics, bridges to Node and web streams',
      reason: 'A stream runs over any transport, so it knows none of them.',
    },
    {
      folder: 'listening',
      sees: ['vocabulary', 'waiting', 'streams'],
      contains: 'the listener contract, the accept queue, admission',
      reason: 'A listener queues streams of every carrier, so it knows no carrier.',
    },
    {
      folder: 'codecs',
      sees: ['vocabulary', 'waiting', 'streams'],
      contains: 'framing: `Framed`, and one file for each codec: lines, length-delimited frames',
      reason: 'A codec works on every stream, so it knows only the contract of one.',
    },
    {
      folder: 'copying',
      sees: ['vocabulary', 'waiting', 'streams'],
      contains: '`copy` and `copyBidirectional`',
      reason: 'Copying joins any reader to any writer, so it knows only their contracts.',
    },
    {
      folder: 'polling',
      sees: ['vocabulary', 'waiting'],
      contains: '`Poll` and its registrations',
      reason: '`Poll` asks for readiness alone, so it works on everything that has it.',
    },
    {
      folder: 'memory',
      sees: ['vocabulary', 'waiting', 'streams', 'listening'],
      contains: 'streams and listeners inside one process',
      reason: 'A carrier moves bytes; tasks and polling belong to its users.',
    },
    {
      folder: 'net',
      sees: ['vocabulary'],
      contains: 'what all sockets share: address lists, lazy loading of Node’s modules',
      reason: 'What all sockets share depends on no kind of socket.',
    },
    {
      folder: 'net/socket',
      sees: ['vocabulary', 'waiting', 'streams', 'listening', 'net'],
      contains: 'transports over libuv handles and Node sockets, connecting, accepting',
      reason: 'TCP and Unix sockets are built on it, so it knows neither.',
    },
    {
      folder: 'net/tcp',
      sees: ['vocabulary', 'waiting', 'streams', 'net', 'net/socket'],
      contains: 'TCP streams, listeners and options',
      reason: 'TCP is one kind of socket; what the kinds share is in net/socket.',
    },
    {
      folder: 'net/unix',
      sees: ['vocabulary', 'waiting', 'streams', 'net/socket'],
      contains: 'Unix streams, listeners and paths',
      reason: 'Unix is one kind of socket; what the kinds share is in net/socket.',
    },
    {
      folder: 'net/udp',
      sees: ['vocabulary', 'waiting', 'streams', 'net', 'net/socket'],
      contains: 'UDP sockets, their queues and options',
      reason:
        'A datagram socket is no stream, but it takes the same data and shares the options of sockets.',
    },
    {
      folder: 'net/tls',
      sees: [
        'vocabulary',
        'waiting',
        'streams',
        'listening',
        'net',
        'net/socket',
        'net/tcp',
        'net/unix',
      ],
      contains: 'TLS over any stream: the handshake, streams, listeners, `tls-options`',
      reason: 'TLS wraps a TCP or Unix stream; tasks and polling belong to its users.',
    },
    {
      folder: 'tasks',
      sees: ['vocabulary', 'waiting', 'streams', 'listening'],
      contains: 'tasks, groups and their contexts, the executor, the accept loop, `select`',
      reason: 'Tasks work on contracts, so they run the same on simulated sockets.',
    },
    {
      folder: 'sync',
      sees: ['vocabulary', 'waiting', 'streams'],
      contains:
        'what tasks meet at: channels, semaphore, mutex, notify, barrier; interval, retry, rate limiter; the shared writer',
      reason:
        'Tasks meet here whatever runs them; of streams only the contract of a writer is needed, for the writer that tasks share.',
    },
    {
      folder: 'testing/sim/decisions',
      sees: ['vocabulary'],
      contains: 'every choice of a run: drawn from the seed by its place, recorded, or given',
      reason:
        'What happens by chance is chosen in one place, and knows nothing of what it happens to.',
    },
    {
      folder: 'testing/sim/hosts',
      sees: ['vocabulary', 'waiting', 'tasks'],
      contains:
        'what a simulated machine is: its clock, its tasks, its lives from start to crash, and which of them the code runs in',
      reason: 'A machine has no part in the network: its cables are put in from above.',
    },
    {
      folder: 'testing/sim/disk',
      sees: ['vocabulary', 'testing/sim/decisions', 'testing/sim/hosts'],
      contains:
        'the disk of a simulated machine: its files and names, what a crash leaves of them, and the calls of node:fs/promises',
      reason: 'A disk is part of a machine, and knows neither the network nor the run.',
    },
    {
      folder: 'testing/sim/paths',
      sees: [],
      contains: 'which directions between hosts are open, cut or held, and since when',
      reason: 'Whether a path is open does not depend on what travels on it.',
    },
    {
      folder: 'testing/sim/names',
      sees: ['vocabulary', 'waiting', 'net/socket'],
      contains: 'the name service of a simulation, and connecting to one of several hosts',
      reason: 'Names are tried as TCP tries addresses, with the same race.',
    },
    {
      folder: 'testing/sim/rules',
      sees: ['vocabulary', 'waiting'],
      contains: 'rules about packets, as a program makes and ends them: lost, late, held back',
      reason: 'A rule sees packets and nothing of the network that carries them.',
    },
    {
      folder: 'testing/sim/datagrams',
      sees: [
        'vocabulary',
        'waiting',
        'net/udp',
        'testing/sim/decisions',
        'testing/sim/hosts',
        'testing/sim/rules',
      ],
      contains: 'datagrams on a simulated network, under the UDP sockets of net/udp',
      reason: 'A datagram travels by itself, so it knows neither connections nor their order.',
    },
    {
      folder: 'testing/sim/wire',
      sees: [
        'vocabulary',
        'waiting',
        'streams',
        'listening',
        'testing/sim/decisions',
        'testing/sim/hosts',
        'testing/sim/rules',
        'testing/sim/paths',
      ],
      contains:
        'one simulated connection: its two ends, segments in flight (`flow`), how it is accepted, `faults`, the clock and the trace',
      reason: 'A connection does not know how it came about, so it knows no host and no name.',
    },
    {
      folder: 'testing/sim/unix',
      sees: [
        'vocabulary',
        'waiting',
        'streams',
        'listening',
        'testing/sim/decisions',
        'testing/sim/hosts',
        'testing/sim/disk',
        'testing/sim/rules',
        'testing/sim/paths',
        'testing/sim/wire',
      ],
      contains: 'Unix sockets of a simulated host: paths on its disk, and connections within it',
      reason: 'They never leave their machine, so they know no network.',
    },
    {
      folder: 'testing/sim/network',
      sees: [
        'vocabulary',
        'waiting',
        'streams',
        'listening',
        'tasks',
        'net',
        'testing/sim/decisions',
        'testing/sim/hosts',
        'net/udp',
        'testing/sim/wire',
        'testing/sim/unix',
        'testing/sim/disk',
        'testing/sim/rules',
        'testing/sim/paths',
        'testing/sim/names',
        'testing/sim/datagrams',
      ],
      contains:
        'the simulated network: its hosts, their listeners and attempts to connect, what breaks between them',
      reason: 'The network replaces the carriers, so it builds on the contracts they implement.',
    },
    {
      folder: 'testing/sim/page',
      sees: ['testing/sim/wire'],
      contains:
        'a failed run as a recording, as a page, and for Perfetto; the viewer, made of packages/http/inspector',
      reason: 'A page shows what is in a recording, so it knows no run.',
    },
    {
      folder: 'testing/sim/guard',
      sees: ['vocabulary', 'net', 'testing/sim/hosts'],
      contains:
        'what keeps the real world out of a simulation: virtual time, refusals, the watch for real work',
      reason: 'The guard replaces the platform; what runs on it is none of its business.',
    },
    {
      folder: 'testing/sim/net',
      sees: [
        'vocabulary',
        'streams',
        'net',
        'testing/sim/hosts',
        'testing/sim/wire',
        'testing/sim/unix',
        'testing/sim/names',
        'testing/sim/network',
        'testing/sim/guard',
      ],
      contains:
        'the modules of Node on simulated hosts: sockets, servers, TLS and names in the shape of `node:net`, `node:tls`, `node:dns`',
      reason:
        'What libraries call is answered by the network; it stands over the layers of the guard, which know nothing of it.',
    },
    {
      folder: 'testing/sim',
      sees: [
        'vocabulary',
        'waiting',
        'tasks',
        'testing/sim/decisions',
        'testing/sim/hosts',
        'testing/sim/rules',
        'testing/sim/names',
        'testing/sim/wire',
        'testing/sim/unix',
        'testing/sim/network',
        'testing/sim/guard',
        'testing/sim/net',
        'testing/sim/page',
      ],
      contains: '`simulate`: one run of a program, and its report',
      reason: 'A run drives a program on the network; the network knows nothing of runs.',
    },
    {
      folder: 'testing/sim/shrink',
      sees: ['vocabulary', 'testing/sim', 'testing/sim/decisions'],
      contains: 'reduces a failing run to the smallest that fails for the same cause',
      reason: 'A run knows nothing of what is done with it.',
    },
    {
      folder: 'testing/sim/seeds',
      sees: [
        'vocabulary',
        'testing/sim',
        'testing/sim/decisions',
        'testing/sim/wire',
        'testing/sim/shrink',
      ],
      contains:
        'runs of many seeds, for a test runner too: their failures by cause, seeds and stories that are kept',
      reason: 'A run knows nothing of other runs.',
    },
    {
      folder: 'testing/contract',
      sees: ['vocabulary', 'waiting', 'streams'],
      contains: 'the conformance suite of a stream',
      reason: 'The suite runs on every carrier, so it knows only the stream.',
    },
    {
      folder: 'testing',
      sees: ['vocabulary', 'waiting', 'streams', 'testing/sim/decisions', 'testing/sim/wire'],
      contains: 'the manual clock, test certificates, the check for open streams',
      reason: 'The test kit builds on the package; the package never builds on its test kit.',
    },
  ],
  modules: [
    {
      modules: SOCKETS,
      owners: ['net/', 'testing/sim/net/'],
      reason:
        'Sockets live in net/ alone; everything else works on a Transport or a ByteStream. A simulation covers these modules.',
    },
    {
      modules: ['node:fs', 'node:fs/promises', 'node:os', 'node:path'],
      owners: [
        'net/socket/descriptor',
        'net/socket/verify-eof',
        'net/unix/',
        'testing/sim/guard/',
        'testing/sim/seeds/',
        'testing/sim/page/write-page',
      ],
      reason:
        'Files are I/O: only a Unix path, a descriptor, the check of an end of stream and what is kept of failed simulations touch them.',
    },
    {
      modules: ['node:worker_threads'],
      owners: ['testing/sim/seeds/workers'],
      reason:
        'Threads are the program’s to start: only runs of many seeds have some, when they are asked for.',
    },
    {
      modules: ['node:cluster'],
      owners: ['net/lazy-builtins'],
      reason: 'Loaded on first use, and only to see whether the primary binds a socket.',
    },
    {
      modules: ['node:timers', 'node:timers/promises', 'node:perf_hooks'],
      owners: ['vocabulary/platform', 'testing/sim/guard/'],
      reason: TIME_REASON,
    },
    {
      modules: ['node:crypto'],
      owners: ['testing/test-authority', 'testing/sim/guard/', 'testing/sim/net/'],
      reason: CHANCE_REASON,
    },
    {
      modules: ['node:vm', 'node:module'],
      owners: ['testing/sim/guard/'],
      reason:
        'Only the simulation reaches past a test runner, to the process whose rejections it watches.',
    },
    {
      modules: ['node:zlib'],
      owners: ['testing/sim/guard/'],
      reason: 'Compression is the business of @awaitio/http; a simulation covers that of programs.',
    },
    {
      modules: ['node:child_process'],
      owners: ['testing/sim/guard/'],
      reason: 'No part of awaitio begins a process; a simulation refuses those of programs.',
    },
    {
      modules: ['p-queue'],
      owners: ['tasks/'],
      reason: 'One executor wraps one queue; a second importer would be a second scheduler.',
    },
    {
      modules: ['node:http', 'node:https'],
      owners: ['testing/sim/net/'],
      reason:
        'awaitio is its own HTTP; a simulation covers that of Node, for the programs that use it.',
    },
    { ...NODE_HTTP, modules: ['node:http2'] },
    HARMLESS,
  ],
  globals: [
    {
      globals: TIME,
      owners: ['vocabulary/platform'],
      reason: TIME_REASON,
    },
    { globals: CHANCE, owners: ['vocabulary/random'], reason: CHANCE_REASON },
    {
      globals: ['WebAssembly'],
      owners: [],
      reason: 'WebAssembly is the parser of @awaitio/http, and nothing else.',
    },
    {
      globals: ['process.nextTick'],
      owners: ['vocabulary/platform'],
      reason: 'The tick queue starves the event loop; use microtask or clock.defer.',
    },
    {
      globals: ['queueMicrotask'],
      owners: ['vocabulary/platform'],
      reason: 'Tests fake it, and a stream must go on under fakes; import microtask.',
    },
    {
      globals: ['process.getBuiltinModule'],
      owners: ['net/lazy-builtins', 'testing/sim/seeds/'],
      reason: 'A module that is loaded this way escapes the rules about who imports what.',
    },
    {
      globals: ['process.binding'],
      owners: ['net/socket/stream-handle'],
      reason: 'One file reaches the binding, and checks what it finds there.',
    },
  ],
  sansIo: [],
  typesOnly: [],
  loaders: ['testing/sim/seeds/workers'],
};

export const http: PackagePlan = {
  name: '@awaitio/http',
  folder: 'packages/http',
  rooms: [
    {
      folder: 'protocol/vocabulary',
      sees: [],
      contains: 'events, fields, headers, limits, methods, statuses, errors',
      reason: 'Every other room uses the vocabulary of HTTP, so it depends on none of them.',
    },
    {
      folder: 'llhttp',
      sees: ['protocol/vocabulary'],
      contains: 'loading and calling llhttp; the only WebAssembly',
      reason: 'The parser is a foreign engine; it knows nothing of this package but types.',
    },
    {
      folder: 'protocol/receiving',
      sees: ['protocol/vocabulary', 'llhttp'],
      contains: 'the decoder: bytes in, events out; the rules for requests',
      reason: 'Receiving decides from bytes and values alone, so that a table can test it.',
    },
    {
      folder: 'protocol/sending',
      sees: ['protocol/vocabulary'],
      contains:
        'the encoder: framing, the fields that are the server’s or client’s to set (`outgoing-fields`), bytes of a message',
      reason: 'Sending decides from values alone, so that a table can test it.',
    },
    {
      folder: 'protocol',
      sees: ['protocol/vocabulary', 'protocol/receiving', 'protocol/sending'],
      contains: '`HttpConnection` and its state table: both directions, both roles',
      reason: 'The connection turns bytes into events and back; waiting is the driver’s job.',
    },
    {
      folder: 'observing',
      sees: [],
      contains:
        'what servers, clients and WebSockets show of themselves to those who look at a process',
      reason: 'What shows something of itself sees this room, so it knows none of them.',
    },
    {
      folder: 'driver',
      sees: ['protocol/vocabulary', 'llhttp', 'protocol', 'observing'],
      contains:
        'joining a connection and a stream, stalled writes, the default deadlines, waiting for the parser',
      reason: 'The driver serves both roles, so it knows neither server nor client.',
    },
    {
      folder: 'proxy-protocol',
      sees: ['protocol/vocabulary'],
      contains: 'the header in which a proxy passes on the client’s address',
      reason: 'The header comes before HTTP, so it knows no message.',
    },
    {
      folder: 'message',
      sees: ['protocol/vocabulary', 'proxy-protocol'],
      contains:
        'requests, responses, bodies, schemas, problems, the responses to errors (`error-response`), the contract of handlers',
      reason: 'A message is the same for server and client, so it knows neither.',
    },
    {
      folder: 'tracing',
      sees: ['protocol/vocabulary', 'message'],
      contains:
        'tracing channels: their names, what they carry, the order of their events (`Tracer`)',
      reason: 'What is traced says when; the channels know neither server nor client.',
    },
    {
      folder: 'client/routes',
      sees: ['protocol/vocabulary'],
      contains:
        'URLs as a client needs them, credentials, how a connection is opened: TCP, Unix, TLS',
      reason: 'The way to a server is known before there is a request, so it knows none.',
    },
    {
      folder: 'client/connections',
      sees: [
        'protocol/vocabulary',
        'protocol',
        'driver',
        'message',
        'observing',
        'tracing',
        'client/routes',
      ],
      contains: 'pools, connections, one exchange on them, what errors say about their request',
      reason:
        'A connection carries requests that are ready, so it knows no redirects and no options.',
    },
    {
      folder: 'client/content',
      sees: ['protocol/vocabulary', 'message', 'client/routes', 'client/connections'],
      contains: 'what bodies are made of and become: forms, files, content codings',
      reason: 'A body is the same on every connection and for every client.',
    },
    {
      folder: 'client',
      sees: [
        'protocol/vocabulary',
        'message',
        'observing',
        'client/routes',
        'client/connections',
        'client/content',
      ],
      contains: '`HttpClient`, its options, redirects, responses',
      reason: 'The client reaches the parser through the connection and knows no server.',
    },
    {
      folder: 'forms',
      sees: ['protocol/vocabulary', 'message'],
      contains: 'forms in the body of a request: the parser of multipart, parts, `FormData`',
      reason:
        'A form is read from bytes and fields alone, for handlers and for fetch applications.',
    },
    {
      folder: 'adapters',
      sees: ['protocol/vocabulary', 'driver', 'message', 'client', 'forms'],
      contains: 'handlers as `fetch` functions (fetch adapter), and the client in memory',
      reason: 'An adapter turns one contract into another, so it knows no server.',
    },
    {
      folder: 'server/sending',
      sees: ['protocol/vocabulary', 'protocol/sending', 'protocol', 'driver', 'message'],
      contains:
        'writing responses, whole and streamed; the watch for a client that has gone while one is produced',
      reason: 'Sending knows where a response is written, not who has asked for it.',
    },
    {
      folder: 'server',
      sees: [
        'protocol/vocabulary',
        'protocol',
        'driver',
        'message',
        'proxy-protocol',
        'observing',
        'adapters',
        'tracing',
        'server/sending',
      ],
      contains:
        '`serve` and its options, connections, exchanges, handler deadlines, refusals, the shutdown, events, the access log',
      reason:
        'The server reaches the parser through the connection and calls handlers by contract alone.',
    },
    {
      folder: 'batteries/selection',
      sees: ['protocol/vocabulary'],
      contains: 'what a request selects of a representation: a coding, conditions, ranges',
      reason: 'The choice is made from fields alone, so that a table can test it.',
    },
    {
      folder: 'batteries/compression',
      sees: ['protocol/vocabulary', 'message', 'batteries/selection'],
      contains: '`compress`: which responses are coded, and the codings of zlib',
      reason: 'Compression works on responses alone, whatever handler made them.',
    },
    {
      folder: 'batteries/event-stream',
      sees: ['protocol/vocabulary', 'message'],
      contains: '`events`: Server-Sent Events, written and kept alive',
      reason: 'An event stream is a body; how it is sent is the server’s business.',
    },
    {
      folder: 'batteries',
      sees: ['protocol/vocabulary', 'message', 'batteries/selection'],
      contains: 'what web servers bring along: files and folders, and what stands on them',
      reason: 'A battery works on messages alone, so that a server without it is not larger.',
    },
    {
      folder: 'batteries/cookies',
      sees: ['protocol/vocabulary'],
      contains: 'cookies: read, written, signed',
      reason: 'A cookie is the text of a field, so it knows no message.',
    },
    {
      folder: 'batteries/wrappers',
      sees: ['protocol/vocabulary', 'message'],
      contains: 'handlers around handlers: origins, limits, passwords, ids, times, load',
      reason: 'A wrapper works on messages alone, so that any handler can be in it.',
    },
    {
      folder: 'contract',
      sees: ['protocol/vocabulary', 'message', 'client/routes', 'client'],
      contains:
        'one contract for both sides: `contract`, `implement`, `call`, and OpenAPI documents of contracts',
      reason: 'A contract is about messages; the server calls it as any handler.',
    },
    {
      folder: 'websocket/protocol',
      sees: ['protocol/vocabulary'],
      contains: 'frames, messages, close codes: RFC 6455 for both roles, and its state table',
      reason: 'Frames are bytes in and events out, so that a table can test them.',
    },
    {
      folder: 'websocket/compression',
      sees: ['protocol/vocabulary', 'websocket/protocol'],
      contains: 'permessage-deflate, RFC 7692: what is agreed on, messages inflated and deflated',
      reason: 'Compression changes payloads alone, so it knows frames by a contract and no stream.',
    },
    {
      folder: 'websocket/streams',
      sees: ['message', 'websocket/protocol'],
      contains: 'messages that are received or sent in parts, and what waits in an outbox',
      reason: 'A part has one reader and a source one owner, whatever connection they belong to.',
    },
    {
      folder: 'websocket/facades',
      sees: ['protocol/vocabulary', 'websocket/streams'],
      contains: 'the shapes of the platform: `WebSocketStream`, and a browser’s `WebSocket`',
      reason: 'A facade turns one contract into another, so it knows no session.',
    },
    {
      folder: 'websocket',
      sees: [
        'protocol/vocabulary',
        'driver',
        'message',
        'observing',
        'tracing',
        'client',
        'websocket/protocol',
        'websocket/compression',
        'websocket/streams',
        'websocket/facades',
      ],
      contains:
        '`webSocket`, `connectWebSocket`, `Topic`: handshakes, deadlines, what waits to be sent',
      reason:
        'A WebSocket leaves HTTP with its handshake, so it knows handlers and the client by contract, and no server.',
    },
    {
      folder: 'otel',
      sees: ['protocol/vocabulary', 'message', 'tracing'],
      contains: '`instrument`: traces and metrics for OpenTelemetry',
      reason:
        'OpenTelemetry sees what every tracer sees: the channels. A program without it loads nothing of it.',
    },
    {
      folder: 'metrics',
      sees: ['protocol/vocabulary', 'message', 'observing'],
      contains: '`metrics`: what a server knows about itself, as Prometheus reads it',
      reason:
        'It reads snapshots when it is asked; only durations are counted for it, with an option.',
    },
    {
      folder: 'devtools',
      sees: ['protocol/vocabulary', 'message', 'tracing'],
      contains: '`showInDevTools`: requests in the network panel of Chrome DevTools',
      reason: 'The panel sees what every tracer sees: the channels.',
    },
    {
      folder: 'adapters/socket-events',
      sees: ['protocol/vocabulary', 'message', 'adapters', 'websocket/protocol', 'websocket'],
      contains: 'a WebSocket for libraries of callbacks: events, and a `send` that does not wait',
      reason: 'Every library of callbacks needs the same, so it knows none of them.',
    },
    {
      folder: 'adapters/hono',
      sees: ['websocket', 'adapters/socket-events'],
      contains: '`upgradeWebSocket` for Hono',
      reason: 'A leaf: no other room knows what one library asks for.',
    },
    {
      folder: 'adapters/crossws',
      sees: ['protocol/vocabulary', 'adapters', 'websocket', 'adapters/socket-events'],
      contains: '`crosswsAdapter`: the hooks of crossws',
      reason: 'A leaf: no other room knows what one library asks for.',
    },
    {
      folder: 'handlers',
      sees: ['protocol/vocabulary', 'message'],
      contains: 'ready-made handlers: echo, health',
      reason: 'A handler works on messages alone, so it runs under every server.',
    },
    {
      folder: 'inspect/looking',
      sees: ['observing', 'batteries/wrappers'],
      contains: 'the state of a process as JSON: sockets, requests, tasks, refusals, recordings',
      reason:
        'What is seen is asked of those who show it, so no server and no client is known here.',
    },
    {
      folder: 'inspect/page',
      sees: [],
      contains: 'the page of the inspector, made of packages/http/inspector',
      reason: 'The page is text.',
    },
    {
      folder: 'inspect',
      sees: [
        'message',
        'observing',
        'server',
        'batteries/event-stream',
        'inspect/looking',
        'inspect/page',
      ],
      contains: '`inspect`: who may see the page, and what it is sent',
      reason: 'The inspector is a server as any other, and what it shows comes from one room.',
    },
    {
      folder: 'inspect/top',
      sees: ['client', 'inspect/looking'],
      contains: '`awaitio-http top`: the state of another process in a terminal',
      reason: 'A terminal shows what the page shows, and asks for it as any client.',
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
      owners: [
        'driver/',
        'message/',
        'proxy-protocol/',
        'client/',
        'forms/',
        'adapters/',
        'server/',
        'batteries/',
        'contract/',
        'handlers/',
        'websocket/',
        'observing/',
        'inspect/',
        'tracing/',
        'otel/',
        'metrics/',
        'devtools/',
      ],
      reason: 'The protocol is a pure machine of bytes and events: no stream, no clock, no task.',
    },
    {
      modules: ['node:fs', 'node:fs/promises', 'node:path'],
      owners: ['batteries/open-file', 'batteries/file-pieces', 'batteries/static-files'],
      reason: 'Files are read in one place; everything else takes bytes and streams.',
    },
    {
      modules: ['node:crypto'],
      owners: [
        'adapters/integrity',
        'batteries/cookies/cookie-signer',
        'batteries/wrappers/basic-auth',
        'batteries/wrappers/rate-limit-keys',
        'websocket/random-bits',
        'inspect/guard',
      ],
      reason:
        'Secrets are compared, signed, hashed and drawn in five places, bodies in one; other chance is a Random that is passed in.',
    },
    {
      modules: ['node:perf_hooks'],
      owners: ['batteries/wrappers/event-loop-delay', 'metrics/loop-delay'],
      reason:
        'The delay of the event loop is measured behind two interfaces: a mean, and a distribution.',
    },
    {
      modules: ['@opentelemetry/api'],
      owners: ['otel/'],
      reason: 'The peer is optional: only its entry may load it.',
    },
    {
      modules: ['node:inspector'],
      owners: ['devtools/'],
      reason:
        'The inspector is loaded by a program that shows its requests in it, and by no other.',
    },
    {
      modules: ['undici', 'node:module'],
      owners: ['llhttp/'],
      reason: 'undici is here for its build of llhttp, and llhttp/ alone loads it.',
    },
    {
      modules: ['node:zlib'],
      owners: [
        'batteries/compression/content-coding',
        'client/content/decode',
        'websocket/compression/zlib-context',
      ],
      reason:
        'Coding is work of other threads, or blocks: one file begins it and closes what it has opened, on each side.',
    },
    {
      modules: ['mrmime'],
      owners: ['batteries/media-type'],
      reason: 'The types of files are a table of a library, asked in one place.',
    },
    {
      modules: ['hono'],
      owners: ['adapters/hono/'],
      reason: 'Hono is there for its users alone: one leaf asks for it.',
    },
    {
      modules: ['crossws'],
      owners: ['adapters/crossws/'],
      reason: 'crossws is there for its users alone: one leaf asks for it.',
    },
    {
      modules: ['zod'],
      owners: ['server/options-schema'],
      reason: 'Options are validated at the edge, in one file, never on the hot path.',
    },
    NODE_HTTP,
    HARMLESS,
  ],
  globals: [
    { globals: TIME, owners: [], reason: TIME_REASON },
    { globals: CHANCE, owners: [], reason: CHANCE_REASON },
    {
      globals: ['WebAssembly'],
      owners: ['llhttp/', 'protocol/vocabulary/web-classes'],
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
  sansIo: [
    'protocol/',
    'websocket/protocol/',
    'websocket/compression/',
    'forms/multipart-parser',
    'forms/part-head',
    'forms/parameters',
  ],
  typesOnly: ['llhttp/'],
  loaders: [],
};

/** The order of the packages: each may import those before it. */
export const PACKAGE_ORDER = ['@awaitio/core', '@awaitio/http', '@awaitio/examples'] as const;
