/** The beginning of a body, for the error of a response that was not asked for. */

/** How much of a body an error holds, in bytes. */
const EXCERPT = 1_024;

/** The first bytes of a body, as UTF-8; what has come of it, when it fails. The rest is left. */
export async function excerptOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const piece of body) {
      pieces.push(piece);
      size += piece.length;
      if (size >= EXCERPT) break;
    }
  } catch {
    // The status matters.
  }
  const bytes = Buffer.concat(pieces).subarray(0, EXCERPT);
  return new TextDecoder().decode(bytes, { stream: true });
}
