/**
 * The environment every test file runs in: Jest's node environment, under house rules.
 *
 * 1. Nothing reaches `unhandledRejection`, `uncaughtException` or a process warning.
 * 2. No socket, server, pipe or timer is still open when the file ends; a timer that is `unref`ed is no open one.
 *
 * A test file lives in a `vm` context whose `process` is a copy: `process.on(...)` there receives no events. So the guard
 * lives out here, in the realm that owns the process. While tests run, jest-circus holds the two error events and
 * fails the test they belong to; this file adds what circus lets through: errors before the first test and after the
 * last, rejections that found a handler too late (which end a real process), warnings and leaked handles.
 *
 * Jest says that a worker "has failed to exit gracefully" when it has not gone half a second after the last file. Where no file
 * has left a handle, a busy machine is why.
 *
 * A third thing: `error instanceof Error` in the sandbox is true for the errors that Node itself makes, as it is
 * everywhere outside of Jest.
 *
 * `scripts/guard-selftest.mjs` plants one of each and expects the run to fail.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';
import { types } from 'node:util';

/** The environment that this Jest ships: it is not a dependency of ours, so it is asked from Jest's own tree. */
function environmentOfJest() {
  let resolver = createRequire(import.meta.url);
  for (const name of ['jest', '@jest/core', 'jest-config']) {
    resolver = createRequire(resolver.resolve(name));
  }
  return resolver('jest-environment-node').TestEnvironment;
}

const NodeEnvironment = environmentOfJest();

/** What a file can leave open that would keep a user's process alive. */
const OPEN_KINDS = new Set([
  'PipeServerWrap',
  'PipeWrap',
  'TCPServerWrap',
  'TCPSocketWrap',
  'TLSWrap',
  'UDPWrap',
]);

/** As {@link OPEN_KINDS}. Jest's reporter has one for a tenth of a second, where it shares the process. */
const TIMER = 'Timeout';
const TIMER_TIMEOUT_MS = 1_000;
const REPORTER_MS = 1_000;

/** A closed handle leaves Node's list some turns of the loop later; on a busy machine that takes its time. */
const LEAK_TIMEOUT_MS = 10_000;

/** Turns of the loop that what the last test left running gets to show itself before the file is judged. */
const LAST_TURNS = 10;

