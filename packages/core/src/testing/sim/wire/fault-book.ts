/**
 * Which faults happen where and when: those of the run, and those that were set for a link, a direction or a time.
 *
 * What was set last goes before what was set earlier. The result for a direction is made once for each change, so that a segment
 * that asks for it makes nothing.
 */

import type { Faults, Range, SimFaults } from './faults.ts';

/** A host, of which only the identity counts. */
type HostState = object;

/** The faults of a direction, with the time that its segments travel. */
export interface LinkFaults extends Faults {
  readonly latency: Range;
}

/** Faults of a link, or of all: those of the run, and `latency`. */
export interface SimLinkFaults extends SimFaults {
  /** How long a segment travels, in milliseconds. @default that of the run */
  readonly latency?: Range | undefined;
}

interface Layer {
  readonly concerns: (from: HostState, to: HostState) => boolean;
  readonly faults: Partial<LinkFaults>;
}

/** The faults that only do what TCP, UDP and disks may do to what is right; a quiet network has no others. */
const HARMLESS: ReadonlySet<keyof LinkFaults> = new Set<keyof LinkFaults>([
  'split',
  'merge',
  'partialWrite',
  'window',
  'slowReader',
  'latency',
  'diskLatency',
  'loseWrites',
  'tearWrites',
  'pauseFor',
  'partitionFor',
  'downFor',
]);

export class FaultBook {
  /** The faults of what is no direction: a disk, a clock. */
  all: LinkFaults;
  readonly #base: LinkFaults;
  readonly #layers = new Set<Layer>();
  #links = new Map<HostState, Map<HostState, LinkFaults>>();
  #isQuiet = false;
  /** Counts the changes. */
  version = 0;

  constructor(base: LinkFaults) {
    this.#base = base;
    this.all = base;
  }

  /** The faults of a direction. */
  of(from: HostState, to: HostState): LinkFaults {
    if (this.#layers.size === 0) return this.all;
    let links = this.#links.get(from);
    if (links === undefined) {
      links = new Map();
      this.#links.set(from, links);
    }
    let faults = links.get(to);
    if (faults === undefined) {
      faults = this.#merge((layer) => layer.concerns(from, to));
      links.set(to, faults);
    }
    return faults;
  }

  /** @param concerns - Which directions; `undefined`: all, and what is no direction @returns ends it */
  add(faults: SimLinkFaults, concerns: Layer['concerns'] | undefined): () => void {
    const given = Object.entries(faults).filter(([, value]) => value !== undefined);
    const layer: Layer = {
      concerns: concerns ?? everywhere,
      faults: Object.fromEntries(given) as Partial<LinkFaults>,
    };
    this.#layers.add(layer);
    this.#change();
    return () => {
      if (this.#layers.delete(layer)) this.#change();
    };
  }

  /** From now on, nothing breaks by itself. */
  quiet(): void {
    this.#layers.clear();
    this.#isQuiet = true;
    this.#change();
  }

  #change(): void {
    this.version += 1;
    this.#links = new Map();
    this.all = this.#merge(({ concerns }) => concerns === everywhere);
  }

  #merge(applies: (layer: Layer) => boolean): LinkFaults {
    const merged: LinkFaults = { ...this.#base };
    if (this.#isQuiet) {
      for (const name of Object.keys(merged)) {
        if (!HARMLESS.has(name as keyof LinkFaults)) Reflect.set(merged, name, 0);
      }
    }
    for (const layer of this.#layers) if (applies(layer)) Object.assign(merged, layer.faults);
    return merged;
  }
}

const everywhere = (): boolean => true;
