/** Calls of `node:net`, `node:tls` and `node:dns` with one argument that is given, for those of Node and those of a simulated host. */

import type dns from 'node:dns';
import type net from 'node:net';
import type tls from 'node:tls';

/** What a call is made with. */
export interface Modules {
  readonly net: typeof net;
  readonly tls: typeof tls;
  readonly dns: typeof dns;
  /** Of a server that reads. */
  readonly host: string;
  readonly port: number;
  /** A socket that connects to it. */
  readonly socket: () => net.Socket;
  readonly callback: () => void;
}

/** A call; the value is whatever a caller without types may pass. */
export type ModuleCall = (modules: Modules, value: never) => unknown;

/** Options of `net.connect` that Node checks or ignores. */
const CONNECT = [
  'allowHalfOpen',
  'signal',
  'localAddress',
  'localPort',
  'family',
  'hints',
  'noDelay',
  'keepAlive',
  'keepAliveInitialDelay',
  'autoSelectFamily',
  'autoSelectFamilyAttemptTimeout',
  'blockList',
  'objectMode',
  'readableObjectMode',
  'writableObjectMode',
  'highWaterMark',
  'timeout',
  'port',
];
const TLS = [
  'ALPNProtocols',
  'ca',
  'checkServerIdentity',
  'minDHSize',
  'minVersion',
  'port',
  'secureContext',
  'servername',
  'timeout',
];
const LISTEN = ['backlog', 'exclusive', 'fd', 'host', 'ipv6Only', 'port', 'reusePort', 'signal'];

function options(
  call: string,
  names: readonly string[],
  make: (modules: Modules, given: object) => unknown,
): [string, ModuleCall][] {
  return names.map((name) => [
    `${call}({ ${name} })`,
    (modules, value) => make(modules, { [name]: value }),
  ]);
}

const servers: readonly [string, ModuleCall][] = [
  ['createServer(v)', (m, v) => m.net.createServer(v)],
  ['createServer({}, v)', (m, v) => m.net.createServer({}, v)],
  ['listen(v)', (m, v) => m.net.createServer().listen(v)],
  ['listen(0, v)', (m, v) => m.net.createServer().listen(0, v)],
  ['listen({ path })', (m, v) => m.net.createServer().listen({ path: v })],
  ['close(v)', (m, v) => m.net.createServer().listen(0).close(v)],
  ['getConnections(v)', (m, v) => m.net.createServer().listen(0).getConnections(v)],
  ...options('listen', LISTEN, (m, given) => m.net.createServer().listen({ port: 0, ...given })),
  ...options(
    'createServer',
    ['allowHalfOpen', 'highWaterMark', 'keepAliveInitialDelay'],
    (m, given) => m.net.createServer(given),
  ),
];

const sockets: readonly [string, ModuleCall][] = [
  ['net.connect(v)', (m, v) => m.net.connect(v)],
  ['net.createConnection(v)', (m, v) => m.net.createConnection(v)],
  ['net.connect(port, v)', (m, v) => m.net.connect(m.port, v)],
  ['net.connect(port, host, v)', (m, v) => m.net.connect(m.port, m.host, v)],
  ['net.connect({ host })', (m, v) => m.net.connect({ host: v, port: m.port })],
  ['net.connect({ path })', (m, v) => m.net.connect({ path: v })],
  [
    'net.connect({ lookup })',
    (m, v) => m.net.connect({ host: 'no.name', port: m.port, lookup: v }),
  ],
  ...options('net.connect', CONNECT, (m, given) =>
    m.net.connect({ host: m.host, port: m.port, ...given }),
  ),
  ['new Socket({ signal })', (m, v) => new m.net.Socket({ signal: v })],
  ['new Socket().connect(v)', (m, v) => new m.net.Socket().connect(v)],
  ['new Socket().connect({ port })', (m, v) => new m.net.Socket().connect({ port: v })],
  ['socket.setTimeout(v)', (m, v) => m.socket().setTimeout(v)],
  ['socket.setTimeout(5, v)', (m, v) => m.socket().setTimeout(5, v)],
  ['socket.setNoDelay(v)', (m, v) => m.socket().setNoDelay(v)],
  ['socket.setKeepAlive(v)', (m, v) => m.socket().setKeepAlive(v)],
  ['socket.setKeepAlive(true, v)', (m, v) => m.socket().setKeepAlive(true, v)],
  ['socket.write(v)', (m, v) => m.socket().write(v)],
  ["socket.write('a', v)", (m, v) => m.socket().write('a', v)],
  ["socket.write('a', 'utf8', v)", (m, v) => m.socket().write('a', 'utf8', v)],
  ['socket.end(v)', (m, v) => m.socket().end(v)],
  ['socket.setEncoding(v)', (m, v) => m.socket().setEncoding(v)],
  ['socket.pipe(v)', (m, v) => m.socket().pipe(v)],
  ["socket.on('data', v)", (m, v) => m.socket().on('data', v)],
];

