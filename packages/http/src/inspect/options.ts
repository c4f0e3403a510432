/** The options of `inspect`. */

import type { Clock } from '@awaitio/core';
import { rules, type OptionTable } from '@awaitio/core/lowlevel';

/** Options of {@link inspect}. */
export interface InspectOptions {
  /** The port of the page. @default 0: one that the system chooses */
  readonly port?: number | undefined;
  /** The address of the page: a loopback address, unless `allowRemote` is set. @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** The path of a Unix socket in place of a port; only this user may connect to it. @default none */
  readonly path?: string | undefined;
  /** Whether `host` may be an address that other machines reach. The page is not encrypted. @default false */
  readonly allowRemote?: boolean | undefined;
  /** Names by which browsers may reach the page, besides its address and `localhost`. @default none */
  readonly hosts?: readonly string[] | undefined;
  /**
   * The secret that a reader must know: at least 16 characters of `A-Z a-z 0-9 - _`.
   * @default 256 random bits, which are in `page.url`
   */
  readonly token?: string | undefined;
  /** Whether sockets may be closed from the page. @default false */
  readonly allowClose?: boolean | undefined;
  /**
   * How many bytes of a refused request are shown, in hex, around the one at which the fault was noticed: up to 1024. They are what the
   * peer has sent, so they may hold secrets, and recordings hold them too. @default 0: none
   */
  readonly refusedBytes?: number | undefined;
  /** Whether requests are counted also while no one looks. It costs an event for each request. @default false */
  readonly always?: boolean | undefined;
  /** Milliseconds between two looks while someone looks, from 100. @default 1000 */
  readonly interval?: number | undefined;
  /** From this age on a wait is shown among what to look at first, in milliseconds. @default 2000 */
  readonly attentionAfter?: number | undefined;
  /** Milliseconds that a recording reaches back; at most 20,000 events are kept. @default 60000 */
  readonly recording?: number | undefined;
  /** Where time comes from. @default the system's clock */
  readonly clock?: Clock | undefined;
}

/** What {@link InspectOptions} may be. */
export const INSPECT_OPTIONS: OptionTable<InspectOptions> = {
  port: rules.whole(0, 65_535),
  host: rules.text,
  path: rules.text,
  allowRemote: rules.flag,
  hosts: {
    expected: 'a list of host names',
    accepts: (value) =>
      Array.isArray(value) && value.every((each) => typeof each === 'string' && each !== ''),
  },
  token: {
    expected: 'at least 16 characters of A-Z a-z 0-9 - _',
    accepts: (value) => typeof value === 'string' && /^[A-Za-z0-9_-]{16,256}$/.test(value),
    isSecret: true,
  },
  allowClose: rules.flag,
  refusedBytes: rules.whole(0, 1_024),
  always: rules.flag,
  interval: {
    expected: 'a number of milliseconds from 100 to 60000',
    accepts: (value) => typeof value === 'number' && value >= 100 && value <= 60_000,
  },
  attentionAfter: rules.milliseconds,
  recording: {
    expected: 'a number of milliseconds from 0 to 3600000',
    accepts: (value) => typeof value === 'number' && value >= 0 && value <= 3_600_000,
  },
  clock: rules.clock,
};
