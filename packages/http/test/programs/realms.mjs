/** Bytes and signals of another realm, as a test environment or a `vm` context makes them. Prints what came of each use. */
import { memoryPair, TcpListener, TcpStream, UdpSocket } from '@awaitio/core';
import { HttpClient, HttpResponse, serve } from '@awaitio/http';
import { createContext, runInContext } from 'node:vm';

const foreign = (code) => runInContext(code, createContext({}));
const bytes = () => foreign('Uint8Array.of(104, 105)');

async function say(name, use) {
  try {
    console.log(`${name}: ${await use()}`);
  } catch (error) {
    console.log(`${name}: ${error?.name} ${error?.message}`);
  }
}

const text = (chunk) => Buffer.from(chunk).toString('latin1');

await say('write', async () => {
  const [near, far] = memoryPair();
  await near.writeAll(bytes());
  await near.close();
  return text(await far.readChunk());
});
await say('tryWrite', async () => {
  const [near, far] = memoryPair();
  near.tryWrite(bytes());
  await near.close();
  return text(await far.readChunk());
});
await say('writev', async () => {
  const [near, far] = memoryPair();
  await near.writev([bytes()]);
  await near.close();
  return text(await far.readChunk());
});
await say('read', async () => {
  const [near, far] = memoryPair();
  const buffer = bytes();
  await near.writeAll('ok');
  await far.read(buffer);
  return text(buffer);
});
await say('socket', async () => {
  const listener = await TcpListener.bind('127.0.0.1:0');
  const client = await TcpStream.connect(listener.localAddress);
  const server = await listener.accept();
  await client.writeAll(bytes());
  await client.close();
  const got = text(await server.readChunk());
  await server.close();
  await listener.close();
  return got;
});
await say('datagram', async () => {
  const socket = await UdpSocket.bind('127.0.0.1:0');
  await socket.sendTo(bytes(), socket.localAddress);
  const { data } = await socket.recvFrom();
  await socket.close();
  return text(data);
});
await say('response', async () => {
  const server = await serve(() => HttpResponse.bytes(bytes()), {
    onError: (e) => console.log(e.message),
  });
  const client = new HttpClient();
  const response = await client.get(server.url);
  const got = await response.text();
  await client.close();
  await server.shutdown();
  return got;
});
await say('request', async () => {
  const server = await serve(async (request) => HttpResponse.text(await request.text()));
  const client = new HttpClient();
  const response = await client.post(server.url, bytes());
  const got = await response.text();
  await client.close();
  await server.shutdown();
  return got;
});
process.exit();
