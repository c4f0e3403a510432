import { describe, expect, test } from '@jest/globals';
import { callerFrames } from './call-site.ts';

const frame = (name: string, file: string): string => `    at ${name} (${file}:10:5)`;

/** The stack of a read: two frames of the package, which lie in `inner` and `outer`, then the caller's. */
const stackOf = (inner: string, outer: string, program: string): readonly string[] => [
  frame('new WaitTrace', inner),
  frame('ByteStream.readLine', outer),
  frame('serveClient', program),
  frame('process.processTicksAndRejections', 'node:internal/process/task_queues'),
  frame('main', program),
];
const callers = (program: string): readonly string[] => [
  frame('serveClient', program),
  frame('main', program),
];

describe('the frames of a caller are those outside of the package:', () => {
  test.each([
    [
      'in its sources',
      '/w/packages/core/src/waiting/call-site.ts',
      '/w/packages/core/src/streams/byte-stream.ts',
    ],
    [
      'in its modules',
      '/w/packages/core/dist/waiting/call-site.js',
      '/w/packages/core/dist/byte-stream.js',
    ],
    [
      'in its bundle',
      '/w/node_modules/@awaitio/core/dist/bundle/chunks/executor-x.js',
      '/w/node_modules/@awaitio/core/dist/bundle/index.js',
    ],
  ])('%s', (_where, inner, outer) => {
    for (const program of [
      '/w/src/main.ts',
      '/w/node_modules/@awaitio/http/dist/bundle/index.js',
    ]) {
      const stack = stackOf(inner, outer, program);
      expect(callerFrames(stack, `file://${inner}`, 'readLine')).toEqual(callers(program));
    }
  });

  test('in a folder whose name is written with an escape', () => {
    const inner = '/my work/core/dist/bundle/index.js';
    const stack = stackOf(`file:///my%20work/core/dist/bundle/index.js`, inner, '/my work/main.js');
    expect(callerFrames(stack, 'file:///my%20work/core/dist/bundle/index.js', 'readLine')).toEqual(
      callers('/my work/main.js'),
    );
  });

  test('on Windows, where a path has the other slashes', () => {
    const stack = stackOf(
      'file:///C:/w/core/dist/waiting/call-site.js',
      String.raw`C:\w\core\dist\byte-stream.js`,
      String.raw`C:\w\main.js`,
    );
    expect(callerFrames(stack, 'file:///C:/w/core/dist/waiting/call-site.js', 'readLine')).toEqual(
      callers(String.raw`C:\w\main.js`),
    );
  });

  test('and a test beside its source is a caller', () => {
    const stack = stackOf('/w/core/src/a.ts', '/w/core/src/b.ts', '/w/core/src/b.test.ts');
    expect(callerFrames(stack, 'file:///w/core/src/a.ts', 'readLine')).toEqual(
      callers('/w/core/src/b.test.ts'),
    );
  });
});

describe('the frames of a caller of @awaitio/http', () => {
  const inner = '/w/node_modules/@awaitio/core/dist/bundle/index.js';

  test.each([
    '/w/node_modules/@awaitio/http/dist/bundle/index.js',
    '/w/node_modules/.pnpm/@awaitio+http@1.0.0/node_modules/@awaitio/http/dist/bundle/index.js',
    '/w/packages/http/src/client/connection.ts',
  ])('are those outside of it, in %s', (http) => {
    const stack = [
      ...stackOf(inner, inner, http),
      ...Array.from({ length: 10 }, () => frame('async exchange', http)),
      frame('async main', '/w/main.js'),
    ];
    expect(callerFrames(stack, `file://${inner}`, 'readLine')).toEqual([
      frame('async main', '/w/main.js'),
    ]);
  });
});

test('a built-in function is no caller', () => {
  const stack = ['    at ByteStream.next (<anonymous>)', frame('main', '/app/main.js')];
  expect(callerFrames(stack, 'file:///w/core/dist/a.js')).toEqual([frame('main', '/app/main.js')]);
});

describe('in a program that bundled the package into its own file', () => {
  const bundle = '/app/out.js';

  test('the public method that was called marks where the caller begins', () => {
    expect(callerFrames(stackOf(bundle, bundle, bundle), `file://${bundle}`, 'readLine')).toEqual(
      callers(bundle),
    );
  });

  test('frames without a mark all stay', () => {
    const stack = stackOf(bundle, bundle, bundle);
    expect(callerFrames(stack, `file://${bundle}`, 'accept')).toEqual(
      stack.filter((line) => !line.includes('node:')),
    );
  });
});

test('no more than eight frames are kept', () => {
  const stack = Array.from({ length: 20 }, (_, n) => frame(`f${n}`, '/app/main.js'));
  expect(callerFrames(stack, 'file:///w/core/dist/a.js')).toHaveLength(8);
});
