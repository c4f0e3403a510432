import { describe, expect, test } from '@jest/globals';
import {
  ConnectionState,
  EVENT_TRANSITIONS,
  PAIR_TRANSITIONS,
  State,
  type Role,
  Trigger,
  type TriggerName,
} from './state.ts';

type Step =
  | `${Role} ${TriggerName}`
  | 'client fails'
  | 'server fails'
  | 'ends'
  | 'asks'
  | 'next cycle';

const TRIGGERS: readonly TriggerName[] = [
  'request',
  'informational',
  'response',
  'switch',
  'data',
  'end',
  'closed',
];
const STEPS: readonly Step[] = [
  ...TRIGGERS.map((trigger): Step => `client ${trigger}`),
  ...TRIGGERS.map((trigger): Step => `server ${trigger}`),
  'client fails',
  'server fails',
  'ends',
  'asks',
  'next cycle',
];

function take(state: ConnectionState, step: Step): void {
  if (step === 'ends') state.disableKeepAlive();
  else if (step === 'asks') state.proposeSwitch();
  else if (step === 'next cycle') state.startNextCycle();
  else if (step === 'client fails') state.fail('client');
  else if (step === 'server fails') state.fail('server');
  else {
    const [role, trigger] = step.split(' ') as [Role, TriggerName];
    state.process(role, Trigger[trigger]);
  }
}

function after(...steps: readonly Step[]): ConnectionState {
  const state = new ConnectionState();
  for (const step of steps) take(state, step);
  return state;
}

const pair = ({ client, server }: ConnectionState): string => `${client}/${server}`;

const REQUEST: readonly Step[] = ['client request', 'client end'];
const RESPONSE: readonly Step[] = ['server response', 'server end'];
const ASKING: readonly Step[] = ['client request', 'asks', 'client end'];

describe('the joint state machine', () => {
  test.each<[name: string, steps: readonly Step[], expected: string]>([
    ['begins idle', [], 'IDLE/IDLE'],
    ['gives the server its turn with the request', ['client request'], 'SEND_BODY/SEND_RESPONSE'],
    ['waits for the answer', REQUEST, 'DONE/SEND_RESPONSE'],
    [
      'allows any number of informational heads',
      [...REQUEST, 'server informational', 'server informational'],
      'DONE/SEND_RESPONSE',
    ],
    ['ends a cycle with both done', [...REQUEST, ...RESPONSE], 'DONE/DONE'],
    [
      'ends a cycle that was answered before the request was complete',
      ['client request', ...RESPONSE, 'client data', 'client end'],
      'DONE/DONE',
    ],
    ['begins the next cycle idle', [...REQUEST, ...RESPONSE, 'next cycle'], 'IDLE/IDLE'],
    [
      'must close after an exchange without keep-alive',
      ['ends', ...REQUEST, ...RESPONSE],
      'MUST_CLOSE/MUST_CLOSE',
    ],
    [
      'must close when keep-alive ends late',
      [...REQUEST, ...RESPONSE, 'ends'],
      'MUST_CLOSE/MUST_CLOSE',
    ],
    [
      'closes',
      ['ends', ...REQUEST, ...RESPONSE, 'client closed', 'server closed'],
      'CLOSED/CLOSED',
    ],
    [
      'lets a server answer what it could not understand',
      ['client fails', ...RESPONSE],
      'ERROR/MUST_CLOSE',
    ],
    ['lets a server answer before any request', [...RESPONSE], 'IDLE/DONE'],
    ['must close after a client that closed while idle', ['client closed'], 'CLOSED/MUST_CLOSE'],
    [
      'must close after a client that closed when all was done',
      [...REQUEST, ...RESPONSE, 'client closed'],
      'CLOSED/MUST_CLOSE',
    ],
    ['must close after a server that closed while idle', ['server closed'], 'MUST_CLOSE/CLOSED'],
    [
      'must close after a server that closed instead of answering',
      [...REQUEST, 'server closed'],
      'MUST_CLOSE/CLOSED',
    ],
    [
      'must close after a server that closed while the request was sent',
      ['client request', 'server closed', 'client data', 'client end'],
      'MUST_CLOSE/CLOSED',
    ],
    ['might switch when the client asked to', ASKING, 'MIGHT_SWITCH/SEND_RESPONSE'],
    ['switches when the server agrees', [...ASKING, 'server switch'], 'SWITCHED/SWITCHED'],
    [
      'switches when the server agrees before the request was complete',
      ['client request', 'asks', 'server switch', 'client end'],
      'SWITCHED/SWITCHED',
    ],
    ['goes on in HTTP when the server answers', [...ASKING, 'server response'], 'DONE/SEND_BODY'],
    [
      'goes on in HTTP when the server answered before the request was complete',
      ['client request', 'asks', ...RESPONSE, 'client end'],
      'DONE/DONE',
    ],
    [
      'must close when the server closed instead of switching',
      [...ASKING, 'server closed'],
      'MUST_CLOSE/CLOSED',
    ],
    [
      'must close when a client that asked to switch is refused and does not keep alive',
      ['ends', ...ASKING, ...RESPONSE],
      'MUST_CLOSE/MUST_CLOSE',
    ],
    [
      'holds a failure against the side that failed',
      ['client request', 'server fails', 'client end'],
      'MUST_CLOSE/ERROR',
    ],
  ])('%s', (_name, steps, expected) => {
    expect(pair(after(...steps))).toBe(expected);
  });

  test('says whether a switch was asked for and not answered', () => {
    expect(after(...ASKING).isSwitchProposed).toBe(true);
    expect(after(...ASKING, 'server response').isSwitchProposed).toBe(false);
  });

  test('says whether another cycle may follow', () => {
    expect(after(...REQUEST).keepAlive).toBe(true);
    expect(after('ends').keepAlive).toBe(false);
    expect(after('client fails').keepAlive).toBe(false);
  });

  test.each<[steps: readonly Step[], wrong: Step, message: string]>([
    [[], 'client data', 'a client in state IDLE may not send: data'],
    [['client request'], 'client request', 'a client in state SEND_BODY may not send: request'],
    [RESPONSE, 'server response', 'a server in state DONE may not send: response'],
    [[...ASKING, 'server switch'], 'client data', 'a client in state SWITCHED may not send: data'],
    [
      REQUEST,
      'next cycle',
      'the next cycle needs both sides DONE; the client is DONE, the server SEND_RESPONSE',
    ],
    [
      RESPONSE,
      'next cycle',
      'the next cycle needs both sides DONE; the client is IDLE, the server DONE',
    ],
  ])('after %j refuses: %s', (steps, wrong, message) => {
    const state = after(...steps);
    const before = pair(state);
    expect(() => take(state, wrong)).toThrow(
      expect.objectContaining({ name: 'LocalProtocolError', code: 'ERR_HTTP_STATE', message }),
    );
    expect(pair(state)).toBe(before);
  });
});

