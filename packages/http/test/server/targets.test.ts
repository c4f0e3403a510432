/** What a handler sees of the target of a request, in each of its forms. */
import { expect, test } from '@jest/globals';
import { HttpResponse } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';

test.each([
  ['/a/b?c=/d', '/a/b', '/d'],
  ['/?c=http://e/d', '/', 'http://e/d'],
  ['http://a/b?c=/d', '/b', '/d'],
  ['http://a/?c=/d', '/', '/d'],
  // A proxy in front finds the same path: `/`, and no other one in the query.
  ['http://a?c=/d', '/', '/d'],
  ['http://a:80?/admin', '/', null],
  ['http://[::1]?c=/d', '/', '/d'],
  ['http://a', '/', null],
  ['http://a//b', '//b', null],
])('the path of %s is %s, and its query gives %j', (target, path, query) =>
  simulated(async (world) => {
    await world.serve((request) => HttpResponse.json([request.path, request.query().get('c')]));
    const wire = await world.connect();
    await wire.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(JSON.parse((await wire.response()).body)).toEqual([path, query]);
  }),
);
