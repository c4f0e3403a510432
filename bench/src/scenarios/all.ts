/** Every scenario, in the order in which they run. */

import { file, gzip } from './batteries.ts';
import { client, clientTls } from './client.ts';
import {
  browser,
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
import { burst, cold } from './http-bursts.ts';
import { idle } from './idle.ts';
import { latency50, latency80 } from './latency.ts';
import { channelMessage, parserBrowser, parserSmall, spawnTask } from './micro.ts';
import type { Scenario } from './scenario.ts';
import { start } from './start.ts';
import { stream } from './stream.ts';
import { tcpEcho } from './tcp.ts';
import { webSocketBroadcast, webSocketEcho, webSocketIdle, webSocketLarge } from './web-socket.ts';

export const scenarios: readonly Scenario[] = [
  varied,
  echoPost,
  browser,
  pipelined,
  get,
  large,
  stream,
  json,
  file,
  gzip,
  tcpEcho,
  webSocketEcho,
  webSocketBroadcast,
  webSocketLarge,
  webSocketIdle,
  client,
  clientTls,
  idle,
  churn,
  burst,
  cold,
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
