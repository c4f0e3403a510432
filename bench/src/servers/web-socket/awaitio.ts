/** The WebSockets of awaitio, with every limit and deadline as they are by default. */

import { serve, type Handler } from '@awaitio/http';
import { Topic, webSocket } from '@awaitio/http/websocket';
import { ready } from '../ready.ts';

const topic = new Topic();
/** Opening ten thousand takes longer than one may be silent before it is sent a ping, which the load does not answer. */
const PATIENT = { deadlines: { ping: 120_000 } };

const echo: Handler = async (request, context) => {
  const socket = await webSocket(request, context, process.argv[2] === 'idle' ? PATIENT : {});
  for await (const message of socket) await socket.send(message);
};

const broadcast: Handler = async (request, context) => {
  const socket = await webSocket(request, context);
  topic.join(socket);
  for await (const message of socket) topic.publish(message);
};

const server = await serve(process.argv[2] === 'broadcast' ? broadcast : echo);
ready(Number(new URL(server.url).port));
