import { expect, test } from '@jest/globals';
import { ForwardedBody } from './forwarded-body.ts';

test('a forwarded body that is text yields its pieces as bytes', async () => {
  const pieces: Uint8Array[] = [];
  for await (const piece of ForwardedBody.ofLatin1('na\xc3\xafve')) pieces.push(piece);
  expect(Buffer.concat(pieces).toString()).toBe('naïve');
});

test('a forwarded body that was received as a whole gives its pieces at once', async () => {
  const prefix = Buffer.from('echo: ');
  const forwarded = ForwardedBody.ofBytes(prefix, Buffer.from('body'));
  expect(forwarded.received?.map((piece) => Buffer.from(piece).toString())).toEqual([
    'echo: ',
    'body',
  ]);
  // The prefix is the handler's: what is sent is given away.
  expect(forwarded.received?.[0]?.buffer).not.toBe(prefix.buffer);
  const pieces: Uint8Array[] = [];
  for await (const piece of forwarded) pieces.push(piece);
  expect(Buffer.concat(pieces).toString()).toBe('echo: body');
  expect(ForwardedBody.ofLatin1('text').received).toBeUndefined();
});
