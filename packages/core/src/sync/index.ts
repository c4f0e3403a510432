export { channel, type ChannelOptions } from './channel.ts';
export type { ChannelPermit, ChannelReceiver, ChannelSender } from './channel.ts';
export type { ChannelStatistics } from './channel-state.ts';
export { oneshot, type OneshotReceiver, type OneshotSender } from './oneshot.ts';
export { broadcast, type BroadcastReceiver, type BroadcastSender } from './broadcast.ts';
export { watch, type WatchReceiver, type WatchSender } from './watch.ts';
export { LagError } from './sync-errors.ts';
export { Semaphore, type SemaphorePermit, type SemaphoreStatistics } from './semaphore.ts';
export { Mutex, type MutexArguments, type MutexGuard, type MutexStatistics } from './mutex.ts';
export { Notify } from './notify.ts';
export { Barrier, type BarrierResult } from './barrier.ts';
export { interval, type Interval, type IntervalOptions, type MissedTicks } from './interval.ts';
export { retry, RetryError, type Attempt, type RetryOptions, type RetryPause } from './retry.ts';
export {
  RateLimiter,
  type RateLimiterOptions,
  type RateLimiterStatistics,
} from './rate-limiter.ts';
export {
  sharedWriter,
  type FrameSendOptions,
  type SharedWriter,
  type SharedWriterOptions,
  type SharedWriterStatistics,
} from './shared-writer.ts';
export {
  race,
  select,
  type Arm,
  type ArmResult,
  type ArmScope,
  type Raced,
  type Selected,
  type Selection,
  type SelectOptions,
} from '../tasks/select.ts';
export type { SyncOptions } from './wait-queue.ts';
