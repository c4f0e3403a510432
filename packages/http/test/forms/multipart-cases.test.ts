import { describe, expect, test } from '@jest/globals';
import { bytesOf, play, type MultipartCase } from './multipart-case.ts';
import { MULTIPART_CASES } from './multipart-cases.ts';

/** Every way to cut a form in two, and into single bytes; with an empty piece before each. */
function* cuts(wire: Uint8Array): Generator<readonly Uint8Array[]> {
  yield [wire];
  const single = Array.from(wire, (_, at) => wire.subarray(at, at + 1));
  yield single;
  yield single.flatMap((byte) => [new Uint8Array(0), byte]);
  for (let at = 1; at < wire.length; at += 1) yield [wire.subarray(0, at), wire.subarray(at)];
}

describe('a form', () => {
  test('is in enough cases, each with another name', () => {
    expect(MULTIPART_CASES.length).toBeGreaterThanOrEqual(60);
    expect(new Set(MULTIPART_CASES.map(({ name }) => name)).size).toBe(MULTIPART_CASES.length);
  });

  test.each(MULTIPART_CASES.map((each) => [each.name, each] as const))(
    'with %s is the same however it is cut',
    (_name, form: MultipartCase) => {
      const expected = { parts: form.parts, end: form.end ?? 'end' };
      for (const pieces of cuts(bytesOf(form.wire))) {
        expect({ pieces: pieces.length, ...play(form, pieces) }).toEqual({
          pieces: pieces.length,
          ...expected,
        });
      }
    },
  );
});
