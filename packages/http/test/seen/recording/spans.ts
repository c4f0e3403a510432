/** A tracer provider that keeps its spans in memory. It has no timers and no chance: a simulation refuses both. */
import {
  context as contexts,
  isSpanContextValid,
  SpanKind,
  SpanStatusCode,
  trace as traces,
  TraceFlags,
  type Attributes,
  type AttributeValue,
  type Context,
  type Exception,
  type Link,
  type Span,
  type SpanContext,
  type SpanOptions,
  type SpanStatus,
  type TimeInput,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api';
import { isAttributeValue } from './values.ts';

interface SpanEvent {
  readonly name: string;
  readonly attributes: Attributes;
}

/** What a span is made with. */
interface Beginning {
  readonly name: string;
  readonly kind: SpanKind;
  readonly context: SpanContext;
  readonly parent: SpanContext | undefined;
  readonly log: SpanLog;
}

/** What a provider has seen. */
export class SpanLog {
  readonly ended: RecordedSpan[] = [];
  /** Calls that the specification does not allow: an SDK ignores them, so that a test would not see them. */
  readonly misuses: string[] = [];
}

export class RecordedSpan implements Span {
  readonly kind: SpanKind;
  readonly attributes: Record<string, AttributeValue> = {};
  readonly events: SpanEvent[] = [];
  readonly links: Link[] = [];
  readonly parentSpanContext: SpanContext | undefined;
  readonly #context: SpanContext;
  readonly #log: SpanLog;
  #name: string;
  #status: SpanStatus = { code: SpanStatusCode.UNSET };
  #hasEnded = false;

  constructor({ name, kind, context, parent, log }: Beginning) {
    this.#name = name;
    this.kind = kind;
    this.#context = context;
    this.parentSpanContext = parent;
    this.#log = log;
  }

  get name(): string {
    return this.#name;
  }

  get status(): SpanStatus {
    return this.#status;
  }

  get ended(): boolean {
    return this.#hasEnded;
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  isRecording(): boolean {
    return !this.#hasEnded;
  }

  setAttribute(key: string, value: AttributeValue): this {
    if (!this.#isOpen(`setAttribute ${key}`)) return this;
    if (isAttributeValue(value)) this.attributes[key] = value;
    else this.#log.misuses.push(`${this.#name}: the attribute ${key} is ${String(value)}`);
    return this;
  }

  setAttributes(attributes: Attributes): this {
    for (const [key, value] of Object.entries(attributes)) {
      this.setAttribute(key, value as AttributeValue);
    }
    return this;
  }

  addEvent(name: string, attributes: Attributes | TimeInput = {}): this {
    if (!this.#isOpen(`addEvent ${name}`)) return this;
    const isTime = typeof attributes === 'number' || attributes instanceof Date;
    const shown = isTime || Array.isArray(attributes) ? {} : { ...attributes };
    this.events.push({ name, attributes: shown });
    return this;
  }

  addLink(link: Link): this {
    if (this.#isOpen('addLink')) this.links.push(link);
    return this;
  }

  addLinks(links: Link[]): this {
    for (const link of links) this.addLink(link);
    return this;
  }

  /** `OK` is final, and only an error has a message (Trace API, section "Set Status"). */
  setStatus({ code, message }: SpanStatus): this {
    if (!this.#isOpen('setStatus') || this.#status.code === SpanStatusCode.OK) return this;
    const hasMessage = code === SpanStatusCode.ERROR && message !== undefined;
    this.#status = hasMessage ? { code, message } : { code };
    return this;
  }

  updateName(name: string): this {
    if (this.#isOpen('updateName')) this.#name = name;
    return this;
  }

  recordException(exception: Exception): void {
    const { name, message, stack }: { name?: string; message?: string; stack?: string } =
      typeof exception === 'string' ? { message: exception } : exception;
    this.addEvent('exception', {
      'exception.type': name,
      'exception.message': message,
      'exception.stacktrace': stack,
    });
  }

  end(): void {
    if (!this.#isOpen('end')) return;
    this.#hasEnded = true;
    this.#log.ended.push(this);
  }

  #isOpen(call: string): boolean {
    if (this.#hasEnded) this.#log.misuses.push(`${this.#name}: ${call} after its end`);
    return !this.#hasEnded;
  }
}

/** Of all providers, as ids of different ones must differ too. */
let ids = 0;

function nextId(digits: number): string {
  ids += 1;
  return ids.toString(16).padStart(digits, '0');
}

class RecordingTracer implements Tracer {
  readonly #log: SpanLog;

  constructor(log: SpanLog) {
    this.#log = log;
  }

  startSpan(name: string, options: SpanOptions = {}, context = contexts.active()): Span {
    const above = options.root === true ? undefined : traces.getSpanContext(context);
    const parent = above !== undefined && isSpanContextValid(above) ? above : undefined;
    const own: SpanContext = {
      traceId: parent?.traceId ?? nextId(32),
      spanId: nextId(16),
      // A span is recorded when its parent is, as by the default sampler of the SDKs.
      traceFlags: (parent?.traceFlags ?? TraceFlags.SAMPLED) & TraceFlags.SAMPLED,
      ...(parent?.traceState === undefined ? {} : { traceState: parent.traceState }),
    };
    if (own.traceFlags === 0) return traces.wrapSpanContext(own);
    const kind = options.kind ?? SpanKind.INTERNAL;
    const span = new RecordedSpan({ name, kind, context: own, parent, log: this.#log });
    return span.setAttributes(options.attributes ?? {}).addLinks(options.links ?? []);
  }

  startActiveSpan<F extends (span: Span) => unknown>(
    name: string,
    ...rest: readonly [F] | readonly [SpanOptions, F] | readonly [SpanOptions, Context, F]
  ): ReturnType<F> {
    const body = rest.at(-1) as F;
    const options = rest.length > 1 ? (rest[0] as SpanOptions) : {};
    const parent = rest.length > 2 ? (rest[1] as Context) : contexts.active();
    const span = this.startSpan(name, options, parent);
    const run = () => body(span) as ReturnType<F>;
    return contexts.with(traces.setSpan(parent, span), run);
  }
}

export class RecordingTracerProvider implements TracerProvider {
  readonly log = new SpanLog();

  getTracer(): Tracer {
    return new RecordingTracer(this.log);
  }
}
