/**
 * What parsing the first request sets off: the processor time of the process, all threads, in the second after it, in
 * milliseconds. The program itself does nothing in that second; what is counted is V8 optimizing llhttp.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { HttpConnection } from '@awaitio/http';

const connection = new HttpConnection('server');
connection.receive(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', 'latin1'));
connection.nextEvent();
const before = process.cpuUsage();
await sleep(1_000);
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ milliseconds: (user + system) / 1_000 }));