/** @returns How many handles of each kind are open now; those that were `unref`ed are not in Node's list. */
function openHandles() {
  const counts = new Map();
  for (const kind of process.getActiveResourcesInfo()) {
    if (kind === TIMER || OPEN_KINDS.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** @returns How many sockets the kernel keeps for this process, `unref`ed ones too; 0 where it does not tell. */
function openDescriptors() {
  if (process.platform !== 'linux') return 0;
  let sockets = 0;
  for (const descriptor of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:')) sockets += 1;
    } catch {
      // The directory lists the descriptor that listed it, which is closed by now.
    }
  }
  return sockets;
}

// Node opens the pipes of stdout and stderr on first use: open them before the first count.
void [process.stdout, process.stderr];

const takeStock = () => ({ handles: openHandles(), descriptors: openDescriptors() });

/** @returns One line per kind of handle of which there are more now than `before`: of sockets, or of timers. */
function leaksSince(before, ofTimers = false) {
  const leaks = [];
  for (const [kind, count] of openHandles()) {
    if ((kind === TIMER) !== ofTimers) continue;
    const extra = count - (before.handles.get(kind) ?? 0);
    if (extra > 0) leaks.push(`${extra} × ${kind} left open`);
  }
  if (leaks.length > 0 || ofTimers) return leaks;
  const sockets = openDescriptors() - before.descriptors;
  return sockets > 0 ? [`${sockets} × socket left open behind an unref()`] : [];
}

const describeError = (error) =>
  types.isNativeError(error) ? (error.stack ?? String(error)) : `${typeof error}: ${String(error)}`;

function nameOf(test) {
  const names = [];
  for (let at = test; at.parent !== undefined; at = at.parent) names.unshift(at.name);
  return names.join(' › ');
}

/** Makes the sandbox's `instanceof Error` true for errors of the realm that Node's own modules live in. */
function knowForeignErrors(sandbox) {
  const ordinary = Function.prototype[Symbol.hasInstance];
  for (const name of ['Error', 'TypeError', 'RangeError']) {
    const ours = globalThis[name];
    const theirs = sandbox[name];
    Object.defineProperty(theirs, Symbol.hasInstance, {
      configurable: true,
      // Subclasses inherit this function; for them the ordinary rule is the right one.
      value(value) {
        return ordinary.call(this, value) || (this === theirs && ordinary.call(ours, value));
      },
    });
  }
}

export default class GuardedEnvironment extends NodeEnvironment {
  #strays = [];
  #openBefore = takeStock();
  /** The tests that run now: several where they are `test.concurrent`. */
  #running = new Set();
  #outside = 'outside of a test';
  /** Rejections that circus holds against a test; it drops them when a handler comes late, we do not. */
  #rejections = new WeakMap();

  #onRejection = (reason) => this.#note('an unhandled rejection', describeError(reason));
  #onException = (error) => this.#note('an uncaught exception', describeError(error));
  #onWarning = (warning) => {
    if (warning.name !== 'ExperimentalWarning') {
      this.#note('a process warning', describeError(warning));
    }
  };

  #leakTimeout;

  constructor(config, context) {
    super(config, context);
    const { leakTimeout = LEAK_TIMEOUT_MS } = config.projectConfig.testEnvironmentOptions;
    this.#leakTimeout = leakTimeout;
  }

  async setup() {
    await super.setup();
    knowForeignErrors(this.global);
    // The reporter's timer would count for one of the file's, once it is over.
    const deadline = performance.now() + REPORTER_MS;
    while (openHandles().has(TIMER) && performance.now() < deadline) await wait(5);
    this.#openBefore = takeStock();
    process.on('unhandledRejection', this.#onRejection);
    process.on('uncaughtException', this.#onException);
    process.on('warning', this.#onWarning);
  }

  handleTestEvent(event) {
    const isEnd = event.name === 'test_fn_success' || event.name === 'test_fn_failure';
    // What scripts/jest-setup.mjs does after every other test: circus runs no afterEach for these.
    if (isEnd && event.test.concurrent) return new Promise((resolve) => setImmediate(resolve));
    if (event.name === 'test_start') {
      this.#running.add(event.test);
    } else if (event.name === 'test_done' || event.name === 'test_skip') {
      this.#running.delete(event.test);
      this.#outside = `after "${nameOf(event.test)}"`;
    } else if (event.name === 'run_finish') {
      this.#outside = 'after the last test';
    } else if (event.name === 'error' && event.promise !== undefined) {
      // Circus has just filed it with the test whose asynchronous context it was made in.
      const owner = [...this.#running].find((test) =>
        test.unhandledRejectionErrorByPromise.has(event.promise),
      );
      const where = owner === undefined ? this.#where() : `in "${nameOf(owner)}"`;
      this.#rejections.set(event.promise, { where, detail: describeError(event.error) });
    } else if (event.name === 'error_handled' && this.#rejections.has(event.promise)) {
      const { where, detail } = this.#rejections.get(event.promise);
      this.#note('a rejection that found its handler too late', detail, where);
    }
    return undefined;
  }

  async teardown() {
    for (let turn = 0; turn < LAST_TURNS; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const timerDeadline = performance.now() + Math.min(TIMER_TIMEOUT_MS, this.#leakTimeout);
    while (leaksSince(this.#openBefore, true).length > 0 && performance.now() < timerDeadline) {
      await wait(5);
    }
    const timers = leaksSince(this.#openBefore, true);
    const deadline = performance.now() + this.#leakTimeout;
    while (leaksSince(this.#openBefore).length > 0 && performance.now() < deadline) {
      await wait(5);
    }
    process.off('unhandledRejection', this.#onRejection);
    process.off('uncaughtException', this.#onException);
    process.off('warning', this.#onWarning);
    for (const leak of [...timers, ...leaksSince(this.#openBefore)]) {
      const detail = `${leak}: close every stream and listener that a test opens, and end its waits`;
      this.#note('an open handle', detail, 'when the file ended');
    }
    await super.teardown();
    if (this.#strays.length > 0) {
      const list = this.#strays.map((line, at) => `${at + 1}. ${line}`).join('\n\n');
      throw new Error(
        `This test file leaked ${this.#strays.length} thing(s) past its tests:\n\n${list}`,
      );
    }
  }

  /** The tests that run; what no test can be held to may belong to any of them. */
  #where() {
    if (this.#running.size === 0) return this.#outside;
    return `in ${[...this.#running].map((test) => `"${nameOf(test)}"`).join(' or ')}`;
  }

  #note(what, detail, where = this.#where()) {
    this.#strays.push(`${what}, ${where}: ${detail}`);
  }
}
