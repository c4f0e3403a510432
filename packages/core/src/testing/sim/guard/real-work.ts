/**
 * Finds the real work that a program begins inside a simulation: files, names, processes, threads, compression, keys, and the
 * timers that it has kept from before.
 *
 * Node announces each piece of work to `async_hooks`, with the stack of the call. The nearest caller outside of Node decides:
 * the program's own call is refused, by its name and line; what Node does by itself, such as loading a module, or what a
 * test runner does, is not. Work that blocks (`readFileSync`, `gzipSync`) has ended before anything else can happen, so it is
 * repeatable as long as the files are.
 */

import { createHook, type AsyncHook, type HookCallbacks } from 'node:async_hooks';
import { own } from '../../../vocabulary/platform.ts';
import type { RealWork } from './allowed.ts';
import { currentRun, enterRun } from '../hosts/context.ts';
import { turn, watchTurns } from './idle.ts';
import { activeResources, allActive, portsIn, without } from './active-resources.ts';
import {
  framesOf,
  isNodes,
  isRealEvent,
  isTimerOfNode,
  stackHere,
  TEST_RUNNERS,
  type Frame,
} from './stack.ts';
import { Turns } from './turns.ts';

/** Kinds of work that take real time. */
const REAL_WORK =
  /^(?:FSREQ|FSEVENT|STATWATCHER|GETADDRINFO|GETNAMEINFO|QUERYWRAP|PROCESSWRAP|WORKER|MESSAGEPORT|TCP|PIPE|UDP|ZLIB|ELDHISTOGRAM)|REQUEST$/;
/** Requests that take none. */
const OTHER_REQUESTS = /^HTTP/;
/** Kinds of work whose result is random, so that it is refused also where it blocks. */
const RANDOM_WORK = /^(?:RANDOM|KEYGEN|KEYPAIRGEN|SECRETKEYGEN)/;
/**
 * What blocks until it is done: `scryptSync`; `gzipSync`, also by its inner name, which it has when it was imported; and calls that
 * block without a callback.
 */
const BLOCKING =
  /Sync\b|\bsyncBufferWrapper\b|\bdiffieHellman\b|\bdecapsulate\b|\bsignOneShot\b|\bverifyOneShot\b/;
/** What Node does on its own behalf while the program is on the stack: writing to stdout, cloning a value. */
const NODES_OWN = /is_main_thread|internal\/structured_clone/;
const LOADER = /node:internal\/modules\/|node:internal\/process\/esm_loader/;

/** What the program called, where no frame of Node has a name: native classes, and functions made by `promisify`. */
const NAMELESS = new Map([
  ['MESSAGEPORT', 'new MessageChannel of node:worker_threads'],
  ['PROCESSWRAP', 'exec of node:child_process'],
]);

/** Watches until it is stopped. */
export interface Watch {
  /** Runs a program whose work is watched: what it begins later, with none of its lines on the stack, is known as well. */
  enter<T>(program: () => T): T;
  stop(): void;
  /** Whether the code that runs is of the program: it was begun by it. */
  readonly isInside: boolean;
  /** Whether the code that runs may be of the program, where it has lost the context of the run. */
  readonly isTurn: boolean;
  /** Whether there is work for which virtual time must stand still. */
  readonly isWorking: boolean;
  /** The work for which virtual time must stand still: modules that are being loaded, or `waitFor`. */
  readonly work: readonly string[];
  /** What keeps the process alive and did not when the watch began; a program may wait for it. */
  readonly unexplained: readonly string[];
  waitFor(work: Promise<unknown>, what: string): void;
  /** Does real work when its turn has come. */
  inTurn(what: string, begin: (done: () => void) => void): void;
  /** Nothing of the program can run: the next turn begins. */
  proceed(): void;
  /** TLS that is begun in a call is over a simulated socket, which conceals its random bytes. */
  permitTls<T>(call: () => T): T;
}

