import { describe, expect, test } from '@jest/globals';
import { readExtensions, writeExtension } from './extensions.ts';

describe('Sec-WebSocket-Extensions', () => {
  test.each([
    [['foo'], ['foo']],
    [['foo, bar;baz=2'], ['foo', 'bar; baz=2']],
    [
      ['a; b', ' c ;d = "e" ; f'],
      ['a; b', 'c; d=e; f'],
    ],
    [['a; b="1\\5"'], ['a; b=15']],
    [[', a ,,\tb,'], ['a', 'b']],
    [['a; b; b=1; B'], ['a; b; b=1; B']],
  ])('of %j is read', (lines, expected) => {
    expect(readExtensions(lines)?.map((each) => writeExtension(each))).toEqual(expected);
  });

  test.each([
    [''],
    [','],
    ['a b'],
    ['a;'],
    ['a;;b'],
    ['a; =1'],
    ['a; b='],
    ['a; b=""'],
    ['a; b="1 5"'],
    ['a; b="15'],
    ['a; b=15"'],
    ['a; b="1"5'],
    ['a; b="\\"'],
    ['a; b="1,2"'],
    ['a; b="1;2"'],
    ['a=b'],
    ['a\u00e4'],
    ['a; b=\u00e4'],
    ['a; b=1=2'],
    ['a\v'],
    ['a, b c'],
  ])('of %j is malformed', (line) => {
    expect(readExtensions([line])).toBeUndefined();
    expect(readExtensions(['good', line.replace(/^,?$/, ';')])).toBeUndefined();
  });

  test('of many blanks and quotes takes no longer than they are long', () => {
    const long = 50_000;
    expect(readExtensions([`a; b="${'\\a'.repeat(long)}`])).toBeUndefined();
    expect(readExtensions([`a${' '.repeat(long)}b`])).toBeUndefined();
    expect(readExtensions(['a;'.repeat(long)])).toBeUndefined();
  });
});