const secure: readonly [string, ModuleCall][] = [
  ['tls.connect(v)', (m, v) => m.tls.connect(v)],
  ['tls.connect(port, v)', (m, v) => m.tls.connect(m.port, v)],
  ['tls.connect(port, host, v)', (m, v) => m.tls.connect(m.port, m.host, v)],
  ['tls.connect({ host })', (m, v) => m.tls.connect({ host: v, port: m.port })],
  ['tls.connect({ path })', (m, v) => m.tls.connect({ path: v })],
  ['tls.connect({ socket })', (m, v) => m.tls.connect({ port: m.port, socket: v })],
  [
    'tls.connect({ lookup })',
    (m, v) => m.tls.connect({ host: 'no.name', port: m.port, lookup: v }),
  ],
  ...options('tls.connect', TLS, (m, given) =>
    m.tls.connect({ host: m.host, port: m.port, ...given }),
  ),
  ['tls.createSecureContext(v)', (m, v) => m.tls.createSecureContext(v)],
  ...options('tls.createSecureContext', ['ca', 'secureOptions', 'minVersion'], (m, given) =>
    m.tls.createSecureContext(given),
  ),
  ['tls.createServer(v)', (m, v) => m.tls.createServer(v)],
  ['tls.createServer({}, v)', (m, v) => m.tls.createServer({}, v)],
  ...options('tls.createServer', ['handshakeTimeout', 'SNICallback', 'secureOptions'], (m, given) =>
    m.tls.createServer(given),
  ),
];

/** One for which Node asks no server. */
const IP = '127.0.0.1';
const NAME = 'some.invalid';

const names: readonly [string, ModuleCall][] = [
  ['dns.lookup(v, callback)', (m, v) => m.dns.lookup(v, m.callback)],
  ['dns.lookup(ip, v)', (m, v) => m.dns.lookup(IP, v)],
  ['dns.lookup(ip, v, callback)', (m, v) => m.dns.lookup(IP, v, m.callback)],
  ['dns.lookup(ip, {}, v)', (m, v) => m.dns.lookup(IP, {}, v)],
  ...options('dns.lookup', ['all', 'family', 'hints', 'order', 'verbatim'], (m, given) =>
    m.dns.lookup(IP, given, m.callback),
  ),
  ['dns.resolve(v, callback)', (m, v) => m.dns.resolve(v, m.callback)],
  ['dns.resolve(name, v)', (m, v) => m.dns.resolve(NAME, v)],
  ['dns.resolve(name, v, callback)', (m, v) => m.dns.resolve(NAME, v, m.callback)],
  ["dns.resolve(name, 'A', v)", (m, v) => m.dns.resolve(NAME, 'A', v)],
  ['dns.resolve4(v, callback)', (m, v) => m.dns.resolve4(v, m.callback)],
  ['dns.resolve4(name, v)', (m, v) => m.dns.resolve4(NAME, v)],
  ['dns.resolve4(name, v, callback)', (m, v) => m.dns.resolve4(NAME, v, m.callback)],
  ['dns.resolve4(name, {}, v)', (m, v) => m.dns.resolve4(NAME, { ttl: true }, v)],
  ['dns.resolve6(v, callback)', (m, v) => m.dns.resolve6(v, m.callback)],
  ['dns.resolve6(name, v)', (m, v) => m.dns.resolve6(NAME, v)],
  ['dns.resolveMx(v, callback)', (m, v) => m.dns.resolveMx(v, m.callback)],
  ['dns.resolveTxt(name, v)', (m, v) => m.dns.resolveTxt(NAME, v)],
  ['dns.reverse(v, callback)', (m, v) => m.dns.reverse(v, m.callback)],
  ['dns.reverse(ip, v)', (m, v) => m.dns.reverse(IP, v)],
  ['dns.setServers(v)', (m, v) => new m.dns.Resolver().setServers(v)],
  ['Resolver.resolve4(v, callback)', (m, v) => new m.dns.Resolver().resolve4(v, m.callback)],
  ['promises.lookup(v)', (m, v) => m.dns.promises.lookup(v)],
  ['promises.lookup(ip, v)', (m, v) => m.dns.promises.lookup(IP, v)],
  ...options('promises.lookup', ['all', 'family', 'hints'], (m, given) =>
    m.dns.promises.lookup(IP, given),
  ),
  ['promises.resolve(v)', (m, v) => m.dns.promises.resolve(v)],
  ['promises.resolve(name, v)', (m, v) => m.dns.promises.resolve(NAME, v)],
  ['promises.resolve4(v)', (m, v) => m.dns.promises.resolve4(v)],
  ['promises.resolve4(name, v)', (m, v) => m.dns.promises.resolve4(NAME, v)],
  ['promises.reverse(v)', (m, v) => m.dns.promises.reverse(v)],
];

export const MODULE_CALLS: readonly (readonly [name: string, call: ModuleCall])[] = [
  ...servers,
  ...sockets,
  ...secure,
  ...names,
];

/** Calls whose callback throws. */
export const THROWING: readonly (readonly [name: string, call: ModuleCall])[] = [
  ['net.connect(port, host, callback)', (m, v) => m.net.connect(m.port, m.host, v)],
  [
    'net.connect({ lookup })',
    (m, v) => m.net.connect({ host: 'no.name', port: m.port, lookup: v }),
  ],
  ["socket.on('connect')", (m, v) => m.socket().on('connect', v)],
  ["socket.on('close')", (m, v) => m.socket().on('close', v).destroy()],
  ["socket.write('a', callback)", (m, v) => m.socket().write('a', v)],
  ['socket.end(callback)', (m, v) => m.socket().end(v)],
  ['socket.setTimeout(1, callback)', (m, v) => m.socket().setTimeout(1, v)],
  ['listen(0, callback)', (m, v) => m.net.createServer().listen(0, v)],
  ['close(callback)', (m, v) => m.net.createServer().listen(0).close(v)],
  ['getConnections(callback)', (m, v) => m.net.createServer().listen(0).getConnections(v)],
  ['dns.lookup(ip, callback)', (m, v) => m.dns.lookup(IP, v)],
  ['dns.lookup(ip, {}, callback)', (m, v) => m.dns.lookup(IP, {}, v)],
  ['dns.reverse(ip, callback)', (m, v) => m.dns.reverse(IP, v)],
];
