/** How a server of the bench says that it listens, and, where it is asked, how much memory it uses. */

/** One line with the port. */
export function ready(port: number): void {
  // What asks is there on Node only; an import of it would cost every start a file.
  if (process.env['BENCH_MEMORY'] === '1') void import('./tell-memory.ts');
  console.log(`ready ${port}`);
}