/** Receives the name of a call, such as `readFile`, and its line. */
type OnWork = (what: string, site: string | undefined, kind: RealWork | undefined) => void;

/**
 * Watches for real work.
 *
 * @param isOwn - Whether a place is of this package.
 * @param allows - Whether a kind of work is allowed.
 */
export function watchWork(
  isOwn: (place: string) => boolean,
  allows: (kind: RealWork) => boolean,
  onWork: OnWork,
): Watch {
  return new WorkWatch(isOwn, allows, onWork);
}

/** A class: V8 keeps the functions of a literal with getters, and all that they close over, until it collects everything. */
class WorkWatch implements Watch {
  readonly #isOwn: (place: string) => boolean;
  readonly #allows: (kind: RealWork) => boolean;
  readonly #onWork: OnWork;
  readonly #run = {};
  #isLoading = false;
  /**
   * Whether hooks of `module.register` (those of tsx, for example) load a module in their thread. Its port keeps the process
   * alive only meanwhile, and announces nothing; a port of the program is refused. From Node 24 on it does not show.
   */
  #isLoadingElsewhere = false;
  #isTlsPermitted = false;
  readonly #awaited = new Map<Promise<unknown>, string>();
  readonly #turns = new Turns();
  readonly #stopTurns: () => void;
  readonly #before = activeResources();
  readonly #portsBefore = portsIn(this.#before);
  readonly #hook = hookOf((_id, type, _trigger, resource) => {
    this.#onInit(type, resource);
  });

  constructor(
    isOwn: (place: string) => boolean,
    allows: (kind: RealWork) => boolean,
    onWork: OnWork,
  ) {
    this.#isOwn = isOwn;
    this.#allows = allows;
    this.#onWork = onWork;
    this.#hook.enable();
    this.#stopTurns = watchTurns();
  }

  #onInit(type: string, resource: object): void {
    if (type === 'PROMISE' || type === 'TickObject' || turn.isDriver) return;
    const isTimer = type === 'Timeout' || type === 'Immediate';
    if (own.isCalling) {
      if (type === 'Immediate') turn.isFollowed = true;
      return;
    }
    const isTls = type === 'TLSWRAP' && !this.#isTlsPermitted && !isReused(resource);
    if (!isTimer && !isTls && (!isRealWork(type) || isAllowed(type, this.#allows))) return;
    // What an earlier run has left behind.
    const context = currentRun();
    if (context !== undefined && context !== this.#run) return;
    // What goes on beside the run.
    if (context === undefined && !this.isTurn) return;
    const all = framesOf(stackHere());
    if (context === undefined && isRealEvent(all)) return;
    const frames = all.filter(({ place }) => !this.#isOwn(place));
    const isNodesTimer = isTimer && isTimerOfNode(frames);
    if (type === 'Immediate' && isNodesTimer) {
      turn.isFollowed = true;
      return;
    }
    const work = describe(type, frames, context === this.#run && !isNodesTimer);
    if (work === 'loading') this.#isLoading = true;
    else if (work !== undefined) this.#onWork(work.what, work.site, kindOf(type));
  }

  enter<T>(program: () => T): T {
    return enterRun(this.#run, program);
  }

  stop(): void {
    this.#hook.disable();
    this.#stopTurns();
  }

  inTurn(what: string, begin: (done: () => void) => void): void {
    this.#turns.add(what, begin);
  }

  proceed(): void {
    this.#turns.proceed();
  }

  permitTls<T>(call: () => T): T {
    this.#isTlsPermitted = true;
    try {
      return call();
    } finally {
      this.#isTlsPermitted = false;
    }
  }

  get isTurn(): boolean {
    return turn.isOpen || this.#isLoading || this.#isLoadingElsewhere || this.#awaited.size > 0;
  }

  get isInside(): boolean {
    return currentRun() === this.#run;
  }

  get isWorking(): boolean {
    const active = allActive();
    // The requests of a loader follow one another without a gap. A `destroy` hook would tell when one ends, and would have
    // every promise of the run watched by the garbage collector.
    this.#isLoading &&= active.some((kind) => kind.startsWith('FSReq'));
    this.#isLoadingElsewhere = portsIn(active) > this.#portsBefore;
    return (
      this.#isLoading ||
      this.#isLoadingElsewhere ||
      this.#awaited.size > 0 ||
      this.#turns.work.length > 0
    );
  }

  get work(): readonly string[] {
    return [
      ...(this.#isLoading || this.#isLoadingElsewhere ? ['import()'] : []),
      ...this.#awaited.values(),
      ...this.#turns.work,
    ];
  }

  get unexplained(): readonly string[] {
    return without(activeResources(), this.#before);
  }

  waitFor(work: Promise<unknown>, what: string): void {
    this.#awaited.set(work, what);
    void this.#forget(work);
  }

  async #forget(work: Promise<unknown>): Promise<void> {
    await Promise.allSettled([work]);
    this.#awaited.delete(work);
  }
}

/** Of promises, nothing is to be known. Node 24 and later spare them the hook then. */
function hookOf(init: NonNullable<HookCallbacks['init']>): AsyncHook {
  const options = { init, trackPromises: false };
  return createHook(options);
}

/** Whether an agent of `node:https` uses a connection again: Node announces it anew, and nothing begins. */
function isReused(resource: object): boolean {
  return resource.constructor.name === 'ReusedHandle';
}

function isRealWork(type: string): boolean {
  return REAL_WORK.test(type) && !OTHER_REQUESTS.test(type);
}

/** The option that allows it. */
function kindOf(type: string): RealWork | undefined {
  if (type.startsWith('ZLIB')) return 'zlib';
  if (type.startsWith('FSREQ')) return 'files';
  return type.endsWith('REQUEST') && !RANDOM_WORK.test(type) ? 'crypto' : undefined;
}

/** Whether work is allowed that is done in turns. That of files has none: it is refused where it has no synchronous form. */
function isAllowed(type: string, allows: (kind: RealWork) => boolean): boolean {
  const kind = kindOf(type);
  return kind !== undefined && kind !== 'files' && allows(kind);
}

function describe(
  type: string,
  frames: readonly Frame[],
  isProgram: boolean,
): { readonly what: string; readonly site: string | undefined } | 'loading' | undefined {
  const at = frames.findIndex((frame) => !isNodes(frame));
  const inner = at === -1 ? frames : frames.slice(0, at);
  if (inner.some(({ place }) => LOADER.test(place))) return 'loading';
  const caller = frames[at];
  if (caller === undefined && !isProgram) return undefined;
  if (caller !== undefined && TEST_RUNNERS.test(caller.place)) return undefined;
  if (inner.some(({ place }) => NODES_OWN.test(place))) return undefined;
  // A library's own, which has any name: UNDICI_REQUEST.
  if (inner.some(({ name }) => name === 'new AsyncResource')) return undefined;
  const blocks = inner.some(({ name }) => BLOCKING.test(name));
  if (blocks && !RANDOM_WORK.test(type)) return undefined;
  return {
    what: nameOf(caller === undefined ? inner[0] : inner.at(-1), type),
    site: caller?.place,
  };
}

/** The name that the program called: `readFile` of `Object.readFile`, `gzip` of `Object.asyncBufferWrapper [as gzip]`. */
function nameOf(frame: Frame | undefined, type: string): string {
  const name = frame?.name ?? '';
  const called = /\[as (.+)\]/.exec(name)?.[1] ?? name;
  const short = called.replace(/^(?:async )?(?:(?:Object|Module|Function)\.)?/, '');
  const module = /^node:(?:internal\/)?(fs\/promises|\w+)/.exec(frame?.place ?? '')?.[1];
  // What `promisify` makes of a function of node:zlib has a name of Node's own.
  if (short === 'asyncBufferWrapper') return 'a compression of node:zlib';
  return short === '' ? (NAMELESS.get(type) ?? type) : `${short} of node:${module}`;
}
