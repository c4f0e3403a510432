/** The failure of a call on a host that is down. */

import { BrokenError } from '../../../vocabulary/errors.ts';

/** The error of a call on a host that has crashed. */
export function hostCrashed(operation: string, host: string): BrokenError {
  return new BrokenError(`${operation}: the host ${host} crashed`, {
    code: 'ERR_HOST_CRASHED',
    operation,
  });
}
