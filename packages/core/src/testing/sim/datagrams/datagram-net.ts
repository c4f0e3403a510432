/**
 * Datagrams on their way: each travels by itself, and may be lost, come twice, or late.
 *
 * As with UDP, neither side notices what is lost: to a host that is down, across a cut, to a port that is not bound (where a
 * connected socket sees `ECONNREFUSED`). What is held back by `hold` arrives after the release.
 */

import type { DatagramPort } from '../../../net/udp/datagram-port.ts';
import { UDP_OPTIONS, type UdpOptions } from '../../../net/udp/udp-options.ts';
import { openUdpSocket, type UdpSocket } from '../../../net/udp/udp-socket.ts';
import { InetAddress } from '../../../vocabulary/address.ts';
import { checkOptions } from '../../../vocabulary/check.ts';
import type { Clock } from '../../../vocabulary/clock.ts';
import { AddressError, invalidInput } from '../../../vocabulary/errors.ts';
import { checkWaitOptions, type WaitInfo } from '../../../waiting/waiter.ts';
import type { Decisions } from '../decisions/decisions.ts';
import { KIND } from '../decisions/kinds.ts';
import type { HostLife } from '../hosts/context.ts';
import { hostCrashed } from '../hosts/crashed.ts';
import { Packet } from '../rules/packet.ts';
import type { RuleBook } from '../rules/rule-book.ts';
import { SimPort, type PortHost, type PortNetwork } from './sim-port.ts';

/** The faults of datagrams of one direction. */
interface DatagramFaults {
  readonly latency: readonly [min: number, max: number];
  readonly loseDatagrams: number;
  readonly duplicateDatagrams: number;
  readonly delayDatagrams: number;
}

/** The network, as datagrams see it. */
export interface DatagramWorld {
  readonly clock: Clock & { schedule(callback: () => void, delay: number): unknown };
  readonly decisions: Decisions;
  readonly faults: { of(from: object, to: object): DatagramFaults };
  readonly rules: RuleBook;
  readonly trace: {
    record(event: string, subject: string, count?: number): void;
    content(bytes: Uint8Array): void;
  };
  isOpen(from: PortHost, to: PortHost): boolean;
  isHeld(from: PortHost, to: PortHost): boolean;
  find(name: string): PortHost | undefined;
  /** What names stand for: hosts, in order. */
  readonly names: { lookup(name: string): readonly string[] };
}

const FIRST_FREE_PORT = 49_152;
const LAST_PORT = 65_535;
const BROADCAST = '255.255.255.255';
/** From 224.0.0.0 to 239.255.255.255 (RFC 5771). */
const MULTICAST = /^2(?:2[4-9]|3\d)\./;
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|::1)$/;
/** A late datagram takes up to so many times as long as the slowest other. */
const LATE_FACTOR = 10;

interface Bound {
  readonly port: SimPort;
  readonly socket: UdpSocket;
}

export class DatagramNet implements PortNetwork {
  readonly #world: DatagramWorld;
  readonly #ports = new Map<string, Bound>();
  /** What waits for the release of a path. */
  readonly #held: (() => void)[] = [];

  constructor(world: DatagramWorld) {
    this.#world = world;
  }

