/**
 * OpenTelemetry: spans and metrics of servers and clients, by the semantic conventions for HTTP. Needs `@opentelemetry/api`, which a
 * program that uses OpenTelemetry has.
 */

export { instrument, type InstrumentOptions } from './instrument.ts';
