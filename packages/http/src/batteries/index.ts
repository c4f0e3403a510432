/**
 * What web servers bring along: files and folders, compression, event streams, forms, cookies, and wrappers around handlers.
 * Each is a function in a separate file; a program that imports none of them loads none of them.
 */

export { fetchHandler } from '../adapters/fetch-handler.ts';
export { compress, type CompressOptions } from './compression/compress.ts';
export type { CodingLevels, ContentCoding } from './compression/content-coding.ts';
export { events, type EventsOptions } from './event-stream/events.ts';
export type { EventsSource } from './event-stream/event-pieces.ts';
export type { ServerSentEvent } from './event-stream/write-event.ts';
export { fileResponse, type FileResponseInit } from './file-response.ts';
export { staticFiles, type StaticFilesOptions } from './static-files.ts';
export { formData } from '../forms/form-data.ts';
export { metrics, type MetricsOptions } from '../metrics/metrics.ts';
export type {
  ClientSource,
  ExecutorSource,
  ListenerSource,
  ServerSource,
} from '../metrics/sources.ts';
export { showInDevTools, type ShowInDevToolsOptions } from '../devtools/show.ts';
export { multipart, type MultipartOptions } from '../forms/multipart.ts';
export { MultipartError, type MultipartErrorCode } from '../forms/multipart-error.ts';
export { DEFAULT_MULTIPART_LIMITS, type MultipartLimits } from '../forms/multipart-limits.ts';
export { MultipartPart } from '../forms/part.ts';
export { CookieSigner, type CookieSignerOptions } from './cookies/cookie-signer.ts';
export { parseCookies } from './cookies/parse-cookies.ts';
export { clearCookie, setCookie, type CookieOptions } from './cookies/set-cookie.ts';
export { basicAuth, basicAuthUser, type BasicAuthOptions } from './wrappers/basic-auth.ts';
export { cors, type CorsOptions } from './wrappers/cors.ts';
export type { DelayMonitor } from './wrappers/event-loop-delay.ts';
export { loadShedding, type LoadSheddingOptions } from './wrappers/load-shedding.ts';
export { rateLimit, type RateLimitOptions } from './wrappers/rate-limit.ts';
export { requestId, requestIdOf, type RequestIdOptions } from './wrappers/request-id.ts';
export { serverTiming, timing, type ServerTimingOptions } from './wrappers/server-timing.ts';
