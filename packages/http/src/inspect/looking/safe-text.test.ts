import { describe, expect, test } from '@jest/globals';
import { pathOf, printable, routeOf } from './safe-text.ts';

describe('the path of a target', () => {
  test.each([
    ['/', '/'],
    ['/a/b', '/a/b'],
    ['/a?token=secret', '/a'],
    ['/a#secret', '/a'],
    ['/?secret', '/'],
    ['?secret', '/'],
    ['http://name:secret@host/a?secret', '/a'],
    ['http://host?secret', '/'],
    ['name:secret@host:443', 'host:443'],
    ['*', '*'],
    ['/a\u001B[2Jb', '/a?[2Jb'],
  ])('of %j is %j', (target, path) => {
    expect(pathOf(target)).toBe(path);
  });

  test('is short', () => {
    expect(pathOf(`/${'a'.repeat(10_000)}`)).toHaveLength(123);
    expect(printable('b'.repeat(120))).toHaveLength(120);
  });
});

describe('the route of a path', () => {
  test.each([
    ['/users/17/posts', '/users/:id/posts'],
    ['/users/018f3e2a-5b7c-7def-8123-456789abcdef', '/users/:id'],
    ['/objects/0a1b2c3d4e5f', '/objects/:id'],
    ['/reset/eyJhbGciOiJIUzI1NiJ9eyJz', '/reset/:id'],
    ['/api/v2/health', '/api/v2/health'],
    ['/assets/main.0a1b2c3d4e5f6789.js', '/assets/main.0a1b2c3d4e5f6789.js'],
    ['/facade/decade', '/facade/decade'],
  ])('of %s is %s', (path, route) => {
    expect(routeOf(path)).toBe(route);
  });
});
