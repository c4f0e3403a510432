/**
 * The joint state machine of a connection: what each side may send next, and how one side's events move the other.
 *
 * Two rules of this file: everything about transitions is here, and nothing here knows which side it is running on.
 * The idea and the shape are h11's. A connection is two machines, the client's and the server's, and both sides of the
 * wire run both of them; an event moves its sender's machine, and then pairs of states move each other, until nothing
 * changes:
 *
 * - A request or response cycle ends with both in DONE; `startNextCycle` puts both back to IDLE.
 * - When either side does not keep the connection alive, DONE becomes MUST_CLOSE.
 * - When the client proposes another protocol, its DONE becomes MIGHT_SWITCH until the server has responded.
 *
 * docs/http-state-machine.md is generated from the tables below by scripts/state-diagrams.mjs. The machines run on the same
 * tables, compiled once into small integers: looked up by name, the transitions of a request took a tenth of the time that a
 * connection without I/O takes for it (`pnpm bench --only parser`).
 */

import { LocalProtocolError } from './vocabulary/errors.ts';

/** A side's state, with what may follow it. Their order counts: the machines compare numbers. */
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

/** What moves a machine: its name in the tables, and the number that the machines know it by. */
export const Trigger = {
  request: 0,
  informational: 1,
  response: 2,
  switch: 3,
  data: 4,
  end: 5,
  closed: 6,
} as const;
export type TriggerName = keyof typeof Trigger;
export type Trigger = (typeof Trigger)[TriggerName];

type Transitions = Readonly<Partial<Record<State, Readonly<Partial<Record<TriggerName, State>>>>>>;

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
    // A server may respond before, or without, a request that it can understand: a 408, a 400.
    IDLE: { response: State.SEND_BODY, closed: State.CLOSED },
    SEND_RESPONSE: {
      informational: State.SEND_RESPONSE,
      response: State.SEND_BODY,
      switch: State.SWITCHED,
      // Its response will not come.
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

// --- The same as numbers ---------------------------------------------------------------------------------------

const STATES: readonly State[] = Object.values(State);
const TRIGGERS = Object.keys(Trigger) as readonly TriggerName[];
const FORBIDDEN = -1;

const numberOf = (state: State): number => STATES.indexOf(state);

/** Where each trigger leads from each state, row by row. */
const compile = (transitions: Transitions): Int8Array =>
  Int8Array.from(
    STATES.flatMap((state) =>
      TRIGGERS.map((trigger) => {
        const next = transitions[state]?.[trigger];
        return next === undefined ? FORBIDDEN : numberOf(next);
      }),
    ),
  );

const CLIENT_MOVES = compile(EVENT_TRANSITIONS.client);
const SERVER_MOVES = compile(EVENT_TRANSITIONS.server);
const PAIR_MOVES = PAIR_TRANSITIONS.map(({ from, to }) => ({
  from: from.map(numberOf) as [number, number],
  to: to.map(numberOf) as [number, number],
}));

const IDLE = numberOf(State.IDLE);
const SEND_RESPONSE = numberOf(State.SEND_RESPONSE);
const DONE = numberOf(State.DONE);
const MUST_CLOSE = numberOf(State.MUST_CLOSE);
const MIGHT_SWITCH = numberOf(State.MIGHT_SWITCH);
const SWITCHED = numberOf(State.SWITCHED);
const ERROR = numberOf(State.ERROR);

/** Both machines of a connection, and what they have agreed on. */
export class ConnectionState {
  #client = IDLE;
  #server = IDLE;
  #keepAlive = true;
  #isSwitchProposed = false;

  get client(): State {
    return STATES[this.#client] as State;
  }

  get server(): State {
    return STATES[this.#server] as State;
  }

  /** Whether the side's next event must not be handed out: it has finished its message, and another part is due. */
  isWaiting(role: Role): boolean {
    const state = role === 'client' ? this.#client : this.#server;
    return state >= DONE && state <= SWITCHED;
  }

  /** Whether both sides finished this cycle and another may follow. */
  get isCycleDone(): boolean {
    return this.#client === DONE && this.#server === DONE;
  }

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
    const isClient = role === 'client';
    const state = isClient ? this.#client : this.#server;
    const moves = isClient ? CLIENT_MOVES : SERVER_MOVES;
    const next = moves[state * TRIGGERS.length + trigger] as number;
    if (next === FORBIDDEN) {
      throw new LocalProtocolError(
        `a ${role} in state ${STATES[state]} may not send: ${TRIGGERS[trigger]}`,
        'ERR_HTTP_STATE',
      );
    }
    // Data after data: neither machine moves.
    if (next === state) return;
    if (isClient) this.#client = next;
    else this.#server = next;
    // The server's turn begins with the client's: it is the one transition that an event makes in both machines.
    if (trigger === Trigger.request && this.#server === IDLE) this.#server = SEND_RESPONSE;
    if (!isClient && trigger === Trigger.response) this.#isSwitchProposed = false;
    this.#settle();
  }

  /** A side failed, or broke the rules. */
  fail(role: Role): void {
    if (role === 'client') this.#client = ERROR;
    else this.#server = ERROR;
    this.#keepAlive = false;
    this.#settle();
  }

  /**
   * Puts both machines back for the next request.
   *
   * @throws {@link LocalProtocolError} unless both sides are DONE.
   */
  startNextCycle(): void {
    if (!this.isCycleDone) {
      throw new LocalProtocolError(
        `the next cycle needs both sides DONE; the client is ${this.client}, the server ${this.server}`,
        'ERR_HTTP_STATE',
      );
    }
    this.#client = IDLE;
    this.#server = IDLE;
  }

  /** Lets the two machines move each other until neither does. */
  #settle(): void {
    for (;;) {
      const client = this.#client;
      const server = this.#server;
      if (client === DONE && this.#isSwitchProposed) this.#client = MIGHT_SWITCH;
      if (!this.#keepAlive) {
        if (this.#client === DONE) this.#client = MUST_CLOSE;
        if (server === DONE) this.#server = MUST_CLOSE;
      }
      // Looked at after every event, and true for hardly any: each pair has a side that has closed, or may switch, and
      // those are the last of the states.
      if (this.#client >= MIGHT_SWITCH || this.#server >= MIGHT_SWITCH) this.#applyPairs();
      if (this.#client === client && this.#server === server) return;
    }
  }

  #applyPairs(): void {
    for (const { from, to } of PAIR_MOVES) {
      if (from[0] === this.#client && from[1] === this.#server) {
        [this.#client, this.#server] = to;
        return;
      }
    }
  }
}
