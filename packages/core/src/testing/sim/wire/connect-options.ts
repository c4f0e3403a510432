/** Options of connecting on a simulated network. */

import { STREAM_OPTIONS, type StreamOptions } from '../../../streams/byte-stream.ts';
import { rules, type OptionTable } from '../../../vocabulary/check.ts';
import { WAIT_OPTIONS, type WaitOptions } from '../../../waiting/waiter.ts';

/** Options of {@link SimHost.connect}; those that only sockets have are accepted and ignored. */
export interface SimConnectOptions extends WaitOptions, StreamOptions {
  /** Ignored, so that options of TCP fit. */
  readonly noDelay?: boolean | undefined;
  readonly keepAlive?: boolean | number | undefined;
}

/** What {@link SimConnectOptions} may be. */
export const SIM_CONNECT_OPTIONS: OptionTable<SimConnectOptions> = {
  ...WAIT_OPTIONS,
  ...STREAM_OPTIONS,
  noDelay: rules.any,
  keepAlive: rules.any,
};
