/** What `lines-server` knows: values under keys, and how each command is answered. */

const MOST_KEYS = 10_000;
const values = new Map<string, string>();

/** Answers one command; `null` when it was the last one. */
export function answer(line: string): string | null {
  const [, command = '', key = '', value = ''] = /^(\S+)(?: (\S+)(?: (.+))?)?$/.exec(line) ?? [];
  switch (command) {
    case 'SET':
      if (key === '' || value === '') return 'ERROR SET takes a key and a value';
      if (values.size >= MOST_KEYS && !values.has(key)) return 'ERROR there are too many keys';
      values.set(key, value);
      return 'OK';
    case 'GET':
      return values.has(key) ? `VALUE ${values.get(key)}` : 'NONE';
    case 'DELETE':
      return values.delete(key) ? 'OK' : 'NONE';
    case 'QUIT':
      return null;
    default:
      return 'ERROR there is no such command';
  }
}
