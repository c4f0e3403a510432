/** A program that a bundler makes one file of, or several: it runs where there is no node_modules. */
import { TcpStream } from '@awaitio/core';
import { echo, HttpClient, serve } from '@awaitio/http';

const server = await serve(echo());
const stream = await TcpStream.connect(server.address);
await stream.writeAll('GET / HTTP/1.1\nHost: a\r\n\r\n');
const refusal = await stream.readLine();
await stream.close();
const client = new HttpClient();
const response = await client.post(server.url, 'bundled');
console.log(await response.text(), refusal?.slice(0, 12));
await client.close();
await server.shutdown({ grace: 1_000 });
