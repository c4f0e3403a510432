/** Which content codings a client takes, and which of them it prefers (RFC 9110 section 12.5.3). */

/** An element of the list: a coding, and its weight from 0 to 1. */
const ELEMENT =
  /^([!#$%&'*+\-.^_`|~\dA-Za-z]+)(?:[\t ]*;[\t ]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i;

/** What to send. */
export interface Negotiated<Coding extends string> {
  /** `undefined`: the content as it is. */
  readonly coding: Coding | undefined;
  /** Whether the client takes the content as it is. */
  readonly isIdentityAccepted: boolean;
}

/** A request without the field: then no coding is used, as browsers and the servers before this one have it. */
const WITHOUT_FIELD: Negotiated<never> = { coding: undefined, isIdentityAccepted: true };

/**
 * The coding to use, and whether none may be used.
 *
 * @param value - The request's `Accept-Encoding`; `null` when it has none.
 * @param offered - What is at hand, the best first: among equal weights, the first is taken.
 */
export function negotiateCoding<Coding extends string>(
  value: string | null,
  offered: readonly Coding[],
): Negotiated<Coding> {
  if (value === null) return WITHOUT_FIELD;
  const weights = new Map<string, number>();
  for (const element of value.split(',')) {
    const [, name, weight = '1'] = ELEMENT.exec(element.trim()) ?? [];
    // The names of before 1999 (section 8.4.1).
    if (name !== undefined)
      weights.set(name.toLowerCase().replace(/^x-(?=gzip$|compress$)/, ''), Number(weight));
  }
  const rest = weights.get('*') ?? 0;
  const identity = weights.get('identity') ?? (weights.has('*') && rest === 0 ? 0 : 0.001);
  let coding: Coding | undefined;
  // A coding has to be wanted at least as much as none.
  let least = identity;
  for (const candidate of offered) {
    const weight = weights.get(candidate) ?? rest;
    if (weight > least || (weight > 0 && weight === least && coding === undefined)) {
      coding = candidate;
      least = weight;
    }
  }
  return { coding, isIdentityAccepted: identity > 0 };
}

/** The coding to use, where the content is at hand without one too: one of `offered`, or `undefined` for no coding. */
export function preferredCoding<Coding extends string>(
  value: string | null,
  offered: readonly Coding[],
): Coding | undefined {
  return negotiateCoding(value, offered).coding;
}
