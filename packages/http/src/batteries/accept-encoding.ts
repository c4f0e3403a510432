/** Which content coding a client prefers (RFC 9110 section 12.5.3). */

/** An element of the list: a coding, and its weight from 0 to 1. */
const ELEMENT =
  /^([!#$%&'*+\-.^_`|~\dA-Za-z]+)(?:[\t ]*;[\t ]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i;

/**
 * The coding to use.
 *
 * @param value - The request's `Accept-Encoding`; `undefined` when it has none: then no coding is used, as browsers and the
 * servers before this one have it.
 * @param offered - What is at hand, the best first: among equal weights, the first is taken.
 * @returns One of `offered`, or `undefined` for the content as it is.
 */
export function preferredCoding<Coding extends string>(
  value: string | undefined,
  offered: readonly Coding[],
): Coding | undefined {
  if (value === undefined) return undefined;
  const weights = new Map<string, number>();
  for (const element of value.split(',')) {
    const [, name, weight = '1'] = ELEMENT.exec(element.trim()) ?? [];
    // The names of before 1999 (section 8.4.1).
    if (name !== undefined)
      weights.set(name.toLowerCase().replace(/^x-(?=gzip$|compress$)/, ''), Number(weight));
  }
  const rest = weights.get('*') ?? 0;
  const identity = weights.get('identity') ?? (weights.has('*') && rest === 0 ? 0 : 0.001);
  let best: Coding | undefined;
  // A coding has to be wanted at least as much as none.
  let least = identity;
  for (const coding of offered) {
    const weight = weights.get(coding) ?? rest;
    if (weight > least || (weight > 0 && weight === least && best === undefined)) {
      best = coding;
      least = weight;
    }
  }
  return best;
}
