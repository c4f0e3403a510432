/**
 * Programs of scopes, groups and selects, and a model of what they do: when each part ends, and with which failures.
 *
 * The model knows nothing of promises. It computes the end of each part from the times at which the scopes around it are
 * cancelled. A group is cancelled by the first failure in it, a select by the first arm that ends: both are found by
 * evaluating the parts once without that cancel, and then with it.
 *
 * No two events of a program are at the same time, unless one follows from the other: each part that takes time has its own
 * power of two microseconds in it.
 */
import fc from 'fast-check';

/** A part of a program. Times are in milliseconds. */
export type Part =
  | { readonly kind: 'sleep'; readonly time: number }
  | { readonly kind: 'fail'; readonly time: number }
  | { readonly kind: 'seq'; readonly parts: readonly Part[] }
  | { readonly kind: 'timeout' | 'moveOn' | 'signal'; readonly time: number; readonly part: Part }
  | { readonly kind: 'shield'; readonly part: Part }
  | { readonly kind: 'finally'; readonly part: Part; readonly cleanup: Part }
  /** The one task of a group, which its own limit or signal aborts. */
  | { readonly kind: 'taskTimeout' | 'taskAbort'; readonly time: number; readonly part: Part }
  | { readonly kind: 'group' | 'children' | 'select'; readonly parts: readonly Part[] }
  /** A group whose tasks are aborted at a time. */
  | { readonly kind: 'abortAll'; readonly time: number; readonly parts: readonly Part[] };

type Shape = (next: () => number) => Part;

/** Programs whose times are drawn, and then made unique. */
export const programs: fc.Arbitrary<Part> = fc
  .letrec<{ part: Shape; leaf: Shape }>((tie) => {
    const base = fc.integer({ min: 1, max: 6 });
    const several = fc.array(tie('part'), { minLength: 1, maxLength: 3 });
    const all = (shapes: readonly Shape[], next: () => number): Part[] =>
      shapes.map((shape) => shape(next));
    const timed = (kind: 'timeout' | 'moveOn' | 'signal' | 'taskTimeout' | 'taskAbort') =>
      fc.tuple(base, tie('part')).map(([time, shape]): Shape => (next) => ({
        kind,
        time: time * 10_000 + next(),
        part: shape(next),
      }));
    const wide = (kind: 'seq' | 'group' | 'children' | 'select') =>
      several.map((shapes): Shape => (next) => ({ kind, parts: all(shapes, next) }));
    const leaf = fc
      .tuple(base, fc.integer({ min: 0, max: 3 }))
      .map(([time, luck]): Shape => (next) => ({
        kind: luck === 0 ? 'fail' : 'sleep',
        time: time * 10_000 + next(),
      }));
    return {
      leaf,
      part: fc.oneof(
        { maxDepth: 4, depthSize: 'medium' },
        leaf,
        wide('seq'),
        wide('group'),
        wide('children'),
        wide('select'),
        timed('timeout'),
        timed('moveOn'),
        timed('signal'),
        timed('taskTimeout'),
        timed('taskAbort'),
        fc.tuple(base, several).map(([time, shapes]): Shape => (next) => ({
          kind: 'abortAll',
          time: time * 10_000 + next(),
          parts: all(shapes, next),
        })),
        tie('part').map((shape): Shape => (next) => ({ kind: 'shield', part: shape(next) })),
        fc.tuple(tie('part'), leaf).map(([shape, cleanup]): Shape => (next) => ({
          kind: 'finally',
          part: shape(next),
          cleanup: cleanup(next),
        })),
      ),
    };
  })
  .part.map((shape) => {
    let bit = 0.001;
    let count = 0;
    const made = shape(() => {
      count += 1;
      bit *= 2;
      return bit;
    });
    return count <= MOST_TIMES ? made : undefined;
  })
  .filter((made) => made !== undefined);

/** The powers of two must stay below the multiples of ten seconds. */
const MOST_TIMES = 20;

/** A scope around a part: when it is cancelled. */
interface Around {
  readonly at: number;
}

/** How a part ends: well, with failures, or because a scope around it was cancelled. */
interface End {
  readonly at: number;
  readonly failures?: readonly string[];
  readonly cancelled?: Around;
}

/** What the program does, from its beginning at time 0. */
export function expectedEnd(program: Part): { at: number; failures: readonly string[] } {
  const { at, failures = [] } = endOf(program, 0, []);
  return { at: microseconds(at), failures: failures.toSorted() };
}

const microseconds = (time: number): number => Math.round(time * 1_000);

