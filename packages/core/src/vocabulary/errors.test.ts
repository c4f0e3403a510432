import { describe, expect, test } from '@jest/globals';
import {
  AddressError,
  BrokenError,
  BusyError,
  ClosedError,
  FrameError,
  invalidInput,
  InvalidInputError,
  IoError,
  LimitError,
  TimeoutError,
  UnexpectedEofError,
} from './errors.ts';

const options = { code: 'ECODE', operation: 'read' };

describe('an error', () => {
  test.each([
    ['IoError', new IoError('what happened', options)],
    ['ClosedError', new ClosedError('what happened', options)],
    ['BrokenError', new BrokenError('what happened', options)],
    ['BusyError', new BusyError('what happened', options)],
    ['UnexpectedEofError', new UnexpectedEofError('what happened', options)],
    ['FrameError', new FrameError('what happened', options)],
    ['AddressError', new AddressError('what happened', options)],
    [
      'LimitError',
      new LimitError('what happened', { ...options, limitName: 'maxPending', limit: 3 }),
    ],
  ])('%s is an IoError with a name, a code and the call that failed', (name, error) => {
    expect(error).toBeInstanceOf(IoError);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name, code: 'ECODE', operation: 'read' });
    expect(String(error)).toBe(`${name}: what happened`);
    expect(error.stack).toContain('errors.test.ts');
  });

  test('keeps the foreign error as its cause, and has no cause without one', () => {
    const foreign = new Error('ECONNRESET');
    expect(new BrokenError('reset', { ...options, cause: foreign }).cause).toBe(foreign);
    expect('cause' in new BrokenError('reset', options)).toBe(false);
  });

  test('of a timeout says what did not finish within which time', () => {
    const error = new TimeoutError('read', 250);
    expect(error.message).toBe('read did not finish within 250 ms');
    expect(error).toMatchObject({ code: 'ETIMEDOUT', operation: 'read', timeout: 250 });
  });

  test('of a limit tells the name and the value of the limit', () => {
    const error = new LimitError('full', { ...options, limitName: 'maxPending', limit: 3 });
    expect(error).toMatchObject({ limitName: 'maxPending', limit: 3 });
  });
});

describe('a wrong argument', () => {
  test.each<[unknown, string]>([
    [undefined, 'undefined'],
    [null, 'null'],
    ['a "word"', String.raw`"a \"word\"" (string)`],
    ['x'.repeat(100), `"${'x'.repeat(64)}" (string)`],
    [1.5, '1.5 (number)'],
    [Number.NaN, 'NaN (number)'],
    [3n, '3 (bigint)'],
    [true, 'true (boolean)'],
    [{ secret: 'abc' }, 'an object (Object)'],
    [[1, 2], 'an object (Array)'],
    [Object.create(null), 'an object (Object)'],
    [() => {}, 'a function'],
    [Symbol('s'), 'a symbol'],
  ])('is described without dumping what it holds: %p', (got, described) => {
    const error = invalidInput('read', 'count', 'a number', got);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.message).toBe(`read: expected \`count\` to be a number, got ${described}`);
    expect(error).toMatchObject({ code: 'ERR_INVALID_INPUT', operation: 'read' });
  });

  test('that is a promise is described with what was probably forgotten', () => {
    expect(invalidInput('lines', 'stream', 'a stream', Promise.resolve()).message).toBe(
      'lines: expected `stream` to be a stream, got an object (Promise): an `await` may be missing',
    );
    expect(invalidInput('spawn', 'run', 'a function', Promise.resolve()).message).toBe(
      'spawn: expected `run` to be a function, got an object (Promise): pass the function, and do not call it',
    );
  });
});
