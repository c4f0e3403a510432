export { lockstepPair, memoryPair, type MemoryPairOptions } from './memory-pair.ts';
