/**
 * The cost that parsing the first request triggers in the second after it: processor time of the process, all threads, in
 * milliseconds; the additional memory, at its peak and at the end. The process itself does nothing
 * in that second: the cost is that of V8 optimizing llhttp.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { HttpConnection } from '@awaitio/http';
import { forgetPeakOf, peakMemoryOf, usageOf } from '../process/usage.ts';

const MEBIBYTE = 2 ** 20;
const { pid } = process;

const connection = new HttpConnection('server');
forgetPeakOf(pid);
const { memory } = usageOf(pid);
connection.receive(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', 'latin1'));
connection.nextEvent();
const before = process.cpuUsage();
await sleep(1_000);
const { user, system } = process.cpuUsage(before);
console.log(
  JSON.stringify({
    milliseconds: (user + system) / 1_000,
    'peak MiB': (peakMemoryOf(pid) - memory) / MEBIBYTE,
    'kept MiB': (usageOf(pid).memory - memory) / MEBIBYTE,
  }),
);
