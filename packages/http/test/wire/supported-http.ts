/** The parts of docs/supported-http.md that are written by what was measured and tested. */

import { DIFFERENCES, drawDifferences, drawTable, type Outcome } from './differences.ts';
import { REQUEST_CASES } from './request-cases.ts';
import { startAwaitio, startNode } from './servers.ts';

/** Rows that a server with default limits can be asked about. */
export const ASKED = REQUEST_CASES.filter(({ limits }) => limits === undefined);

/** Asks both servers about every row. */
export async function askBoth(): Promise<Outcome[]> {
  const [awaitio, node] = await Promise.all([startAwaitio(), startNode()]);
  try {
    const outcomes: Outcome[] = [];
    for (const { rfc, name, bytes } of ASKED) {
      const answers = await Promise.all([awaitio.talk(bytes), node.talk(bytes)]);
      outcomes.push({ rfc, name, awaitio: answers[0], node: answers[1] });
    }
    return outcomes;
  } finally {
    await Promise.all([awaitio.close(), node.close()]);
  }
}

/** The names of rows that stand in the list of differences. */
export const explained = new Set(DIFFERENCES.flatMap(({ cases }) => cases));

function drawRefusals(): string {
  const rows = REQUEST_CASES.flatMap(({ rfc, name, expect }) => {
    const refusal = /^refused (\d+) (\w+)$/.exec(expect.at(-1) ?? '');
    return refusal === null ? [] : [[rfc, name, refusal[1] ?? '', `\`${refusal[2] ?? ''}\``]];
  });
  return drawTable(['RFC', 'what comes', 'status', 'code'], rows);
}

/** The page with its parts written anew; without outcomes, those of the page stay. */
export function rewrite(page: string, outcomes: readonly Outcome[] | undefined): string {
  const parts = new Map([['refusals', drawRefusals()]]);
  if (outcomes !== undefined) parts.set('differences', drawDifferences(outcomes));
  return page.replaceAll(
    /(<!-- written: (\w+) -->\n).*?(<!-- end -->)/gs,
    (whole, begin: string, name: string, end: string) => {
      const part = parts.get(name);
      return part === undefined ? whole : `${begin}\n${part}\n\n${end}`;
    },
  );
}
