/** How a server of the bench says that it listens: one line with its port. */
export function ready(port: number): void {
  console.log(`ready ${port}`);
}
