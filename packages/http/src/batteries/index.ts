/**
 * What web servers bring along: files and folders, compression, event streams. Each is a function with a separate file; a program
 * that imports none of them loads none of them.
 */

export { fetchHandler } from '../adapters/fetch-handler.ts';
export { compress, type CompressOptions } from './compression/compress.ts';
export type { CodingLevels, ContentCoding } from './compression/content-coding.ts';
export { events, type EventsOptions } from './event-stream/events.ts';
export type { EventsSource } from './event-stream/event-pieces.ts';
export type { ServerSentEvent } from './event-stream/write-event.ts';
export { fileResponse, type FileResponseInit } from './file-response.ts';
export { staticFiles, type StaticFilesOptions } from './static-files.ts';
