/** The hosts, listeners and options of a simulated network, as a program sees them. */

import { ADMISSION_OPTIONS, type AdmissionOptions } from '../../../listening/admission.ts';
import type { Listener } from '../../../listening/listener.ts';
import { STREAM_OPTIONS, type StreamOptions } from '../../../streams/byte-stream.ts';
import type { AddressLike, InetAddress } from '../../../vocabulary/address.ts';
import { rules, type OptionTable } from '../../../vocabulary/check.ts';
import type { Random } from '../../../vocabulary/random.ts';
import type { Executor } from '../../../tasks/executor.ts';
import { decisionsRule } from '../decisions/decisions.ts';
import type { Decision } from '../decisions/log.ts';
import type { HostModules } from '../../../net/host-modules.ts';
import type { UdpOptions } from '../../../net/udp/udp-options.ts';
import type { UdpSocket } from '../../../net/udp/udp-socket.ts';
import type { SimDisk } from '../disk/types.ts';
import type { SimHostClock } from '../hosts/types.ts';
import type { SimClock } from '../wire/clock.ts';
import { rangeRule, SIM_FAULTS, type Range, type SimFaults } from '../wire/faults.ts';
import type { SimConnectOptions } from '../wire/connect-options.ts';
import type { SimStream } from '../wire/stream.ts';
import type { SimUnixStream } from '../unix/unix-stream.ts';
import type { SimUnixAddress, SimUnixListener, SimUnixListenOptions } from '../unix/unix-types.ts';

/** Options of {@link SimNetwork}. */
export interface SimNetworkOptions {
  /** The source of time. @default a new `SimClock` */
  readonly clock?: SimClock | undefined;
  /** Where the seed of everything that is drawn comes from. @default a generator seeded with 0 */
  readonly random?: Random | undefined;
  /** What is drawn, in place of chance: see {@link SimulationOptions.decisions}. @default drawn */
  readonly decisions?: readonly Decision[] | undefined;
  /** How long a segment travels, in milliseconds: drawn from `[min, max]`. @default [1, 50] */
  readonly latency?: Range | undefined;
  /** Which faults happen, and how often. */
  readonly faults?: SimFaults | undefined;
  /**
   * Milliseconds after which a connection or a connection attempt whose peer is unreachable fails with `ETIMEDOUT`;
   * `Infinity` leaves half-open peers waiting forever. @default 30000
   */
  readonly giveUpAfter?: number | undefined;
}

/** What {@link SimNetworkOptions} may be. */
export const SIM_NETWORK_OPTIONS: OptionTable<SimNetworkOptions> = {
  clock: rules.clock,
  random: rules.method('integer'),
  decisions: decisionsRule,
  latency: rangeRule,
  faults: rules.group(SIM_FAULTS),
  giveUpAfter: {
    expected: 'a number of milliseconds above 0',
    accepts: (value) => typeof value === 'number' && value > 0,
  },
};

/** Options of {@link SimNetwork.partition}. */
export interface PartitionOptions {
  /** Only what the first host sends to the second is lost. @default false */
  readonly oneWay?: boolean | undefined;
}

/** What {@link PartitionOptions} may be. */
export const PARTITION_OPTIONS: OptionTable<PartitionOptions> = { oneWay: rules.flag };

