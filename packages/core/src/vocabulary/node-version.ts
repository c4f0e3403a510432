/** The oldest Node that the packages run on, as their `engines` say. */
const OLDEST = [20, 19] as const;

/**
 * Checks the version of Node; Bun and Deno report the one that they stand in for.
 *
 * @param version - `process.versions.node`.
 * @throws Error that says in one sentence what is needed: older versions would fail later, and elsewhere.
 */
export function checkNode(version: string | undefined): void {
  const [major = 0, minor = 0] = (version ?? '').split('.').map(Number);
  if (version === undefined || major > OLDEST[0]) return;
  if (major === OLDEST[0] && minor >= OLDEST[1]) return;
  throw new Error(`awaitio needs Node.js ${OLDEST.join('.')} or later, and this is ${version}.`);
}
