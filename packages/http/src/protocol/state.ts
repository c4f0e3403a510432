/**
 * The joint state machine of a connection: what each side may do next, and what one side's doing does to the other.
 *
 * Two rules of this file: everything about transitions stands here, and nothing here knows which side it is running on.
 * The idea and the shape are h11's. A connection is two machines, the client's and the server's, and both sides of the
 * wire run both of them; an event moves the machine of whoever sent it, and then pairs of states move each other, until
 * nothing changes:
 *
 * - A request or response cycle ends with both in DONE; `startNextCycle` puts both back to IDLE.
 * - When either side does not keep the connection alive, DONE becomes MUST_CLOSE.
 * - When the client asks to switch protocols, its DONE becomes MIGHT_SWITCH until the server has answered.
 *
 * docs/http-state-machine.md is drawn from the tables below by scripts/state-diagrams.mjs.
 */

import { LocalProtocolError } from './errors.ts';

/** A side's state, with what may follow it. */
export const State = {
  /** Nothing sent in this cycle. Client: SEND_BODY on its request. Server: SEND_RESPONSE when the client begins. */
  IDLE: 'IDLE',
  /**
   * Server only: a request came; informational heads keep it here, the final head leads to SEND_BODY, a switch to
   * SWITCHED, the end of the connection to CLOSED.
   */
  SEND_RESPONSE: 'SEND_RESPONSE',
  /** The head is out; data keeps it here, the end leads to DONE. */
  SEND_BODY: 'SEND_BODY',
  /** This side's message is complete; IDLE on the next cycle. */
  DONE: 'DONE',
  /** This side's message is complete, and the connection ends with it; CLOSED follows. */
  MUST_CLOSE: 'MUST_CLOSE',
  /** Client only: it asked to switch; DONE or SWITCHED when the server has answered. */
  MIGHT_SWITCH: 'MIGHT_SWITCH',
  /** Another protocol runs; final. */
  SWITCHED: 'SWITCHED',
  /** This side finished its half of the connection; final. */
  CLOSED: 'CLOSED',
  /** This side broke the rules, or failed; final. */
  ERROR: 'ERROR',
} as const;
export type State = (typeof State)[keyof typeof State];

export type Role = 'client' | 'server';

/** What moves a machine. */
export type Trigger =
  | 'request'
  | 'informational'
  | 'response'
  | 'switch'
  | 'data'
  | 'end'
  | 'closed';

type Transitions = Readonly<Partial<Record<State, Readonly<Partial<Record<Trigger, State>>>>>>;

/** Where an event of a side takes that side; what is not in the table is not allowed. */
export const EVENT_TRANSITIONS: Readonly<Record<Role, Transitions>> = {
  client: {
    IDLE: { request: State.SEND_BODY, closed: State.CLOSED },
    SEND_BODY: { data: State.SEND_BODY, end: State.DONE },
    DONE: { closed: State.CLOSED },
    MUST_CLOSE: { closed: State.CLOSED },
    MIGHT_SWITCH: { closed: State.CLOSED },
    CLOSED: { closed: State.CLOSED },
  },
  server: {
    // A server may answer before, or without, a request that it can understand: a 408, a 400.
    IDLE: { response: State.SEND_BODY, closed: State.CLOSED },
    SEND_RESPONSE: {
      informational: State.SEND_RESPONSE,
      response: State.SEND_BODY,
      switch: State.SWITCHED,
      // It owes an answer that will not come.
      closed: State.CLOSED,
    },
    SEND_BODY: { data: State.SEND_BODY, end: State.DONE },
    DONE: { closed: State.CLOSED },
    MUST_CLOSE: { closed: State.CLOSED },
    CLOSED: { closed: State.CLOSED },
  },
};

