/** `SO_REUSEPORT`, which Node knows since 22.12: older versions take the option and do nothing. */

import { AddressError } from '../../vocabulary/errors.ts';

const [MAJOR = 0, MINOR = 0] = process.versions.node.split('.').map(Number);
const isKnown = MAJOR > 22 || (MAJOR === 22 && MINOR >= 12);

/**
 * The part of a socket's options that asks for a shared port.
 *
 * @throws `AddressError` (`ENOTSUP`) when it is asked for and this Node cannot.
 */
export function reusePortOptions(reusePort: boolean | undefined): { reusePort?: true } {
  if (reusePort !== true) return {};
  if (isKnown) return { reusePort: true };
  throw new AddressError('bind: `reusePort` needs Node 22.12 or later', {
    code: 'ENOTSUP',
    operation: 'bind',
  });
}
