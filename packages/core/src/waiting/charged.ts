/** Paying from the budget around a call that has no object yet, such as `connect` and `bind`. */

import { rules } from '../vocabulary/check.ts';
import type { Clock } from '../vocabulary/clock.ts';
import { budgetOf } from './budget.ts';
import { ambientClock } from './system-clock.ts';

/**
 * Makes a call, and spends one unit when it has settled, either way.
 *
 * @param options - The options of the call, not checked yet: a usable `clock` of them is the one whose budget pays.
 */
export async function charged<T>(options: unknown, call: () => Promise<T> | T): Promise<T> {
  try {
    return await call();
  } finally {
    const refill = budgetOf(clockOf(options)).spend();
    if (refill !== undefined) await refill;
  }
}

function clockOf(options: unknown): Clock {
  if (typeof options !== 'object' || options === null) return ambientClock();
  const { clock } = options as { readonly clock?: unknown };
  return clock !== undefined && rules.clock.accepts(clock) ? (clock as Clock) : ambientClock();
}