/** Pairs of states that move each other: [client, server] before and after. */
export const PAIR_TRANSITIONS: readonly {
  readonly from: readonly [client: State, server: State];
  readonly to: readonly [client: State, server: State];
}[] = [
  { from: [State.MIGHT_SWITCH, State.SWITCHED], to: [State.SWITCHED, State.SWITCHED] },
  { from: [State.MIGHT_SWITCH, State.SEND_BODY], to: [State.DONE, State.SEND_BODY] },
  { from: [State.MIGHT_SWITCH, State.CLOSED], to: [State.MUST_CLOSE, State.CLOSED] },
  { from: [State.CLOSED, State.DONE], to: [State.CLOSED, State.MUST_CLOSE] },
  { from: [State.CLOSED, State.IDLE], to: [State.CLOSED, State.MUST_CLOSE] },
  { from: [State.DONE, State.CLOSED], to: [State.MUST_CLOSE, State.CLOSED] },
  { from: [State.IDLE, State.CLOSED], to: [State.MUST_CLOSE, State.CLOSED] },
];

/** Both machines of a connection, and what they have agreed on. */
export class ConnectionState {
  client: State = State.IDLE;
  server: State = State.IDLE;
  #keepAlive = true;
  #isSwitchProposed = false;

  /** Whether another cycle may follow this one. */
  get keepAlive(): boolean {
    return this.#keepAlive;
  }

  /** One side does not keep the connection alive: nothing follows the present cycle. */
  disableKeepAlive(): void {
    this.#keepAlive = false;
    this.#settle();
  }

  /** The client asks to switch protocols, in the request whose head has just moved its machine. */
  proposeSwitch(): void {
    this.#isSwitchProposed = true;
  }

  /** Whether that was asked and not answered yet. */
  get isSwitchProposed(): boolean {
    return this.#isSwitchProposed;
  }

  /**
   * Moves a side's machine.
   *
   * @throws {@link LocalProtocolError} when the side may not do this now. The caller decides whose fault that is.
   */
  process(role: Role, trigger: Trigger): void {
    const next = EVENT_TRANSITIONS[role][this[role]]?.[trigger];
    if (next === undefined) {
      throw new LocalProtocolError(
        `a ${role} in state ${this[role]} may not send: ${trigger}`,
        'ERR_HTTP_STATE',
      );
    }
    // Data after data: neither machine moves.
    if (next === this[role] && trigger === 'data') return;
    this[role] = next;
    // The server's turn begins with the client's: it is the one transition that an event makes in both machines.
    if (trigger === 'request' && this.server === State.IDLE) this.server = State.SEND_RESPONSE;
    if (role === 'server' && trigger === 'response') this.#isSwitchProposed = false;
    this.#settle();
  }

  /** A side failed, or broke the rules. */
  fail(role: Role): void {
    this[role] = State.ERROR;
    this.#keepAlive = false;
    this.#settle();
  }

  /**
   * Puts both machines back for the next request.
   *
   * @throws {@link LocalProtocolError} unless both sides are DONE.
   */
  startNextCycle(): void {
    if (this.client !== State.DONE || this.server !== State.DONE) {
      throw new LocalProtocolError(
        `the next cycle needs both sides DONE; the client is ${this.client}, the server ${this.server}`,
        'ERR_HTTP_STATE',
      );
    }
    this.client = State.IDLE;
    this.server = State.IDLE;
  }

  /** Lets the two machines move each other until neither does. */
  #settle(): void {
    for (;;) {
      const { client, server } = this;
      if (client === State.DONE && this.#isSwitchProposed) this.client = State.MIGHT_SWITCH;
      if (!this.#keepAlive) {
        if (this.client === State.DONE) this.client = State.MUST_CLOSE;
        if (this.server === State.DONE) this.server = State.MUST_CLOSE;
      }
      if (this.client !== State.DONE || this.server !== State.DONE) this.#applyPairs();
      if (this.client === client && this.server === server) return;
    }
  }

  #applyPairs(): void {
    // Looked at after every event, and true for hardly any: each pair has a side that has closed, or may switch.
    if (
      this.client !== State.CLOSED &&
      this.server !== State.CLOSED &&
      this.client !== State.MIGHT_SWITCH
    ) {
      return;
    }
    for (const { from, to } of PAIR_TRANSITIONS) {
      if (from[0] === this.client && from[1] === this.server) {
        [this.client, this.server] = to;
        return;
      }
    }
  }
}
