/** Runs a program of `scope-model.ts` on a simulation, and records when it ends and what it throws. */
import { cancelScope, moveOnAfter, timeout, TimeoutError } from '../../src/index.ts';
import { select } from '../../src/sync/index.ts';
import type { Simulation } from '../../src/testing/index.ts';
import type { Part } from './scope-model.ts';

/** How a program has ended, with every failure in what it threw. */
export interface Played {
  /** In microseconds. */
  readonly at: number;
  readonly failures: readonly string[];
}

/** Plays the program to its end. */
export async function play(program: Part, sim: Simulation): Promise<Played> {
  let failures: readonly string[] = [];
  try {
    await playPart(program, sim);
  } catch (error) {
    failures = namesIn(error);
  }
  return { at: Math.round(sim.clock.now() * 1_000), failures: failures.toSorted() };
}

async function playPart(part: Part, sim: Simulation): Promise<void> {
  const { clock, executor } = sim;
  switch (part.kind) {
    case 'sleep':
      return clock.sleep(part.time);
    case 'fail':
      await clock.sleep(part.time);
      throw new Error(`fail ${part.time}`);
    case 'seq':
      for (const each of part.parts) await playPart(each, sim);
      return undefined;
    case 'shield':
      return cancelScope(() => playPart(part.part, sim), { shield: true });
    case 'finally':
      try {
        return await playPart(part.part, sim);
      } finally {
        await cancelScope(() => playPart(part.cleanup, sim), { shield: true });
      }
    case 'timeout':
      return timeout(part.time, () => playPart(part.part, sim));
    case 'moveOn':
      return moveOnAfter(part.time, () => playPart(part.part, sim));
    case 'signal':
      return withTimer(sim, part.time, (onTime) => {
        const controller = new AbortController();
        onTime(() => {
          controller.abort(new Error(`signal ${part.time}`));
        });
        return cancelScope(() => playPart(part.part, sim), { signal: controller.signal });
      });
    case 'group':
      return executor.group(({ spawn }) => {
        for (const each of part.parts) spawn(() => playPart(each, sim));
      });
    case 'children':
      // Tasks of a task of the group, which is over when they run.
      return executor.group(({ spawn }) => {
        spawn((context) => {
          for (const each of part.parts) context.spawn(() => playPart(each, sim));
        });
      });
    case 'abortAll':
      return withTimer(sim, part.time, (onTime) =>
        executor.group(({ spawn, abortAll }) => {
          onTime(abortAll);
          for (const each of part.parts) spawn(() => playPart(each, sim));
        }),
      );
    case 'taskTimeout':
      return executor.group(({ spawn }) => {
        spawn(() => playPart(part.part, sim), { timeout: part.time });
      });
    case 'taskAbort':
      return withTimer(sim, part.time, (onTime) =>
        executor.group(({ spawn }) => {
          const controller = new AbortController();
          onTime((reason) => {
            controller.abort(reason);
          });
          spawn(() => playPart(part.part, sim), { signal: controller.signal });
        }),
      );
    case 'select': {
      const arms = part.parts.map((each, at) => [String(at), () => playPart(each, sim)] as const);
      await select(Object.fromEntries(arms));
      return undefined;
    }
  }
}

/** Runs something of which a part is called at a time, unless it has ended by then. */
async function withTimer(
  { clock }: Simulation,
  time: number,
  run: (onTime: (call: (reason: Error) => void) => void) => Promise<void | undefined>,
): Promise<void> {
  let call: ((reason: Error) => void) | undefined;
  const timer = clock.setTimer(() => call?.(new Error('no failure')), time);
  try {
    await run((given) => {
      call = given;
    });
  } finally {
    timer.cancel();
  }
}

/** The failures in an error, each as often as it is in there. */
function namesIn(error: unknown): readonly string[] {
  if (error instanceof AggregateError) return error.errors.flatMap(namesIn);
  if (error instanceof TimeoutError) return [`timeout ${error.timeout}`];
  return [error instanceof Error ? error.message : String(error)];
}
