/**
 * What carriers, primitives and servers are built from: waits, deadlines, abort watches, the transport contract, and what a
 * server's connection loop uses, `acceptOwned`, `holdTask`, `readStanding` and `tryWriteLatin1`.
 *
 * For code that adds a new kind of stream, wait or server to awaitio. Programs that only use streams and tasks need
 * nothing from here. What is exported is stable, but says less about misuse than `@awaitio/core` does.
 */

export {
  callContained,
  containResult,
  describeFailure,
  failureOf,
  isThenable,
  printLine,
  stderrSink,
  type FailureSink,
} from './vocabulary/callbacks.ts';
export { asOwn } from './vocabulary/platform.ts';
export { printLossy } from './vocabulary/lossy-output.ts';
export { invalidInput, type IoErrorOptions } from './vocabulary/errors.ts';
export {
  checkFunction,
  checkMethods,
  checkOptions,
  rules,
  unknownOption,
  withDefaults,
  type OptionRule,
  type OptionTable,
} from './vocabulary/check.ts';
export type { OptionNames } from './vocabulary/nearest-option.ts';
export { checkWaitOptions, WAIT_OPTIONS } from './waiting/waiter.ts';
export { isBytes } from './vocabulary/realms.ts';
export { lazy, type Lazy } from './vocabulary/lazy.ts';
export { systemRandom } from './vocabulary/random.ts';
export { ReadyBits } from './vocabulary/interest.ts';
export type { Source, SourceObserver } from './vocabulary/source.ts';
export { outsideScopes, watchScope, type AmbientScope } from './waiting/ambient.ts';
export { AsyncScope } from './waiting/async-scope.ts';
export { runUntil, type ScopeEnd } from './waiting/scope.ts';
export { watchAbort, type AbortRegistration, type AbortWatcher } from './waiting/abort-watch.ts';
export { Deadline, DeadlineWheel, type DeadlineOwner } from './waiting/deadline-wheel.ts';
export { budgetOf, type Budget } from './waiting/budget.ts';
export { charged } from './waiting/charged.ts';
export { MemberList, type ListMember } from './waiting/member-list.ts';
export { PerClock } from './waiting/per-clock.ts';
export { Roster } from './waiting/roster.ts';
export {
  currentHolder,
  isTracingWaits,
  timedOut,
  timedOutOn,
  traceAs,
  type WaitHolder,
} from './waiting/wait-trace.ts';
export { deferred, type Deferred } from './waiting/deferred.ts';
export { ListedWaiter, Waiter, WaiterList, type WaiterOwner } from './waiting/waiter.ts';
export { secureContextOf, TLS_CREDENTIALS } from './net/tls/tls-credentials.ts';
export type { Transport, TransportSink } from './streams/transport.ts';
export { ownStream, stateOf, watchStreams, type StreamWatch } from './streams/registry.ts';
export { linesCodec } from './codecs/lines.ts';
export { lengthDelimitedCodec } from './codecs/length-delimited.ts';
export { StandingRead } from './streams/queue/standing-read.ts';
export {
  DEFAULT_HIGH_WATER_MARK,
  finishStream,
  readStanding,
  tryWriteLatin1,
  type StreamFinisher,
} from './streams/stream-parts.ts';
export { acceptOwned } from './tasks/accept-loop.ts';
export { executors, type ExecutorView } from './tasks/executors.ts';
export { holdTask } from './tasks/task-context.ts';
export type { TaskLease } from './tasks/task-host.ts';
