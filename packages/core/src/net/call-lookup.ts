/** Calls a resolver that a program may have given, whatever it does. */

import type { LookupAddress, LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { containResult, failureOf, type FailureSink } from '../vocabulary/callbacks.ts';
import { invalidInput } from '../vocabulary/errors.ts';

/**
 * Resolves a name to addresses.
 *
 * @returns What the resolver calls back with first; a rejection also when it throws, or returns a promise that rejects.
 */
export function callLookup(
  lookup: LookupFunction,
  host: string,
  options: LookupOptions,
): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const sink: FailureSink = { onCallbackFailure: reject };
    try {
      const returned: unknown = lookup(host, options, (error, found) => {
        if (error !== null && error !== undefined) reject(error);
        else if (isFound(found)) resolve(addressesOf(found));
        else reject(invalidInput('lookup', 'addresses', 'an address, or a list of them', found));
      });
      containResult('lookup', returned, sink);
    } catch (error) {
      reject(failureOf(error, 'lookup'));
    }
  });
}

function isFound(found: unknown): found is string | readonly LookupAddress[] {
  if (typeof found === 'string') return true;
  return (
    Array.isArray(found) &&
    found.every((entry: LookupAddress | null | undefined) => typeof entry?.address === 'string')
  );
}

function addressesOf(found: string | readonly LookupAddress[]): readonly string[] {
  return typeof found === 'string' ? [found] : found.map(({ address }) => address);
}
