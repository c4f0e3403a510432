import { expect, test } from '@jest/globals';
import { ForwardedBody } from './forwarded-body.ts';

test('a forwarded body that is text yields its pieces as bytes', async () => {
  const pieces: Uint8Array[] = [];
  for await (const piece of ForwardedBody.ofLatin1('na\xc3\xafve')) pieces.push(piece);
  expect(Buffer.concat(pieces).toString()).toBe('naïve');
});
