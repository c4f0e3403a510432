/**
 * What a run decides. A kind has a name, which keys of decisions contain, and a value that is *calm*: nothing happens, or
 * as soon as it can. Stories that were saved name the kinds, so their numbers have no meaning beyond a run; but they are part
 * of what a seed draws: a new kind goes to the end.
 */

/** The number of each kind. */
export const KIND = {
  // One direction of a connection: how long its segments travel, in microseconds.
  latency: 0,
  acknowledge: 1,
  retransmit: 2,
  release: 3,
  // What TCP may do to it: the size of a segment, whether it joins the one before, the window, the write mark, a late reader.
  split: 4,
  merge: 5,
  window: 6,
  partialWrite: 7,
  stall: 8,
  // An attempt to connect.
  handshake: 9,
  refuse: 10,
  // What breaks connections and hosts: how long, in microseconds.
  reset: 11,
  halfOpen: 12,
  partition: 13,
  partitionSide: 14,
  crash: 15,
  // Who goes first of those that are due at one moment: a low priority does.
  priority: 16,
  fallBehind: 17,
  // The disk of a host: how long a call takes, whether it fails, and what a crash takes of what was not synced.
  diskLatency: 18,
  diskError: 19,
  diskFull: 20,
  loseWrite: 21,
  tearWrite: 22,
  loseNames: 23,
  // The clock and the programs of a host: how far the clock is off, and how long a pause lasts, in microseconds.
  skew: 24,
  jump: 25,
  pause: 26,
  // A datagram: whether it arrives, twice, or late.
  loseDatagram: 27,
  duplicateDatagram: 28,
  delayDatagram: 29,
} as const;

/** What a decision is about. */
export type DecisionKind = (typeof KIND)[keyof typeof KIND];

/** What small windows begin with, in bytes: the values of that kind count from the one that does the least. */
export const SMALL_WINDOWS = [1_000, 100, 10, 3, 1] as const;

/** The name of each kind, by its number. */
export const KIND_NAMES: readonly string[] = Object.freeze(Object.keys(KIND));

/** The number of kinds. */
export const KINDS: number = KIND_NAMES.length;
