/** Every scenario, in the order in which they run. */

import { file, gzip } from './batteries.ts';
import { client, clientTls } from './client.ts';
import {
  churn,
  echoPost,
  get,
  json,
  large,
  pipelined,
  tls,
  tlsHandshake,
  varied,
} from './http-loads.ts';
import { idle } from './idle.ts';
import { latency50, latency80 } from './latency.ts';
import { channelMessage, parserBrowser, parserSmall, spawnTask } from './micro.ts';
import type { Scenario } from './scenario.ts';
import { start } from './start.ts';
import { stream } from './stream.ts';
import { tcpEcho } from './tcp.ts';

export const scenarios: readonly Scenario[] = [
  echoPost,
  varied,
  pipelined,
  get,
  large,
  stream,
  json,
  file,
  gzip,
  tcpEcho,
  client,
  clientTls,
  idle,
  churn,
  tls,
  tlsHandshake,
  latency50,
  latency80,
  spawnTask,
  channelMessage,
  parserSmall,
  parserBrowser,
  start,
];
