/** Warms up, repeats `work` for `seconds`, and prints the nanoseconds per piece. */
export async function measure(
  seconds: number,
  pieces: number,
  work: () => void | Promise<void>,
): Promise<void> {
  await repeat(seconds / 3, work);
  const { elapsed, times } = await repeat(seconds, work);
  console.log(JSON.stringify({ nanoseconds: (elapsed * 1e6) / (times * pieces) }));
}

async function repeat(
  seconds: number,
  work: () => void | Promise<void>,
): Promise<{ elapsed: number; times: number }> {
  const start = performance.now();
  for (let times = 1; ; times += 1) {
    await work();
    const elapsed = performance.now() - start;
    if (elapsed >= seconds * 1_000) return { elapsed, times };
  }
}
