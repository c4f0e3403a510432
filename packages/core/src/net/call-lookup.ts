/** Calls a resolver that a program may have given, whatever it does. */

import type { LookupAddress, LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { failureOf, isThenable } from '../vocabulary/callbacks.ts';
import { invalidInput } from '../vocabulary/errors.ts';

/**
 * Resolves a name to addresses.
 *
 * @returns What the resolver calls back with first; a rejection also when it throws, returns a promise that rejects, or returns
 * its answer, as `dns.promises.lookup` does: it would never call back.
 */
export function callLookup(
  lookup: LookupFunction,
  host: string,
  options: LookupOptions,
): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const refuseAnswer = (returned: unknown): void => {
      if (isAnswer(returned)) reject(invalidInput('lookup', 'lookup', CALLING_BACK, returned));
    };
    try {
      const returned: unknown = lookup(host, options, (error, found) => {
        if (error !== null && error !== undefined) {
          reject(error);
          return;
        }
        try {
          resolve(addressesOf(found));
        } catch (failure) {
          // An error that is thrown here would end in the resolver, or unhandled.
          reject(failureOf(failure, 'lookup'));
        }
      });
      refuseAnswer(returned);
      if (!isThenable(returned)) return;
      const settled = new Promise((settle) => {
        settle(returned);
      });
      settled.then(refuseAnswer).then(undefined, (reason: unknown) => {
        reject(failureOf(reason, 'lookup'));
      });
    } catch (error) {
      reject(failureOf(error, 'lookup'));
    }
  });
}

const CALLING_BACK = 'a function that calls back with its answer, as `dns.lookup` does';

/** Whether it can only be meant as an answer; `dns.lookup` returns an object, too, which is none. */
function isAnswer(returned: unknown): boolean {
  if (isFound(returned)) return true;
  if (typeof returned !== 'object' || returned === null || isThenable(returned)) return false;
  return typeof (returned as { readonly address?: unknown }).address === 'string';
}

function isFound(found: unknown): found is string | readonly LookupAddress[] {
  if (typeof found === 'string') return true;
  return (
    Array.isArray(found) &&
    found.every((entry: LookupAddress | null | undefined) => typeof entry?.address === 'string')
  );
}

/** @throws `InvalidInputError` for what is no answer. */
function addressesOf(found: unknown): readonly string[] {
  if (!isFound(found)) {
    throw invalidInput('lookup', 'addresses', 'an address, or a list of them', found);
  }
  return typeof found === 'string' ? [found] : found.map(({ address }) => address);
}
