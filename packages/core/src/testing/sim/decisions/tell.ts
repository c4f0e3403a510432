/** Decisions as plain sentences: what chance did in a run. */

import { KIND, KIND_NAMES, SMALL_WINDOWS, type DecisionKind } from './kinds.ts';
import { placeOf, type Decision, type DecisionPlace } from './log.ts';

type Teller = (place: DecisionPlace, value: number) => string;

/** Microseconds, as milliseconds. */
function ms(micros: number): string {
  return `${micros / 1_000} ms`;
}

const nth = ({ ordinal }: DecisionPlace): string => `no. ${ordinal + 1}`;

const TELLERS: Readonly<Partial<Record<DecisionKind, Teller>>> = {
  [KIND.latency]: (place, value) =>
    `${place.subject}: segment ${nth(place)} travelled for ${ms(value)}`,
  [KIND.acknowledge]: (place, value) =>
    `${place.subject}: acknowledgement ${nth(place)} travelled for ${ms(value)}`,
  [KIND.retransmit]: (place, value) =>
    `${place.subject}: what was lost was sent again after ${ms(value)} (${nth(place)})`,
  [KIND.release]: (place, value) =>
    `${place.subject}: what was held arrived after ${ms(value)} (${nth(place)})`,
  [KIND.split]: (place, value) =>
    `${place.subject}: piece ${nth(place)} of what was written was cut off after ${value} byte(s)`,
  [KIND.merge]: (place) => `${place.subject}: two writes arrived as one segment (${nth(place)})`,
  [KIND.window]: ({ subject }, value) =>
    `${subject}: it began with a window of ${SMALL_WINDOWS[value]} byte(s)`,
  [KIND.partialWrite]: ({ subject }, value) =>
    `${subject}: its writer took writes in parts, with a mark of ${value} byte(s)`,
  [KIND.stall]: (place, value) =>
    `${place.subject}: the reader stalled for ${ms(value)} before segment ${nth(place)}`,
  [KIND.handshake]: (place, value) =>
    `${place.subject}: step ${nth(place)} of the handshake travelled for ${ms(value)}`,
  [KIND.refuse]: ({ subject }) => `${subject}: the connection was refused`,
  [KIND.reset]: (place) =>
    `${place.subject}: the connection was reset in place of segment ${nth(place)}`,
  [KIND.halfOpen]: (place) =>
    `${place.subject}: the connection went silent for good in place of segment ${nth(place)}`,
  [KIND.partition]: (place, value) =>
    `${place.subject}: the hosts were cut off for ${ms(value)} when segment ${nth(place)} arrived`,
  [KIND.partitionSide]: (place, value) =>
    value === 3
      ? `${place.subject}: in both directions (${nth(place)})`
      : `${place.subject}: only from the ${value === 1 ? 'client to the server' : 'server to the client'} (${nth(place)})`,
  [KIND.crash]: (place, value) =>
    `${place.subject}: the host that received segment ${nth(place)} crashed, for ${ms(value)}`,
  [KIND.priority]: ({ subject }, value) =>
    `${subject}: of what is due at one moment, it goes behind those with a priority below ${value}`,
  [KIND.fallBehind]: (place) =>
    `${place.subject}: from its event ${nth(place)} on it goes behind all others of the same moment`,
  [KIND.diskLatency]: (place, value) => `${place.subject}: call ${nth(place)} took ${ms(value)}`,
  [KIND.diskError]: (place) => `${place.subject}: call ${nth(place)} failed with EIO`,
  [KIND.diskFull]: (place) => `${place.subject}: write ${nth(place)} failed with ENOSPC`,
  [KIND.loseWrite]: (place) =>
    `${place.subject}: of what was not synced at a crash, write ${nth(place)} was lost`,
  [KIND.tearWrite]: (place, value) =>
    `${place.subject}: of what was not synced at a crash, write ${nth(place)} was cut off after ${value} byte(s)`,
  [KIND.loseNames]: (place, value) =>
    `${place.subject}: at crash ${nth(place)} the last ${value} change(s) of names were lost`,
  [KIND.skew]: ({ subject }, value) =>
    `${subject}: it runs at a rate of ${(1 + (value - 10_000) / 1e6).toFixed(6)}`,
  [KIND.jump]: (place, value) =>
    `${place.subject}: at start ${nth(place)} its date jumped by ${value - 10_000} ms`,
  [KIND.pause]: (place, value) =>
    `${place.subject}: the host that received segment ${nth(place)} was paused for ${ms(value)}`,
  [KIND.loseDatagram]: (place) => `${place.subject}: datagram ${nth(place)} was lost`,
  [KIND.duplicateDatagram]: (place) => `${place.subject}: datagram ${nth(place)} came twice`,
  [KIND.delayDatagram]: (place, value) =>
    `${place.subject}: datagram ${nth(place)} was late by ${ms(value)}`,
};

/** What a decision did, as a sentence. */
export function tellDecision({ key, value }: Decision): string {
  const place = placeOf(key);
  if (place === undefined) return `${key}: ${value}`;
  const teller = TELLERS[place.kind];
  return teller === undefined
    ? `${place.subject}: ${KIND_NAMES[place.kind]} ${nth(place)} was ${value}`
    : teller(place, value);
}