/** Options of {@link SimHost.listen}: those of `TcpListener.bind` that apply to a simulated network. */
export interface SimListenOptions extends StreamOptions, AdmissionOptions<SimStream> {
  /** Closes the listener when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** What {@link SimListenOptions} may be. */
export const SIM_LISTEN_OPTIONS: OptionTable<SimListenOptions> = {
  ...STREAM_OPTIONS,
  ...ADMISSION_OPTIONS,
  signal: rules.signal,
};

/** What a program of a host is given: everything of it ends with the host. */
export interface HostContext {
  readonly host: SimHost;
  /** Aborts when {@link SimHost.stop} asks the program to end: its failure is then ignored. A crash is not announced. */
  readonly signal: AbortSignal;
  /** The host's clock: timers of the host's programs never fire after a crash. */
  readonly clock: SimHostClock;
  /** Runs tasks on the host: after a crash, none of them goes on. */
  readonly executor: Executor;
  /** Random numbers of this life of the host, from the run's seed. */
  readonly random: Random;
  /** The disk of the host: what of it was synced outlasts a crash. */
  readonly disk: SimDisk;
}

/** A program of a host: started at once and again after each restart. */
export type HostProgram = (context: HostContext) => Promise<void> | void;

/** A machine with a name, from {@link Simulation.host}. */
export interface SimHost {
  /** The name that others connect to. */
  readonly name: string;
  /** Whether the host is running: it has not crashed, or was restarted. */
  readonly isUp: boolean;
  /** Whether a listener was ever opened here: only such hosts are crashed by random faults. */
  readonly isServer: boolean;
  /** Aborts when the host crashes; a new one after the restart. For a program on the host, that of {@link HostContext}. */
  readonly signal: AbortSignal;
  /** Whether the program is paused, see {@link SimHost.pause}. */
  readonly isPaused: boolean;
  /** The clock of the current life of the host. */
  readonly clock: SimHostClock;
  /** Runs tasks on the host, in its current life. Spawning on a host that is down throws `BrokenError` (`ERR_HOST_CRASHED`). */
  readonly executor: Executor;
  /** Random numbers of the current life of the host. */
  readonly random: Random;
  /** Its disk, in the shape of node:fs/promises; from outside it can be read and written also while the host is down. */
  readonly disk: SimDisk;
  /**
   * Listens on a port; can be passed on as a function.
   *
   * @param port - A whole number from 0; 0 chooses a free one.
   * @returns A listener with the contract of `TcpListener`.
   * @throws `AddressError` (`EADDRINUSE`); `BrokenError` when the host is down; `InvalidInputError`; `signal.reason`.
   */
  readonly listen: (port: number, options?: SimListenOptions) => Promise<SimListener>;
  /**
   * Connects to a host of the network; can be passed on as a function (`new HttpClient({ connect })`).
   *
   * @param address - `'server:80'` or `{ host, port }`; without a host, this one.
   * @returns A stream with the contract of `TcpStream`.
   * @throws `AddressError` (`ENOTFOUND`, `ECONNREFUSED`); `BrokenError` (`ETIMEDOUT`) when the host is unreachable;
   * `TimeoutError`; `signal.reason`; `InvalidInputError`.
   */
  readonly connect: (
    address: AddressLike | InetAddress,
    options?: SimConnectOptions,
  ) => Promise<SimStream>;
  /**
   * Listens on a Unix socket of this host; can be passed on as a function.
   *
   * The file is on the host's {@link SimHost.disk}, in a directory that is made with it. A crash leaves it, unless the disk loses its
   * name: it is stale then.
   *
   * @param address - A path of at most 107 bytes, or `{ path }`; a name that begins with `\0` is abstract.
   * @returns A listener with the contract of `UnixListener`.
   * @throws `AddressError` (`EADDRINUSE`, and the message says why); `DiskError` (`ENOTDIR`); `BrokenError` when the host is down;
   * `InvalidInputError`; `signal.reason`.
   */
  readonly listenUnix: (
    address: SimUnixAddress,
    options?: SimUnixListenOptions,
  ) => Promise<SimUnixListener>;
  /**
   * Connects to a Unix socket of this host; can be passed on as a function (`new HttpClient({ connectUnix })`).
   *
   * Nothing travels between the two programs, so that neither latency, rules nor partitions apply. They may read in any parts, and
   * `reset`, `refuse`, `pause` and `crash` happen as over TCP.
   *
   * @param address - A path, `{ path }`, or the `localAddress` of a listener.
   * @returns A stream with the contract of `UnixStream`.
   * @throws `AddressError` (`ENOENT`; `ECONNREFUSED` for a stale file; `EACCES`); `BrokenError` when the host is down; `TimeoutError`;
   * `signal.reason`; `InvalidInputError`.
   */
  readonly connectUnix: (
    address: SimUnixAddress,
    options?: SimConnectOptions,
  ) => Promise<SimUnixStream>;
  /**
   * `node:net` on this host: `connect`, `createServer` and `Socket` are those of the simulated network. For a library that takes a
   * socket or a function that makes one; code that {@link SimHost.run} runs has them in `node:net` itself.
   */
  readonly net: HostModules['net'];
  /** `node:tls` on this host. */
  readonly tls: HostModules['tls'];
  /** `node:dns` on this host: `lookup` and `resolve` answer for the hosts of the network. */
  readonly dns: HostModules['dns'];
  /**
   * Binds a UDP port; can be passed on as a function. What is sent may be lost, come twice or late, see {@link SimFaults}.
   *
   * @param port - A whole number from 0; 0 chooses a free one.
   * @returns A socket with the contract of `UdpSocket.bind`; options of the operating system are ignored.
   * @throws `AddressError` (`EADDRINUSE`); `BrokenError` when the host is down; `InvalidInputError`; `signal.reason`.
   */
  readonly bindUdp: (port: number, options?: UdpOptions) => Promise<UdpSocket>;
  /**
   * Runs a program now and after each restart: a server that comes back with its host.
   *
   * The program and everything that it begins are on the host, and end with it. There, `sim.executor` and `sim.clock.sleep` are
   * those of the host.
   */
  run(program: HostProgram): void;
  /**
   * Calls a function on the host, as if a program of {@link SimHost.run} had called it.
   *
   * @returns What it returns.
   * @throws what it throws; `BrokenError` (`ERR_HOST_CRASHED`) when the host is down.
   */
  enter<T>(body: () => T): T;
  /**
   * Pauses the programs of the host, as a long garbage collection does: no timer fires and nothing arrives, while the kernel
   * accepts connections and receives what fits into its buffers. What runs already runs until its next wait.
   *
   * @param milliseconds - How long, in true time. A pause within another one only lasts longer if it ends later.
   * @throws `InvalidInputError`.
   */
  pause(milliseconds: number): void;
  /** Asks the programs of the host to end, as SIGTERM does: the signal of their {@link HostContext} aborts. The host stays up. */
  stop(): void;
  /**
   * Stops the machine at once: its streams and listeners are gone, and no peer is notified.
   *
   * Peers find out by `ETIMEDOUT` (the network's `giveUpAfter`), or by `ECONNRESET` when they send something and the host
   * is back. Programs on the host stop where they are: none of their waits ever settles, none of their timers fires, and their
   * tasks no longer count. What uses the host from outside, as the program of the run may, sees its streams fail with
   * `ERR_HOST_CRASHED`, and {@link SimHost.signal} abort.
   */
  crash(): void;
  /** Starts the machine again, with its programs. */
  restart(): void;
}

/** A listener of a simulated host, from {@link SimHost.listen}. */
export interface SimListener extends Listener<SimStream> {
  readonly localAddress: InetAddress;
  /** As `TcpListener.unref`; does nothing here. */
  unref(): void;
  /** As `TcpListener.ref`; does nothing here. */
  ref(): void;
}
