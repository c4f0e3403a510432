import { describe, expect, test } from '@jest/globals';
import { Roster } from './roster.ts';

describe('a roster', () => {
  test('shows its members, oldest first, each with a number', () => {
    const roster = new Roster<string>();
    const members = ['a', 'b', 'c'].map((name) => ({ name }));
    for (const member of members) roster.add(member, ({ name }, id) => `${id} ${name}`);
    expect([...roster]).toEqual(['1 a', '2 b', '3 c']);
    expect(members).toHaveLength(3);
  });

  test('keeps no member alive', async () => {
    const roster = new Roster<object>();
    const addMany = (): void => {
      for (let count = 0; count < 1_000; count += 1) {
        roster.add({ text: 'x'.repeat(1_000) }, (member) => member);
      }
    };
    addMany();
    const { setFlagsFromString } = await import('node:v8');
    const { runInNewContext } = await import('node:vm');
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    // What a weak reference was made for in this turn is kept until its end.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    await new Promise((resolve) => setImmediate(resolve));
    expect([...roster]).toHaveLength(0);
  });
});
