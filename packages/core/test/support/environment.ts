/** Numbers that the environment may change, for longer runs. */

/**
 * @param name - A variable whose value is a whole number from 1.
 * @throws Error for any other value, which would otherwise mean no run at all.
 */
export function countFromEnvironment(name: string, standard: number): number {
  const text = process.env[name];
  if (text === undefined) return standard;
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1) {
    throw new Error(`expected ${name} to be a whole number from 1, got ${JSON.stringify(text)}`);
  }
  return count;
}
