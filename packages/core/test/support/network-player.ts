/**
 * Random programs of scopes, groups and selects over connections that fail, and which failures they throw.
 *
 * When something fails depends on the network, so no model foretells it. What is foretold: each failure that a part raises
 * is in what the program throws, once, and nothing else is.
 */
import fc from 'fast-check';
import {
  cancelScope,
  CancelledError,
  IoError,
  moveOnAfter,
  timeout,
  TimeoutError,
  type ByteStream,
} from '../../src/index.ts';
import { select } from '../../src/sync/index.ts';
import type { Simulation } from '../../src/testing/index.ts';

/** A part of a program. Times are in milliseconds. */
export type NetworkPart =
  | { readonly kind: 'ask'; readonly lines: number }
  | { readonly kind: 'listen' }
  | { readonly kind: 'sleep' | 'fail'; readonly time: number }
  | {
      readonly kind: 'seq' | 'group' | 'children' | 'select';
      readonly parts: readonly NetworkPart[];
    }
  | {
      readonly kind: 'timeout' | 'moveOn' | 'signal' | 'shield' | 'finally';
      readonly time: number;
      readonly part: NetworkPart;
    };

export const networkPrograms: fc.Arbitrary<NetworkPart> = fc.letrec<{
  part: NetworkPart;
  leaf: NetworkPart;
}>((tie) => {
  const time = fc.integer({ min: 1, max: 2_000 });
  const part = tie('part');
  const parts = fc.array(part, { minLength: 1, maxLength: 3 });
  return {
    leaf: fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('ask' as const), lines: fc.nat(5) }) },
      fc.record({ kind: fc.constant('listen' as const) }),
      fc.record({ kind: fc.constantFrom('sleep' as const, 'fail' as const), time }),
    ),
    part: fc.oneof(
      { maxDepth: 4, depthSize: 'medium' },
      tie('leaf'),
      fc.record({ kind: fc.constantFrom('seq', 'group', 'children', 'select'), parts }),
      fc.record({
        kind: fc.constantFrom('timeout', 'moveOn', 'signal', 'shield', 'finally'),
        time,
        part,
      }),
    ),
  };
}).part;

/** What came of a program. */
export interface NetworkEnd {
  /** Every failure that a part has raised. */
  readonly raised: readonly unknown[];
  /** Every failure in what the program threw. */
  readonly told: readonly unknown[];
  /** How many waits a cancel has ended. */
  readonly cancelled: number;
}

/** Longer than what any part takes. */
const WHOLE = 60_000;

/** Plays the program against a server that answers lines, until both have ended. */
export async function playOnNetwork(program: NetworkPart, sim: Simulation): Promise<NetworkEnd> {
  const listener = await sim.host('server').listen(80);
  sim.executor.spawn(async () => {
    for await (const stream of listener) sim.executor.spawn(() => answer(stream));
  });
  const player = new Player(sim);
  const told: unknown[] = [];
  await moveOnAfter(WHOLE, () => player.play(program)).catch((error: unknown) => {
    told.push(...failuresIn(error));
  });
  await listener.close();
  await sim.executor.idle();
  return { raised: player.raised, told, cancelled: player.cancelled };
}

async function answer(stream: ByteStream): Promise<void> {
  try {
    for (let line; (line = await stream.readLine({ timeout: 2 * WHOLE })) !== null;) {
      await stream.writeAll(`${line}\n`);
    }
    await stream.close();
  } catch (error) {
    stream.reset(error);
    if (!(error instanceof IoError)) throw error;
  }
}

class Player {
  readonly raised: unknown[] = [];
  cancelled = 0;
  readonly #sim: Simulation;

  constructor(sim: Simulation) {
    this.#sim = sim;
  }

  async play(part: NetworkPart): Promise<void> {
    const { clock, executor } = this.#sim;
    switch (part.kind) {
      case 'ask':
      case 'listen':
        return this.#raising(() => this.#connected(part.kind === 'ask' ? part.lines : Infinity));
      case 'sleep':
        return this.#raising(() => clock.sleep(part.time));
      case 'fail':
        return this.#raising(async () => {
          await clock.sleep(part.time);
          throw new Error(`failed after ${part.time}`);
        });
      case 'seq':
        for (const each of part.parts) await this.play(each);
        return undefined;
      case 'group':
        return executor.group(({ spawn }) => {
          for (const each of part.parts) spawn(() => this.play(each));
        });
      case 'children':
        return executor.group(({ spawn }) => {
          spawn((context) => {
            for (const each of part.parts) context.spawn(() => this.play(each));
          });
        });
      case 'select': {
        const arms = part.parts.map((each, at) => [String(at), () => this.play(each)] as const);
        await select(Object.fromEntries(arms));
        return undefined;
      }
      case 'timeout':
        return this.#raisingLimit(() => timeout(part.time, () => this.play(part.part)));
      case 'moveOn':
        return moveOnAfter(part.time, () => this.play(part.part));
      case 'shield':
        return this.#raisingLimit(() =>
          cancelScope(() => this.play(part.part), { shield: true, timeout: part.time }),
        );
      case 'signal':
        return this.#signalled(part.time, part.part);
      case 'finally':
        return this.#cleaned(part.time, part.part);
    }
  }

  /** Sends lines and gets each back, or waits for a line that never comes. */
  async #connected(lines: number): Promise<void> {
    const stream = await this.#sim.host('client').connect('server:80');
    try {
      for (let line = 1; line <= lines; line += 1) {
        if (lines !== Infinity) await stream.writeAll(`line ${line}\n`);
        // Without a line nothing is answered.
        const got = await stream.readLine();
        if (got !== `line ${line}`) throw new Error(`expected line ${line}, got ${String(got)}`);
      }
      await stream.close();
    } catch (error) {
      stream.reset(error);
      throw error;
    }
  }

  async #signalled(time: number, part: NetworkPart): Promise<void> {
    const controller = new AbortController();
    const { signal } = controller;
    const timer = this.#sim.clock.setTimer(() => {
      controller.abort(new Error('the signal'));
    }, time);
    try {
      await cancelScope(() => this.play(part), { signal });
    } catch (error) {
      if (error === signal.reason) this.raised.push(error);
      throw error;
    } finally {
      timer.cancel();
    }
  }

  /** A part, and one line to the server whatever came of it: what fails in either is thrown. */
  async #cleaned(time: number, part: NetworkPart): Promise<void> {
    const errors: unknown[] = [];
    const note = (error: unknown): void => {
      errors.push(error);
    };
    await this.play(part).catch(note);
    await this.play({ kind: 'shield', time, part: { kind: 'ask', lines: 1 } }).catch(note);
    if (errors.length > 1) throw new AggregateError(errors);
    if (errors.length === 1) throw errors[0];
  }

  async #raising(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (error instanceof CancelledError) this.cancelled += 1;
      else this.raised.push(error);
      throw error;
    }
  }

  /** The error of a time limit is raised by the call that has it; others pass. */
  async #raisingLimit(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (error instanceof TimeoutError && !this.raised.includes(error)) this.raised.push(error);
      throw error;
    }
  }
}

/** The failures in an error, each as often as it is in there. */
function failuresIn(error: unknown): readonly unknown[] {
  if (error instanceof AggregateError) return error.errors.flatMap(failuresIn);
  return error instanceof CancelledError ? [] : [error];
}
