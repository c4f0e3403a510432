import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import {
  eventMoves,
  OTHER_MOVES,
  pairMoves,
  redraw,
  type Move,
  type StateTables,
} from '../../../scripts/diagrams/state-machine.ts';
import {
  ConnectionState,
  EVENT_TRANSITIONS,
  PAIR_TRANSITIONS,
  type Role,
  Trigger,
  type TriggerName,
} from '../src/protocol/state.ts';

const tables: StateTables = {
  EVENT_TRANSITIONS,
  PAIR_TRANSITIONS,
};
const page = readFileSync(new URL('../../../docs/http-state-machine.md', import.meta.url), 'utf8');

test('the page is drawn from the tables as they are', () => {
  expect(page).toContain('<!-- drawn: client -->');
  expect(page).toContain('<!-- drawn: server -->');
  expect(page).toContain('<!-- drawn: pairs -->');
  // When this fails: node scripts/state-diagrams.mjs
  expect(redraw(page, tables)).toBe(page);
});

test('a page that asks for a drawing that there is not is refused', () => {
  expect(() => redraw('<!-- drawn: proxy -->\n<!-- end -->', tables)).toThrow(
    'there is no drawing named proxy',
  );
});

/** Every change of a side that the code makes: from, to. */
function changes(): Record<Role, Set<string>> {
  const found: Record<Role, Set<string>> = { client: new Set(), server: new Set() };
  const triggers = Object.keys(Trigger) as TriggerName[];
  const steps: ((state: ConnectionState) => void)[] = [
    ...(['client', 'server'] as const).flatMap((role) =>
      triggers.map((trigger) => (state: ConnectionState): void => {
        state.process(role, Trigger[trigger]);
      }),
    ),
    (state) => {
      state.disableKeepAlive();
    },
    (state) => {
      state.process('client', Trigger.request);
      state.proposeSwitch();
    },
    (state) => {
      state.startNextCycle();
    },
  ];
  const seen = new Map<string, readonly number[]>([['', []]]);
  for (const path of seen.values()) {
    for (const index of steps.keys()) {
      const state = new ConnectionState();
      for (const one of path) steps[one]?.(state);
      const before = { client: state.client, server: state.server };
      try {
        steps[index]?.(state);
      } catch {
        continue;
      }
      for (const role of ['client', 'server'] as const) {
        if (before[role] !== state[role]) found[role].add(`${before[role]} ${state[role]}`);
      }
      const { client, server, keepAlive, isSwitchProposed } = state;
      const key = [client, server, keepAlive, isSwitchProposed].join(' ');
      if (!seen.has(key)) seen.set(key, [...path, index]);
    }
  }
  return found;
}

describe.each(['client', 'server'] as const)('the drawing of the %s', (role) => {
  const found = changes()[role];

  /** Changes that cannot be walked along the arrows: an event or the next cycle first, then what follows of it. */
  function unexplained(others: readonly Move[], longest = Infinity): string[] {
    const isFirst = ({ why }: Move): boolean => why === 'next cycle';
    const first = [...eventMoves(tables, role), ...others.filter(isFirst)];
    const then = others.filter((move) => !isFirst(move));
    return [...found].filter((change) => {
      const [before, after] = change.split(' ') as [string, string];
      const reached = new Set([before, ...targets(first, before)]);
      return !walk(reached, then, longest).has(after);
    });
  }

  /** The states, and those that so many arrows lead to from them. */
  function walk(states: ReadonlySet<string>, moves: readonly Move[], arrows: number): Set<string> {
    const next = new Set([...states, ...[...states].flatMap((state) => targets(moves, state))]);
    return arrows === 0 || next.size === states.size ? next : walk(next, moves, arrows - 1);
  }

  const targets = (moves: readonly Move[], state: string): string[] =>
    moves.filter(({ from }) => from === state).map(({ to }) => to);

  test('has an arrow for every change that the code makes', () => {
    expect(found.size).toBeGreaterThan(8);
    expect(unexplained([...OTHER_MOVES[role], ...pairMoves(tables, role)])).toEqual([]);
  });

  test.each(OTHER_MOVES[role])('has no arrow that is not needed: from $from to $to', (move) => {
    const others = [...OTHER_MOVES[role], ...pairMoves(tables, role)];
    const without = others.filter(({ from, to }) => from !== move.from || to !== move.to);
    expect(unexplained(without, 0).length).toBeGreaterThan(unexplained(others, 0).length);
  });
});
