/**
 * One direction of a simulated connection: what TCP does between a `write` at one end and a `read` at the other.
 *
 * Bytes pass four stages: *unsent* (accepted from the writer, no window for them yet), *on the wire* (segments, in order, each
 * with its time of arrival), *received* (arrived and not taken: `SimTransport` keeps them) and *taken*. What is on the wire or
 * received counts against the window; taking it opens the window again one trip later. A window that started small doubles
 * each time, as congestion windows do.
 *
 * Nothing is lost for good, since this is TCP: a segment whose path is cut waits at the head of the wire until `kick`, and
 * everything behind it waits too.
 */

import type { Draws } from '../decisions/draws.ts';
import { KIND, type DecisionKind } from '../decisions/kinds.ts';
import type { Lane } from '../decisions/order.ts';
import { markQuiet } from './clock.ts';
import { Packet } from '../rules/packet.ts';
import type { LinkFaults } from './fault-book.ts';
import {
  drawFrom,
  drawStall,
  drawStalls,
  drawWindow,
  FULL_WINDOW,
  RETRANSMISSION,
  type Range,
} from './faults.ts';
import { deliveryOf, type Delivery } from './trace.ts';
import type { FlowEnd, FlowEnds, Segment, World } from './world.ts';

const NOTHING = new Uint8Array(0);

export class SimFlow {
  readonly #world: World;
  readonly #from: FlowEnd;
  readonly #to: FlowEnd;
  /** `client:49152 → server:80` */
  readonly label: string;
  /** What chance does to this direction. */
  readonly draws: Draws;
  readonly #lane: Lane | undefined;
  readonly #queue: Uint8Array[] = [];
  readonly #wire: Segment[] = [];
  /** How many of the next segments may find the reader stalled. */
  #stalls: number;
  #sender: Pick<FlowEnds, 'onDrain'> | undefined;
  #receiver: Omit<FlowEnds, 'onDrain'> | undefined;
  #unsent = 0;
  #window: number;
  #outstanding = 0;
  /** Bytes taken by the reader and not yet acknowledged. */
  #owed = 0;
  #isAcking = false;
  #lastDue = 0;
  /** Whether the head of the wire, or an acknowledgement, waits for a closed path. */
  #isStuck = false;
  #isAckStuck = false;
  #finish: (() => void) | undefined;
  #isReset = false;
  /** Since when the head of the wire is lost again and again. */
  #lostSince: number | undefined;
  /** How many of the next bytes to arrive are recorded as they are; of those behind, only the number is. */
  #plain = Infinity;
  /** Whether FIN is on the wire. */
  isFinished = false;
  /** Whether the connection is half-open for good: nothing gets through any more. */
  isSilent = false;

  constructor(world: World, from: FlowEnd, to: FlowEnd) {
    this.#world = world;
    this.#from = from;
    this.#to = to;
    this.label = `${from.name ?? from.address} → ${to.name ?? to.address}`;
    this.draws = world.decisions.of(this.label);
    this.#lane = world.order?.lane(this.label);
    const faults = this.#faults;
    this.#window = drawWindow(this.draws, faults);
    this.#stalls = drawStalls(this.draws, faults);
  }

