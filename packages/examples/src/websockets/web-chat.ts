/**
 * A chat in the browser: a page, and a WebSocket for each member. What one member writes goes to all; a member whose browser
 * takes nothing misses messages and is closed, and slows no one else down.
 *
 * Read first: `handler`, whose last two lines are the chat.
 */

import { HttpResponse, serve, type Handler } from '@awaitio/http';
import { Topic, webSocket } from '@awaitio/http/websocket';
import { interruption, readArguments, sayListening } from '../support/program.ts';
import { HTML, pageOf } from '../support/serve-here.ts';

const { host, port } = readArguments({
  command: 'example web-chat',
  role: 'listens',
});

const page = pageOf('web-chat');
const chat = new Topic();

const handler: Handler = async (request, context) => {
  if (!request.headers.has('upgrade')) {
    return HttpResponse.text(page, HTML);
  }
  // Pages of other sites have another origin than the one that this page was asked for at.
  const origins = [`http://${request.headers.get('host')}`];
  const socket = await webSocket(request, context, { origins, limits: { messageBytes: 4_096 } });
  chat.join(socket);
  for await (const message of socket) if (typeof message === 'string') chat.publish(message);
  return undefined;
};

const server = await serve(handler, { host, port, signal: interruption() });
sayListening(server.address, (address) => `http://${address} in two windows of a browser`);
