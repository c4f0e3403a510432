/** A client that asks once, and does nothing to end: an idle connection, kept for good, must not keep the process. */
import { HttpClient } from '@awaitio/http';

const client = new HttpClient({ deadlines: { idle: Infinity } });
const response = await client.get(process.argv[2]);
console.log(response.status, await response.text());
const loaded = process.moduleLoadList.map((name) => name.replace('NativeModule ', ''));
console.log(
  ['zlib', 'http', 'https'].filter((name) => loaded.includes(name)).join() || 'nothing more',
);
