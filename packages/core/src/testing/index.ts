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
export { SimClock } from './sim/network/clock.ts';
export { CALM, type Range, type SimFaults } from './sim/network/faults.ts';
export { SimNetwork } from './sim/network/network.ts';
export type {
  HostModules,
  HostProgram,
  PartitionOptions,
  SimConnectOptions,
  SimHost,
  SimListener,
  SimListenOptions,
  SimNetworkOptions,
} from './sim/network/types.ts';
export { NotRepeatableError } from './sim/determinism.ts';
export { virtualModule } from './sim/net/modules.ts';
export type { RealWork } from './sim/guard/allowed.ts';
export {
  SimulationError,
  type FailureKind,
  type Pending,
  type SimulationRun,
} from './sim/report.ts';
export { SimStream } from './sim/network/stream.ts';
export { formatTrace, type TraceEntry } from './sim/network/trace.ts';
export type { SimWait } from './sim/network/world.ts';
export { simulate } from './sim/simulate.ts';
export type { SimulatedMain, Simulation, SimulationOptions } from './sim/options.ts';
export { simulateSeeds, type SeedsOptions, type SeedsReport } from './sim/simulate-seeds.ts';
export { TestAuthority, type IssueOptions, type TestIdentity } from './test-authority.ts';