  /** Binds a port of a host. @throws `AddressError` (`EADDRINUSE`); `InvalidInputError`; `signal.reason` */
  bind(host: PortHost, port: number, options: UdpOptions, life: HostLife | undefined): UdpSocket {
    if (!Number.isInteger(port) || port < 0 || port > LAST_PORT) {
      throw invalidInput('bindUdp', 'port', 'a whole number from 0 to 65535', port);
    }
    checkOptions('bindUdp', options, UDP_OPTIONS);
    checkWaitOptions('bindUdp', { signal: options.signal });
    const bound = new InetAddress(host.name, port === 0 ? this.#freePort(host.name) : port);
    if (this.#ports.has(String(bound))) {
      throw new AddressError(`bindUdp: ${bound} is in use`, {
        code: 'EADDRINUSE',
        operation: 'bindUdp',
      });
    }
    const simPort = new SimPort(this, host, bound, life);
    simPort.canBroadcast = options.broadcast === true;
    const clock = options.clock ?? life?.clock ?? this.#world.clock;
    // It has the one form of each call that a `UdpSocket` makes, not those that only programs make.
    const socket = openUdpSocket(simPort as unknown as DatagramPort, { ...options, clock });
    this.#ports.set(String(bound), { port: simPort, socket });
    this.#world.trace.record('bind', String(bound));
    return socket;
  }

  send(port: SimPort, bytes: Uint8Array, to: InetAddress): void {
    for (const target of this.#targets(port, to))
      this.#sendTo(port, Uint8Array.from(bytes), target);
  }

  resolve(host: string, own: string): string {
    if (LOOPBACK.test(host)) return own;
    if (host === BROADCAST || MULTICAST.test(host)) return host;
    const [first] = this.#world.names.lookup(host);
    if (first !== undefined && this.#world.find(first) !== undefined) return first;
    throw new AddressError(`sendTo: ${host}: no such host`, {
      code: 'ENOTFOUND',
      operation: 'sendTo',
    });
  }

  unbind(port: SimPort): void {
    const name = String(port.bound);
    if (this.#ports.get(name)?.port === port) this.#ports.delete(name);
  }

  /** A path was released: what waited arrives now. */
  release(): void {
    for (const arrive of this.#held.splice(0)) this.#world.clock.schedule(arrive, 0);
  }

  onCrash(host: PortHost): void {
    const error = hostCrashed('recvFrom', host.name);
    for (const { port } of this.#ports.values()) if (port.host === host) port.crash(error);
  }

  /** The run ends. */
  close(): void {
    for (const { socket } of this.#ports.values()) void socket.close();
  }

  /** Adds what waits for datagrams to a report. */
  describe(into: (WaitInfo & { readonly subject: string })[]): void {
    for (const { port, socket } of this.#ports.values()) {
      const subject = `udp ${port.bound}`;
      for (const wait of socket.statistics().waits) into.push({ ...wait, subject });
    }
  }

  #targets(from: SimPort, to: InetAddress): readonly InetAddress[] {
    if (to.host !== BROADCAST && !MULTICAST.test(to.host)) return [to];
    if (to.host === BROADCAST && !from.canBroadcast) {
      throw new AddressError('sendTo: broadcasts are not allowed: call setBroadcast(true)', {
        code: 'EACCES',
        operation: 'sendTo',
      });
    }
    return [...this.#ports.values()]
      .map(({ port }) => port)
      .filter(({ bound }) => bound.port === to.port)
      .filter((port) => to.host === BROADCAST || port.isIn(to.host))
      .map(({ bound }) => bound);
  }

  #sendTo(port: SimPort, bytes: Uint8Array, to: InetAddress): void {
    const world = this.#world;
    const target = world.find(to.host) ?? port.host;
    const subject = `udp ${port.bound} → ${to}`;
    const draws = world.decisions.of(subject);
    const faults = world.faults.of(port.host, target);
    const [min, max] = faults.latency.map((end) => Math.round(end * 1_000)) as [number, number];
    if (draws.chance(KIND.loseDatagram, faults.loseDatagrams)) {
      world.trace.record('lost!', subject, bytes.length);
      return;
    }
    const packet = new Packet('datagram', port.bound, to, bytes);
    const copies = draws.chance(KIND.duplicateDatagram, faults.duplicateDatagrams) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      const late =
        draws.maybe(KIND.delayDatagram, faults.delayDatagrams, max, max * LATE_FACTOR) ?? 0;
      const trip = (draws.integer(KIND.latency, min, max) + late) / 1_000;
      const extra = world.rules.isEmpty ? 0 : world.rules.lateness(packet);
      world.clock.schedule(() => {
        this.#arrive(packet, port, target);
      }, trip + extra);
    }
  }

  #arrive(packet: Packet, port: SimPort, target: PortHost): void {
    const world = this.#world;
    const { clock, rules, trace } = world;
    const again = (): void => {
      this.#arrive(packet, port, target);
    };
    if (world.isHeld(port.host, target)) {
      this.#held.push(again);
      return;
    }
    if (!world.isOpen(port.host, target)) return;
    const verdict = rules.isEmpty ? 'passes' : rules.judge(packet);
    if (verdict === 'lost') return;
    if (verdict !== 'passes') {
      verdict.hold(packet, () => {
        clock.schedule(again, 0);
      });
      return;
    }
    const subject = `udp ${packet.from} → ${packet.to}`;
    const receiver = this.#ports.get(String(packet.to));
    if (receiver === undefined) {
      trace.record('refused', subject);
      const [min] = this.#world.faults.of(target, port.host).latency;
      clock.schedule(() => {
        if (world.isOpen(target, port.host)) port.unreachable(packet.to);
      }, min);
      return;
    }
    trace.record('datagram', subject, packet.bytes.length);
    trace.content(packet.bytes);
    receiver.port.receive(packet.bytes, packet.from);
  }

  #freePort(host: string): number {
    let port = FIRST_FREE_PORT;
    while (this.#ports.has(`${host}:${port}`)) port += 1;
    return port;
  }
}
