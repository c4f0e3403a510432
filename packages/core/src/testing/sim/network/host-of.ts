/** Hosts as arguments: one that is not of this run, or a name, would be a fault that does nothing. */

import { invalidInput } from '../../../vocabulary/errors.ts';
import type { Fabric } from './fabric.ts';
import type { SimHost } from './types.ts';

/** The host that a call was given. @throws `InvalidInputError` when it is none of this network */
export function hostOf(fabric: Fabric, operation: string, name: string, value: unknown): SimHost {
  if (typeof value === 'object' && value !== null) {
    const found = fabric.find(String((value as Partial<SimHost>).name));
    if (found === value) return found;
  }
  throw invalidInput(operation, name, 'a host of this run', value);
}

/** Checks the two hosts of a call. @throws `InvalidInputError` */
export function checkHosts(fabric: Fabric, operation: string, a: unknown, b: unknown): void {
  hostOf(fabric, operation, 'a', a);
  hostOf(fabric, operation, 'b', b);
}

/** As {@link checkHosts}, for a call that may be given none: with one, it would concern more than was meant. */
export function checkAnyHosts(fabric: Fabric, operation: string, a: unknown, b: unknown): void {
  if (a !== undefined || b !== undefined) checkHosts(fabric, operation, a, b);
}
