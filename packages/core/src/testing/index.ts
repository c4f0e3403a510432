export {
  checkStream,
  STREAM_CONTRACTS,
  streamContract,
  type StreamCheck,
  type StreamContractOptions,
} from './contract/check-stream.ts';
export type { MakeStreamPair, StreamPair } from './contract/trial.ts';
export {
  expectNoOpenStreams,
  OpenStreamsError,
  type OpenStreamsOptions,
} from './expect-no-open-streams.ts';
export { ManualClock } from './manual-clock.ts';
export { lockstepPair } from '../memory/memory-pair.ts';
export type { Decision } from './sim/decisions/log.ts';
export { planOf } from './sim/decisions/plan.ts';
export { SimClock } from './sim/wire/clock.ts';
export { CALM, type Range, type SimFaults } from './sim/wire/faults.ts';
export { virtualModule } from './sim/net/modules.ts';
export { NotRepeatableError } from './sim/seeds/determinism.ts';
export type { HostModules } from '../net/host-modules.ts';
export type { RealWork } from './sim/guard/allowed.ts';
export { DiskError, type DiskErrorCode } from './sim/disk/disk-error.ts';
export type {
  DiskEncoding,
  DiskReadOptions,
  DiskWriteOptions,
  SimDisk,
  SimFileHandle,
  SimStats,
} from './sim/disk/types.ts';
export type { FaultCalls, SimLink } from './sim/fault-calls.ts';
export type { SimHostClock } from './sim/hosts/types.ts';
export type { SimDns, SimDnsError, SimDnsOptions } from './sim/names/names.ts';
export type { SimLinkFaults } from './sim/wire/fault-book.ts';
export { SimNetwork } from './sim/network/network.ts';
export type { PacketMatch, SimBarrier, SimHold, SimPacket, SimRule } from './sim/rules/types.ts';
export type {
  HostContext,
  HostProgram,
  PartitionOptions,
  SimHost,
  SimListener,
  SimListenOptions,
  SimNetworkOptions,
} from './sim/network/types.ts';
export { SimulationError } from './sim/report.ts';
export type { FailureKind, Pending, SimulationRun } from './sim/run.ts';
export {
  always,
  reachable,
  sometimes,
  type PropertyCount,
  type PropertyKind,
} from './sim/properties.ts';
export { shrinkRun, type ShrinkOptions, type ShrunkRun } from './sim/shrink/shrink-run.ts';
export type { SimConnectOptions } from './sim/wire/connect-options.ts';
export { SimStream } from './sim/wire/stream.ts';
export { SimUnixStream } from './sim/unix/unix-stream.ts';
export type {
  SimUnixAddress,
  SimUnixListener,
  SimUnixListenOptions,
} from './sim/unix/unix-types.ts';
export { formatTrace, type TraceEntry } from './sim/wire/trace.ts';
export type { SimWait } from './sim/wire/world.ts';
export { simulate } from './sim/simulate.ts';
export type {
  SimulatedMain,
  Simulation,
  SimulationFaults,
  SimulationOptions,
} from './sim/options.ts';
export type { PropertyTotal } from './sim/seeds/property-table.ts';
export { SeedsError, type FailureGroup } from './sim/seeds/seeds-error.ts';
export type {
  ManyRunsMain,
  ManyRunsOptions,
  SeedsOptions,
  SeedsReport,
} from './sim/seeds/seeds-options.ts';
export { simTest, type RegisterTest, type SimTestOptions } from './sim/seeds/sim-test.ts';
export { simulateSeeds } from './sim/seeds/simulate-seeds.ts';
export { readStory, saveStory, type Story } from './sim/seeds/story.ts';
export { TestAuthority, type IssueOptions, type TestIdentity } from './test-authority.ts';
