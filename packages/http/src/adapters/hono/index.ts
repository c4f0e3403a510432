/**
 * WebSockets in applications of Hono. A program that does not import this entry loads nothing of it; it needs the package `hono`.
 */

export { upgradeWebSocket } from './upgrade-web-socket.ts';
export type { CallbackSocketOptions } from '../socket-events/accept-socket.ts';
