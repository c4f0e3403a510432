/** `SO_REUSEPORT`, which Node supports since 22.12: older versions ignore the option. */

import { AddressError } from '../../vocabulary/errors.ts';

const [MAJOR = 0, MINOR = 0] = process.versions.node.split('.').map(Number);
const isKnown = MAJOR > 22 || (MAJOR === 22 && MINOR >= 12);

/**
 * The socket options for a shared port.
 *
 * @throws `AddressError` (`ENOTSUP`) when this version of Node does not support it.
 */
export function reusePortOptions(reusePort: boolean | undefined): { reusePort?: true } {
  if (reusePort !== true) return {};
  if (isKnown) return { reusePort: true };
  throw new AddressError('bind: `reusePort` needs Node 22.12 or later', {
    code: 'ENOTSUP',
    operation: 'bind',
  });
}
