/** More than any call may make in one turn of the loop. */
const MANY = 20_000;

/** Makes a call again and again until the event loop has turned; returns whether it has. */
export async function turnsIn(call: () => unknown): Promise<boolean> {
  const loop = { hasTurned: false };
  setImmediate(() => {
    loop.hasTurned = true;
  });
  for (let count = 0; count < MANY && !loop.hasTurned; count += 1) {
    await Promise.resolve(call()).catch(() => {});
  }
  return loop.hasTurned;
}