  get #faults(): LinkFaults {
    return this.#world.faults.of(this.#from.host, this.#to.host);
  }

  connect(sender: Pick<FlowEnds, 'onDrain'>, receiver: Omit<FlowEnds, 'onDrain'>): void {
    this.#sender = sender;
    this.#receiver = receiver;
  }

  get unsent(): number {
    return this.#unsent;
  }

  // --- What the writer's host does -----------------------------------------------------------------------------

  write(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#queue.push(bytes);
    this.#unsent += bytes.length;
    this.#pump();
  }

  /** What is written from now on is random. */
  conceal(): void {
    if (this.#plain !== Infinity) return;
    this.#plain = this.#wire.reduce((sum, { bytes }) => sum + bytes.length, this.#unsent);
  }

  /** Sends the last ACK of the handshake, on which the listener receives the connection. */
  acknowledgeHandshake(): void {
    this.#send('ack', NOTHING);
  }

  /** Sends FIN after everything accepted; calls back when it is on the wire, possibly at once. */
  finish(finished: () => void): void {
    this.#finish = finished;
    this.#pump();
  }

  /** Sends RST behind what is on the wire; unsent bytes are dropped. */
  reset(): void {
    if (this.#isReset) return;
    this.#drop();
    this.#isReset = true;
    this.#send('reset', NOTHING);
  }

  /** The writer's host crashed: nothing that it had sent or accepted arrives. */
  vanish(): void {
    this.#drop();
    this.#wire.length = 0;
    this.#isStuck = false;
  }

  #drop(): void {
    this.#queue.length = 0;
    this.#unsent = 0;
    this.#finish = undefined;
  }

  /** Sends what the window allows. */
  #pump(): void {
    const { split } = this.#faults;
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      const room = Math.min(this.#window - this.#outstanding, first.length);
      if (room <= 0) return;
      const size = this.draws.cut(KIND.split, split, room);
      const bytes = size === first.length ? first : first.subarray(0, size);
      if (size === first.length) this.#queue.shift();
      else this.#queue[0] = first.subarray(size);
      this.#unsent -= size;
      this.#outstanding += size;
      this.#sendData(bytes);
    }
    const finish = this.#finish;
    if (finish === undefined || this.isFinished) return;
    this.#finish = undefined;
    this.isFinished = true;
    this.#send('fin', NOTHING);
    finish();
  }

  #sendData(bytes: Uint8Array): void {
    const last = this.#wire.at(-1);
    const { clock } = this.#world;
    const canJoin =
      last !== undefined &&
      last.kind === 'data' &&
      last.sent === clock.now() &&
      last.bytes.length + bytes.length <= FULL_WINDOW;
    if (canJoin && this.draws.chance(KIND.merge, this.#faults.merge)) {
      last.bytes = join(last.bytes, bytes);
    } else {
      this.#send('data', bytes);
    }
  }

  #send(kind: Segment['kind'], bytes: Uint8Array): void {
    const { clock, rules } = this.#world;
    const sent = clock.now();
    const late = rules.isEmpty ? 0 : rules.lateness(this.#packet(kind, bytes));
    const stall = kind === 'data' ? drawStall(this.draws, this.#stalls > 0) : 0;
    if (kind === 'data') this.#stalls -= 1;
    const trip = drawFrom(this.draws, KIND.latency, this.#faults.latency) + late;
    this.#lastDue = Math.max(this.#lastDue, sent + trip + stall);
    this.#wire.push({ kind, bytes, sent, due: this.#lastDue });
    if (this.#wire.length === 1) this.#schedule();
  }

  // --- The way -------------------------------------------------------------------------------------------------

  #schedule(): void {
    const head = this.#wire[0];
    if (head === undefined) return;
    const { clock } = this.#world;
    const arrive = (): void => {
      this.#arrive(head);
    };
    clock.schedule(arrive, head.due - clock.now(), this.#lane);
  }

  #arrive(segment: Segment): void {
    // The sender may have crashed, which empties the wire.
    if (this.#wire[0] !== segment) return;
    if (this.isSilent || !this.#world.isOpen(this.#from.host, this.#to.host)) {
      this.#isStuck = true;
      return;
    }
    if (!this.#world.rules.isEmpty && !this.#passes(segment)) return;
    this.#lostSince = undefined;
    this.#wire.shift();
    this.#schedule();
    this.#plain -= this.#world.trace.arrived(segment, this.label, this.#plain);
    this.#receiver?.onSegment(segment);
  }

  /** Whether no rule stops a segment that arrives. */
  #passes(segment: Segment): boolean {
    const { clock, giveUpAfter, rules } = this.#world;
    const packet = this.#packet(segment.kind, segment.bytes);
    const verdict = rules.judge(packet);
    if (verdict === 'passes') return true;
    this.#isStuck = true;
    const goOn = (): void => {
      if (!this.#isStuck || this.#wire[0] !== segment) return;
      this.#isStuck = false;
      this.#arrive(segment);
    };
    if (verdict !== 'lost') {
      verdict.hold(packet, () => {
        clock.schedule(goOn, 0, this.#lane);
      });
      return false;
    }
    this.#lostSince ??= clock.now();
    const left = giveUpAfter - (clock.now() - this.#lostSince);
    const again = drawFrom(this.draws, KIND.retransmit, RETRANSMISSION);
    if (again < left) clock.schedule(goOn, again);
    else clock.schedule(() => this.#giveUp(segment), Math.max(0, left));
    return false;
  }

  /** Unless it got through meanwhile: the rule was released, and the path has been kicked. */
  #giveUp(segment: Segment): void {
    if (this.#isStuck && this.#wire[0] === segment) this.#receiver?.onLost();
  }

  #packet(kind: Segment['kind'], bytes: Uint8Array): Packet {
    return new Packet(kind, this.#from.address, this.#to.address, bytes);
  }

  get inFlight(): readonly Delivery[] {
    return this.#wire.map((segment) => deliveryOf(segment, this.label, this.#plain, undefined));
  }

  /** The path may be open again: what was stuck is sent again, after a delay from this range. */
  kick(kind: DecisionKind, delay: Range): void {
    const { clock } = this.#world;
    const head = this.#wire[0];
    if (this.#isStuck && head !== undefined) {
      this.#isStuck = false;
      clock.schedule(
        () => {
          this.#arrive(head);
        },
        drawFrom(this.draws, kind, delay),
      );
    }
    if (!this.#isAckStuck) return;
    this.#isAckStuck = false;
    clock.schedule(this.#onAck, drawFrom(this.draws, kind, delay), this.#lane);
  }

  // --- What the reader's host does -----------------------------------------------------------------------------

  /** The reader took bytes: the window opens by as many, one trip later. */
  take(count: number): void {
    this.#owed += count;
    if (this.#isAcking) return;
    this.#isAcking = true;
    const { clock } = this.#world;
    clock.schedule(
      this.#onAck,
      drawFrom(this.draws, KIND.acknowledge, this.#faults.latency),
      this.#lane,
    );
  }

  readonly #onAck = (): void => {
    if (this.isSilent || !this.#world.isOpen(this.#to.host, this.#from.host)) {
      this.#isAckStuck = true;
      return;
    }
    this.#isAcking = false;
    this.#outstanding -= this.#owed;
    this.#owed = 0;
    this.#window = Math.min(FULL_WINDOW, this.#window * 2);
    if (this.#unsent === 0) return markQuiet(this.#world.clock);
    this.#pump();
    this.#sender?.onDrain();
  };
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Uint8Array.from(Buffer.concat([a, b]));
}
