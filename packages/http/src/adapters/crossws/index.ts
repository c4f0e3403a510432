/**
 * WebSockets by the hooks of crossws. A program that does not import this entry loads nothing of it; it needs the package `crossws`
 * for its types alone.
 */

export { crosswsAdapter } from './adapter.ts';
export type { CrosswsAdapter, CrosswsAdapterOptions } from './adapter.ts';
export type { CallbackSocketOptions } from '../socket-events/accept-socket.ts';
