/** The paths between hosts: which are open, cut or held, and since which event. */

/** A host, as what travels to it sees it. */
export interface HostState {
  readonly name: string;
  readonly isUp: boolean;
}

/** One direction between two hosts. */
export interface Path {
  /** Whether the program has partitioned it. */
  isCut: boolean;
  isHeld: boolean;
  /** Counts what makes an earlier cut void for those who wait to give up: a later cut, or a hold. */
  epoch: number;
  /** The number of current random partitions, and how often a heal has ended them all. */
  outages: number;
  heals: number;
}

/** One direction between two hosts, by its ends. */
interface Direction {
  readonly from: HostState;
  readonly to: HostState;
  readonly path: Path;
}

export class Paths {
  readonly #from = new Map<HostState, Map<HostState, Path>>();

  isOpen(from: HostState, to: HostState): boolean {
    const path = this.#from.get(from)?.get(to);
    return path === undefined || !(path.isCut || path.isHeld || path.outages > 0);
  }

  isHeld(from: HostState, to: HostState): boolean {
    return this.#from.get(from)?.get(to)?.isHeld === true;
  }

  get(from: HostState, to: HostState): Path {
    let paths = this.#from.get(from);
    if (paths === undefined) {
      paths = new Map();
      this.#from.set(from, paths);
    }
    let path = paths.get(to);
    if (path === undefined) {
      path = { isCut: false, isHeld: false, epoch: 0, outages: 0, heals: 0 };
      paths.set(to, path);
    }
    return path;
  }

  /** Both directions between two hosts, or everything. */
  between(a: HostState | undefined, b: HostState | undefined): readonly Direction[] {
    if (a !== undefined && b !== undefined) {
      return [
        { from: a, to: b, path: this.get(a, b) },
        { from: b, to: a, path: this.get(b, a) },
      ];
    }
    return [...this.#from].flatMap(([from, paths]) =>
      [...paths].map(([to, path]) => ({ from, to, path })),
    );
  }

  /** Cuts a path; a cut that already stands goes on. */
  cut(from: HostState, to: HostState): void {
    const path = this.get(from, to);
    if (!path.isCut) path.epoch += 1;
    path.isCut = true;
  }

  /** Ends cuts, and the random partitions of this moment: not those that begin later. */
  heal(a: HostState | undefined, b: HostState | undefined): void {
    for (const { path } of this.between(a, b)) {
      path.isCut = false;
      path.outages = 0;
      path.heals += 1;
    }
  }

  /** Holds two paths; a cut that is held is one that lasts from the release on. */
  hold(a: HostState, b: HostState): void {
    for (const { path } of this.between(a, b)) {
      path.isHeld = true;
      path.epoch += 1;
    }
  }

  /** @returns The paths that are cut nevertheless. */
  release(a: HostState | undefined, b: HostState | undefined): readonly Direction[] {
    const paths = this.between(a, b);
    for (const { path } of paths) path.isHeld = false;
    return paths.filter(({ path }) => path.isCut);
  }

  /** Asks, now and later, whether a cut between two hosts stands that stands now. */
  cutNow(a: HostState, b: HostState): () => boolean {
    const cuts = this.between(a, b)
      .filter(({ path }) => path.isCut && !path.isHeld)
      .map(({ path }) => ({ path, epoch: path.epoch }));
    return () => cuts.some(({ path, epoch }) => path.isCut && path.epoch === epoch);
  }

  /** Begins a random partition. @returns Ends it, unless it was healed before. */
  beginOutage(paths: readonly Path[]): () => void {
    const outages = paths.map((path) => {
      path.outages += 1;
      return { path, heals: path.heals };
    });
    return () => {
      for (const { path, heals } of outages) if (path.heals === heals) path.outages -= 1;
    };
  }
}
