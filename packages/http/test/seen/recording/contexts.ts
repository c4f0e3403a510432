/** Contexts that follow asynchronous calls, and the fields that carry them to other programs. */
import {
  createTraceState,
  isSpanContextValid,
  ROOT_CONTEXT,
  trace,
  type Context,
  type ContextManager,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api';
import { AsyncLocalStorage } from 'node:async_hooks';

export class AsyncContextManager implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    body: F,
    self?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(context, () => Reflect.apply(body, self, args));
  }

  bind<T>(context: Context, target: T): T {
    if (typeof target !== 'function') return target;
    return ((...args: unknown[]) =>
      this.#storage.run(context, () => Reflect.apply(target, undefined, args) as unknown)) as T;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#storage.disable();
    return this;
  }
}

const PARENT = 'traceparent';
const STATE = 'tracestate';
/** W3C Trace Context, section 3.2.2.3. Version 00 alone: what a later one adds is not tested here. */
const VERSION_00 = /^00-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})$/;

/** The fields of W3C Trace Context. */
export class W3cPropagator implements TextMapPropagator {
  inject<Carrier>(context: Context, carrier: Carrier, setter: TextMapSetter<Carrier>): void {
    const current = trace.getSpanContext(context);
    if (current === undefined || !isSpanContextValid(current)) return;
    const { traceId, spanId, traceFlags, traceState } = current;
    const flags = traceFlags.toString(16).padStart(2, '0');
    setter.set(carrier, PARENT, `00-${traceId}-${spanId}-${flags}`);
    if (traceState !== undefined) setter.set(carrier, STATE, traceState.serialize());
  }

  extract<Carrier>(context: Context, carrier: Carrier, getter: TextMapGetter<Carrier>): Context {
    const parent = getter.get(carrier, PARENT);
    const [, traceId, spanId, flags] =
      VERSION_00.exec(typeof parent === 'string' ? parent : '') ?? [];
    if (traceId === undefined || spanId === undefined || flags === undefined) return context;
    const states = [getter.get(carrier, STATE) ?? []].flat();
    return trace.setSpanContext(context, {
      traceId,
      spanId,
      traceFlags: Number.parseInt(flags, 16),
      isRemote: true,
      // Several fields are one list (section 3.3.1).
      ...(states.length === 0 ? {} : { traceState: createTraceState(states.join(',')) }),
    });
  }

  fields(): string[] {
    return [PARENT, STATE];
  }
}
