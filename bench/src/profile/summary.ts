/** Sums up a profile of V8: who had the processor, by function and by whose function it is. */

import { median } from '../statistics.ts';

/** What `--cpu-prof` writes. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds from each sample to the one before. */
  readonly timeDeltas: readonly number[];
}

/** A function as V8's profiles name it. */
export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: CallFrame;
  readonly children?: readonly number[];
}

export interface Share {
  readonly name: string;
  /** Of the time that was not idle, with nothing that it called. */
  readonly self: number;
  /** The same with everything that it called. */
  readonly total: number;
}

export interface Summary {
  /** How much of the time the processor had nothing to do. */
  readonly idle: number;
  /** The median distance of two samples, in microseconds. */
  readonly interval: number;
  readonly functions: readonly Share[];
  readonly owners: readonly Share[];
}

/** @param last - How many seconds, from the end, count. */
export function summarize(profile: CpuProfile, last: number): Summary {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map<number, number>();
  for (const node of profile.nodes) {
    for (const child of node.children ?? []) parents.set(child, node.id);
  }
  const times = new Map<number, number>();
  let left = last * 1e6;
  let idle = 0;
  let busy = 0;
  for (let index = profile.samples.length - 1; index >= 0 && left > 0; index -= 1) {
    const id = profile.samples[index] ?? 0;
    // A sample stands for the time until the next one.
    const time = profile.timeDeltas[index + 1] ?? 0;
    left -= time;
    if (nodes.get(id)?.callFrame.functionName === '(idle)') {
      idle += time;
      continue;
    }
    busy += time;
    times.set(id, (times.get(id) ?? 0) + time);
  }
  const share = (name: (node: ProfileNode) => string): readonly Share[] =>
    shares(times, nodes, parents, name).map(({ self, total, ...rest }) => ({
      ...rest,
      self: self / busy,
      total: total / busy,
    }));
  return {
    idle: idle / (idle + busy),
    interval: median(profile.timeDeltas),
    functions: share((node) => placeOf(node.callFrame)),
    owners: share(ownerOf),
  };
}

function shares(
  times: ReadonlyMap<number, number>,
  nodes: ReadonlyMap<number, ProfileNode>,
  parents: ReadonlyMap<number, number>,
  name: (node: ProfileNode) => string,
): readonly Share[] {
  const found = new Map<string, { self: number; total: number }>();
  for (const [id, time] of times) {
    const seen = new Set<string>();
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const node = nodes.get(at);
      if (node === undefined) break;
      const key = name(node);
      const entry = found.get(key) ?? { self: 0, total: 0 };
      found.set(key, entry);
      if (at === id) entry.self += time;
      // A function that calls itself counts once.
      if (!seen.has(key)) entry.total += time;
      seen.add(key);
    }
  }
  return [...found]
    .map(([key, entry]) => ({ name: key, ...entry }))
    .toSorted((a, b) => b.self - a.self);
}

/** A function's name and where it stands. */
export function placeOf({ functionName, url, lineNumber }: CallFrame): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name} (${shortUrl(url)}:${lineNumber + 1})`;
}

function ownerOf({ callFrame: { functionName, url } }: ProfileNode): string {
  if (url.startsWith('node:')) return 'JavaScript of Node';
  if (url.startsWith('wasm:')) return 'llhttp (WebAssembly)';
  const place = /\/packages\/(core|http)\/dist\//.exec(url)?.[1];
  if (place !== undefined) return `@awaitio/${place}`;
  if (url !== '') return 'other JavaScript';
  if (functionName === '(garbage collector)') return 'garbage collector';
  if (functionName === '(program)') return 'native code outside of JavaScript (libuv, kernel)';
  return `native: ${functionName}`;
}

function shortUrl(url: string): string {
  return url.startsWith('wasm:')
    ? 'wasm'
    : url.replace(/^.*\/(?:packages|bench)\//, '').replace('/dist/', '/');
}
