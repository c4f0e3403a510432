/**
 * The Unix sockets of one simulated host.
 *
 * A socket file is a name on the host's disk, in a directory that is made with it. A listener that is closed removes its file. A crash
 * leaves it, unless it is lost with what else the directory had not synced; then it is stale: connecting is refused, and listening
 * fails until the file is removed. An abstract name has no file, and is gone with its listener.
 *
 * A connection is made at once, in the backlog, as the kernel does it: the listener need not run.
 */

import { InetAddress, PathAddress } from '../../../vocabulary/address.ts';
import { checkOptions } from '../../../vocabulary/check.ts';
import { AddressError } from '../../../vocabulary/errors.ts';
import { checkWaitOptions, ListedWaiter } from '../../../waiting/waiter.ts';
import { KIND } from '../decisions/kinds.ts';
import type { DiskCalls } from '../disk/disk-calls.ts';
import { SocketNode } from '../disk/socket-node.ts';
import { enterLife, type HostLife } from '../hosts/context.ts';
import { meetChance } from '../wire/chance.ts';
import { SIM_CONNECT_OPTIONS, type SimConnectOptions } from '../wire/connect-options.ts';
import { SimConnection } from '../wire/connection.ts';
import { HostListener } from '../wire/listener.ts';
import type { SimMachine, SimWait } from '../wire/world.ts';
import type { LocalWorld } from './local-world.ts';
import { openSimUnixStream, UNNAMED, type SimUnixStream } from './unix-stream.ts';
import { checkedPath, SIM_UNIX_LISTEN_OPTIONS, type SimUnixListenOptions } from './unix-types.ts';

/** The network, as the sockets of a host see it. */
export interface UnixNetwork {
  readonly local: LocalWorld;
  add(connection: SimConnection): void;
  onClosed(connection: SimConnection): void;
}

/** The host. */
export interface UnixHost extends SimMachine {
  /** Its disk, whose names are paths of sockets, too. */
  readonly files: Pick<DiskCalls, 'bindSocket' | 'find' | 'unbindSocket'>;
  /** What a call fails with that outlived the host. */
  crashed(operation: string): Error;
}

type UnixListener = HostListener<SimUnixStream, PathAddress>;

/** What leads to a listener: a file, or an abstract name. */
type Key = SocketNode | string;

const DEFAULT_MODE = 0o755;
const WRITE_BITS = 0o222;

export class UnixSockets {
  readonly #host: UnixHost;
  readonly #network: UnixNetwork;
  readonly #listeners = new Map<Key, UnixListener>();
  #connections = 0;

  constructor(host: UnixHost, network: UnixNetwork) {
    this.#host = host;
    this.#network = network;
  }