interface Reached {
  readonly client: State;
  readonly server: State;
  readonly keepAlive: boolean;
  readonly path: readonly Step[];
}

/** Every pair of states that any sequence of steps leads to, and from which state a side took which step. */
function explore(): { readonly reached: readonly Reached[]; readonly moves: ReadonlySet<string> } {
  const reached = new Map<string, Reached>();
  const moves = new Set<string>();
  const note = (state: ConnectionState, path: readonly Step[]): void => {
    const { client, server, keepAlive, isSwitchProposed } = state;
    const key = [client, server, keepAlive, isSwitchProposed].join(' ');
    if (!reached.has(key)) reached.set(key, { client, server, keepAlive, path });
  };
  note(after(), []);
  for (const { path, client, server } of reached.values()) {
    for (const step of STEPS) {
      // A request asks with its head: nothing comes between the two.
      if (step === 'asks' && path.at(-1) !== 'client request') continue;
      try {
        const next = [...path, step];
        note(after(...next), next);
        moves.add(`${step} from ${step.startsWith('client') ? client : server}`);
      } catch {
        // Not allowed here.
      }
    }
  }
  return { reached: [...reached.values()], moves };
}

describe('every state that any sequence of steps leads to', () => {
  const { reached, moves } = explore();

  test('is one of the tables’, and every state of the tables is reached by its side', () => {
    for (const role of ['client', 'server'] as const) {
      const found = new Set(reached.map((pairOfStates) => pairOfStates[role]));
      for (const state of Object.keys(EVENT_TRANSITIONS[role])) expect(found).toContain(state);
    }
  });

  test('is left by every transition of the tables', () => {
    for (const role of ['client', 'server'] as const) {
      for (const [state, triggers] of Object.entries(EVENT_TRANSITIONS[role])) {
        for (const trigger of Object.keys(triggers)) {
          expect(moves).toContain(`${role} ${trigger} from ${state}`);
        }
      }
    }
  });

  test('is never one that a pair would still move', () => {
    const pairs = reached.map(({ client, server }) => `${client}/${server}`);
    for (const { from } of PAIR_TRANSITIONS) expect(pairs).not.toContain(from.join('/'));
  });

  test('is never done on a connection that ends', () => {
    const ending = reached.filter(({ keepAlive }) => !keepAlive);
    expect(ending.length).toBeGreaterThan(10);
    expect(
      ending.filter(({ client, server }) => client === State.DONE || server === State.DONE),
    ).toEqual([]);
  });
});
