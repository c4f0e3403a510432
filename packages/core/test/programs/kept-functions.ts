/** What programs keep when they load, as libraries do. */

import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import type * as Crypto from 'node:crypto';
import { mkdtempSync, statSync } from 'node:fs';
import { uptime as machineUptime } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';

const require = createRequire(import.meta.url);
const crypto: typeof Crypto = require('node:crypto');

export const kept = {
  random: Math.random,
  now: Date.now,
  Date,
  performanceNow: performance.now.bind(performance),
  hrtime: process.hrtime,
  bigint: process.hrtime.bigint,
  uptime: process.uptime,
  cpuUsage: process.cpuUsage,
  machineUptime,
  mkdtempSync,
  statSync,
  File,
  setTimeout,
  setInterval,
  setImmediate,
  pause: promisify(setTimeout),
  sleep,
  timeout: AbortSignal.timeout.bind(AbortSignal),
  randomBytes,
  randomInt,
  randomUUID,
  required: { ...crypto },
  webUUID: globalThis.crypto.randomUUID.bind(globalThis.crypto),
  values: globalThis.crypto.getRandomValues.bind(globalThis.crypto),
  format: new Intl.DateTimeFormat('en', { dateStyle: 'full', timeStyle: 'full', timeZone: 'UTC' })
    .format,
};