  /** @throws as `SimHost.listenUnix` */
  listen(
    address: unknown,
    options: SimUnixListenOptions,
    life: HostLife | undefined,
  ): UnixListener {
    const path = checkedPath('listenUnix', address);
    checkOptions('listenUnix', options, SIM_UNIX_LISTEN_OPTIONS);
    checkWaitOptions('listenUnix', { signal: options.signal });
    const { clock, trace } = this.#network.local;
    this.#clear(path, options);
    const key = isAbstract(path) ? path : new SocketNode(options.mode ?? DEFAULT_MODE);
    if (typeof key !== 'string') this.#host.files.bindSocket(path, key);
    const localAddress = new PathAddress(path);
    const listener: UnixListener = new HostListener(
      {
        localAddress,
        clock,
        life,
        make: (transport, _local, _remote, given) =>
          openSimUnixStream(transport, localAddress, UNNAMED, given),
        onClose: () => {
          this.#listeners.delete(key);
          if (typeof key !== 'string' && this.#host.isUp) this.#host.files.unbindSocket(path, key);
        },
      },
      options,
    );
    this.#listeners.set(key, listener);
    trace.record('listen', this.#nameOf(path));
    return listener;
  }

  /** @throws as `SimHost.connectUnix` */
  connect(
    address: unknown,
    options: SimConnectOptions,
    life: HostLife | undefined,
  ): Promise<SimUnixStream> {
    const path = checkedPath('connectUnix', address);
    checkOptions('connectUnix', options, SIM_CONNECT_OPTIONS);
    checkWaitOptions('connectUnix', options);
    const { clock, trace } = this.#network.local;
    const wait = new ListedWaiter<SimUnixStream>(
      'connect',
      options.clock ?? life?.clock ?? clock,
      options,
    );
    let isSettled = false;
    wait.owner = {
      remove: () => {
        isSettled = true;
      },
    };
    trace.record('connect', `${this.#host.name} → ${this.#nameOf(path)}`);
    const arrive = (): void => {
      if (isSettled || life?.isOver === true) return;
      if (!this.#host.isUp) wait.reject(this.#host.crashed('connectUnix'));
      else if (this.#host.isKeeping) this.#host.keep(arrive);
      else {
        const dial = (): void => {
          this.#dial(path, options, life, wait);
        };
        if (life === undefined) dial();
        else enterLife(life, dial);
      }
    };
    clock.schedule(arrive, 0);
    return wait.promise;
  }

  onCrash(): void {
    for (const listener of this.#listeners.values()) listener.onCrash();
    this.#listeners.clear();
  }

  closeListeners(): void {
    for (const listener of this.#listeners.values()) listener.closeNow();
  }

  describe(into: SimWait[]): void {
    for (const listener of this.#listeners.values()) {
      const subject = `listener ${this.#nameOf(listener.localAddress.path)}`;
      for (const wait of listener.statistics().waits) into.push({ ...wait, subject });
    }
  }

  /** `app:/run/app.sock`, and `app:@name` for an abstract name. */
  #nameOf(path: string): string {
    return `${this.#host.name}:${path.replace(/^\0/, '@')}`;
  }

  /** Makes room for a socket at a path. @throws `AddressError` when something is there */
  #clear(path: string, { removeStale, replace }: SimUnixListenOptions): void {
    const found = isAbstract(path) ? path : this.#host.files.find(path);
    if (found === undefined) return;
    const fail = (why: string): never => {
      const message = `listenUnix: ${this.#nameOf(path)} ${why}`;
      throw new AddressError(message, { code: 'EADDRINUSE', operation: 'listenUnix' });
    };
    if (typeof found === 'string') {
      if (this.#listeners.has(found)) fail('is a name that a program of the host listens on');
      return;
    }
    if (!(found instanceof SocketNode)) return fail('exists and is not a socket');
    const isListening = this.#listeners.has(found);
    if (isListening && replace !== true) fail('is a socket that a program of the host listens on');
    if (!isListening && removeStale !== true && replace !== true) {
      fail('is a stale socket file: no program listens on it; `removeStale: true` removes it');
    }
    this.#host.files.unbindSocket(path, found);
  }

  /** @throws `AddressError` when no listener is there */
  #find(path: string, isRefused: boolean): UnixListener {
    const fail = (code: string, why: string): never => {
      this.#network.local.trace.record('refused', `${this.#nameOf(path)} ${code}`);
      const message = `connectUnix: ${this.#nameOf(path)}: ${why}`;
      throw new AddressError(message, { code, operation: 'connectUnix' });
    };
    const found = isAbstract(path) ? path : this.#host.files.find(path);
    if (found === undefined) return fail('ENOENT', 'no such file');
    if (found instanceof SocketNode && (found.mode & WRITE_BITS) === 0) {
      return fail('EACCES', 'its permissions let no program connect');
    }
    const listener =
      typeof found === 'string' || found instanceof SocketNode
        ? this.#listeners.get(found)
        : undefined;
    if (listener === undefined || isRefused) {
      return fail('ECONNREFUSED', 'no program listens on it');
    }
    return listener;
  }

  #dial(
    path: string,
    options: SimConnectOptions,
    life: HostLife | undefined,
    wait: ListedWaiter<SimUnixStream>,
  ): void {
    const { local } = this.#network;
    const host = this.#host;
    this.#connections += 1;
    const address = new InetAddress(host.name, 0);
    const client = { host, address, name: `${host.name}:unix#${this.#connections}` };
    const server = { host, address, name: this.#nameOf(path) };
    const draws = local.decisions.of(`${client.name} → ${server.name}`);
    try {
      const isRefused = draws.chance(KIND.refuse, local.faults.of(host, host).refuse);
      const listener = this.#find(path, isRefused);
      const connection = new SimConnection(local, client, server, {
        onEstablished: (made) => {
          if (listener.isDisposed) made.server.transport.reset();
          else listener.admit(made);
        },
        beforeDelivery: (made, to, chance) => meetChance(local, made, to, chance),
        onClosed: (made) => {
          this.#network.onClosed(made);
        },
      });
      this.#network.add(connection);
      connection.establish();
      const { clock, readHighWaterMark, writeHighWaterMark } = options;
      const remote = new PathAddress(path);
      wait.resolve(
        connection.open(
          connection.client,
          (transport, _local, _remote, given) =>
            openSimUnixStream(transport, UNNAMED, remote, given),
          { clock, readHighWaterMark, writeHighWaterMark },
          life,
        ),
      );
    } catch (error) {
      wait.reject(error);
    }
  }
}

const isAbstract = (path: string): boolean => path.startsWith('\0');
