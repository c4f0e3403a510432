/**
 * Draws the connection's state machine from the tables of protocol/state.ts, and puts the drawings into
 * docs/http-state-machine.md: between a line `<!-- drawn: NAME -->` and the next `<!-- end -->`.
 *
 * scripts/state-diagrams.mjs writes the page, packages/http/test/state-diagrams.test.ts compares.
 */

type Role = 'client' | 'server';

export interface StateTables {
  readonly EVENT_TRANSITIONS: Readonly<
    Record<Role, Readonly<Record<string, Readonly<Record<string, string>>>>>
  >;
  readonly PAIR_TRANSITIONS: readonly {
    readonly from: readonly [client: string, server: string];
    readonly to: readonly [client: string, server: string];
  }[];
}

export interface Move {
  readonly from: string;
  readonly to: string;
  readonly why: string;
}

/**
 * What moves a side besides its own events and the pairs: the code of `ConnectionState`, which has no table for it. The
 * test holds this list against every state that the code can be brought into.
 */
export const OTHER_MOVES: Readonly<Record<Role, readonly Move[]>> = {
  client: [
    { from: 'DONE', to: 'MIGHT_SWITCH', why: 'it asked to switch' },
    { from: 'DONE', to: 'MUST_CLOSE', why: 'no keep-alive' },
    { from: 'DONE', to: 'IDLE', why: 'next cycle' },
  ],
  server: [
    { from: 'IDLE', to: 'SEND_RESPONSE', why: 'the client’s request' },
    { from: 'DONE', to: 'MUST_CLOSE', why: 'no keep-alive' },
    { from: 'DONE', to: 'IDLE', why: 'next cycle' },
  ],
};

/** The moves of a side by its own events. */
export function eventMoves(tables: StateTables, role: Role): Move[] {
  return Object.entries(tables.EVENT_TRANSITIONS[role]).flatMap(([from, triggers]) =>
    Object.entries(triggers).map(([why, to]) => ({ from, to, why })),
  );
}

/** The moves of a side by what the other side has come to. */
export function pairMoves(tables: StateTables, role: Role): Move[] {
  const [own, other] = role === 'client' ? ([0, 1] as const) : ([1, 0] as const);
  return tables.PAIR_TRANSITIONS.filter(({ from, to }) => from[own] !== to[own]).map(
    ({ from, to }) => ({ from: from[own], to: to[own], why: `the other side is ${from[other]}` }),
  );
}

/** One side's machine: own events as they are, everything else in brackets. */
function drawSide(tables: StateTables, role: Role): string {
  const others = [...OTHER_MOVES[role], ...pairMoves(tables, role)].map((move) => ({
    ...move,
    why: `(${move.why})`,
  }));
  const labels = new Map<string, string[]>();
  for (const { from, to, why } of [...eventMoves(tables, role), ...others]) {
    const arrow = `${from} --> ${to}`;
    const reasons = labels.get(arrow) ?? [];
    if (!reasons.includes(why)) labels.set(arrow, [...reasons, why]);
  }
  const arrows = [...labels].map(([arrow, reasons]) => `  ${arrow}: ${reasons.join(', ')}`);
  return ['```mermaid', 'stateDiagram-v2', '  [*] --> IDLE', ...arrows, '```'].join('\n');
}

function drawPairs(tables: StateTables): string {
  const rows = [
    ['client', 'server', 'client after', 'server after'],
    ...tables.PAIR_TRANSITIONS.map(({ from, to }) => [
      ...from,
      ...to.map((state, side) => (state === from[side] ? state : `**${state}**`)),
    ]),
  ];
  // Columns as wide as the formatter of the repository makes them.
  const widths = [0, 1, 2, 3].map((at) => Math.max(...rows.map((row) => row.at(at)?.length ?? 0)));
  const [head, ...body] = rows.map(
    (row) => `| ${row.map((cell, at) => cell.padEnd(widths.at(at) ?? 0)).join(' | ')} |`,
  );
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body].join('\n');
}

/** The page with its drawings made anew. */
export function redraw(page: string, tables: StateTables): string {
  const drawings: Readonly<Record<string, string>> = {
    client: drawSide(tables, 'client'),
    server: drawSide(tables, 'server'),
    pairs: drawPairs(tables),
  };
  return page.replaceAll(
    /(<!-- drawn: (\w+) -->\n).*?(<!-- end -->)/gs,
    (_whole, begin: string, name: string, end: string) => {
      const drawing = drawings[name];
      if (drawing === undefined) throw new Error(`there is no drawing named ${name}`);
      return `${begin}\n${drawing}\n\n${end}`;
    },
  );
}