/** @param around - The scopes around it that it is not shielded from, the outermost first. */
function endOf(part: Part, start: number, around: readonly Around[]): End {
  switch (part.kind) {
    case 'sleep':
    case 'fail': {
      const over = cancelledBy(around, start);
      if (over !== undefined) return { at: start, cancelled: over };
      const end = start + part.time;
      const first = around.toSorted((a, b) => a.at - b.at)[0];
      if (first !== undefined && first.at < end) return { at: first.at, cancelled: first };
      return part.kind === 'sleep' ? { at: end } : { at: end, failures: [`fail ${part.time}`] };
    }
    case 'seq': {
      let at = start;
      for (const each of part.parts) {
        const end = endOf(each, at, around);
        if (!isGood(end)) return end;
        ({ at } = end);
      }
      return { at };
    }
    case 'shield':
      return endOf(part.part, start, []);
    case 'finally': {
      const end = endOf(part.part, start, around);
      const cleanup = endOf(part.cleanup, end.at, []);
      // As in JavaScript: the failure of a `finally` takes the place of the other.
      return isGood(cleanup) ? { ...end, at: cleanup.at } : cleanup;
    }
    case 'timeout':
    case 'moveOn':
    case 'signal':
      return endOfScope(part, start, around);
    case 'group':
    case 'children':
      return endOfGroup(part.parts, start, around);
    case 'abortAll':
      return endOfGroup(part.parts, start, around, { at: start + part.time });
    case 'taskTimeout':
    case 'taskAbort':
      return endOfTask(part, start, around);
    case 'select':
      return endOfSelect(part.parts, start, around);
  }
}

function endOfScope(
  part: Part & { readonly time: number; readonly part: Part },
  start: number,
  around: readonly Around[],
): End {
  const over = cancelledBy(around, start);
  if (over !== undefined) return { at: start, cancelled: over };
  const own = { at: start + part.time };
  const end = endOf(part.part, start, [...around, own]);
  if (end.cancelled !== own) return end;
  const outer = cancelledBy(around, end.at);
  if (outer !== undefined) return { at: end.at, cancelled: outer };
  return part.kind === 'moveOn'
    ? { at: end.at }
    : { at: end.at, failures: [`${part.kind} ${part.time}`] };
}

/** A group of one task that is aborted by itself: at its timeout, which is a failure, or by its signal, which is none. */
function endOfTask(
  part: Part & { readonly time: number; readonly part: Part },
  start: number,
  around: readonly Around[],
): End {
  const own = { at: start + part.time };
  // A task is aborted once: by what comes first.
  const isFirst = cancelledBy(around, own.at) === undefined;
  const end = endOfGroup([part.part], start, around, isFirst ? own : undefined);
  if (part.kind === 'taskAbort' || !isFirst || end.at < own.at) return end;
  return { at: end.at, failures: [`timeout ${part.time}`, ...(end.failures ?? [])] };
}

/** @param aborts - When its tasks are aborted, if they are; that is no failure. */
function endOfGroup(
  parts: readonly Part[],
  start: number,
  around: readonly Around[],
  aborts?: Around,
): End {
  const over = cancelledBy(around, start);
  if (over !== undefined) return { at: start, cancelled: over };
  const inside = aborts === undefined ? around : [...around, aborts];
  const alone = parts.map((part) => endOf(part, start, inside));
  const failing = alone.filter(({ failures }) => failures !== undefined);
  const own = { at: Math.min(...failing.map(({ at }) => at)) };
  const ends = parts.map((part, index) => {
    const end = alone[index];
    return end?.at === own.at ? end : endOf(part, start, [...inside, own]);
  });
  const at = Math.max(...ends.map((end) => end.at));
  const failures = ends.flatMap((end) => end.failures ?? []);
  if (failures.length > 0) return { at, failures };
  const outer = cancelledBy(around, at);
  return outer === undefined ? { at } : { at, cancelled: outer };
}

function endOfSelect(parts: readonly Part[], start: number, around: readonly Around[]): End {
  const over = cancelledBy(around, start);
  if (over !== undefined) return { at: start, cancelled: over };
  const alone = parts.map((part) => endOf(part, start, around));
  const first = Math.min(...alone.map(({ at }) => at));
  const own = { at: first };
  const ends = parts.map((part, at) => {
    const end = alone[at];
    return end?.at === first ? end : endOf(part, start, [...around, own]);
  });
  const at = Math.max(...ends.map((end) => end.at));
  const failures = ends.flatMap((end) => end.failures ?? []);
  if (failures.length > 0) return { at, failures };
  const winner = alone.find((end) => end.at === first) as End;
  return winner.cancelled === undefined ? { at } : { at, cancelled: winner.cancelled };
}

/** The outermost scope that is cancelled at a time. */
const cancelledBy = (around: readonly Around[], now: number): Around | undefined =>
  around.find(({ at }) => at <= now);

const isGood = ({ failures, cancelled }: End): boolean =>
  failures === undefined && cancelled === undefined;
