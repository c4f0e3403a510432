/**
 * A chat in the browser: a page, and a WebSocket for each member. What one member writes goes to all; a member whose browser
 * takes nothing misses messages and is closed, and slows no one else down.
 *
 * Read first: `handler`, whose last two lines are the chat.
 */

import { HttpResponse, serve, type Handler } from '@awaitio/http';
import { Topic, webSocket } from '@awaitio/http/websocket';
import { interruption, readArguments, sayListening } from './support/program.ts';

const PAGE = `<!doctype html>
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Chat</title>
<style>body{font:1rem sans-serif;max-width:40rem;margin:auto;padding:1rem}input{font:inherit;width:100%;box-sizing:border-box}li{overflow-wrap:anywhere}</style>
<h1>Chat</h1><form><input autofocus maxlength="500" aria-label="Message"></form><ol></ol>
<script>
const list = document.querySelector('ol'), field = document.querySelector('input');
const show = (text) => { const item = document.createElement('li'); item.textContent = text; list.append(item); };
let socket, pause = 500;
const join = () => {
  socket = new WebSocket(location.href.replace('http', 'ws'));
  socket.onopen = () => { pause = 500; show('You are in.'); };
  socket.onmessage = ({ data }) => show(data);
  socket.onclose = () => { setTimeout(join, pause); pause = Math.min(pause * 2, 10000); };
};
join();
document.querySelector('form').onsubmit = (event) => {
  event.preventDefault();
  if (socket.readyState === 1 && field.value !== '') { socket.send(field.value); field.value = ''; }
};
</script>`;

const { host, port } = readArguments({
  command: 'example web-chat',
  role: 'listens',
});

const chat = new Topic();

const handler: Handler = async (request, context) => {
  if (!request.headers.has('upgrade')) {
    return HttpResponse.text(PAGE, { headers: { 'Content-Type': 'text/html; charset=utf-8' } });
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
