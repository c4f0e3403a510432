/**
 * What is published, passed on to other processes by a `sync` of crossws, and what comes from them.
 *
 * Nothing waits for it. What it fails with goes to the adapter's `onError`, else to stderr.
 */

import type { AdapterOptions, SyncDriver, SyncErrorContext, SyncMessage } from 'crossws';
import { callContained, containResult, failureOf, stderrSink } from '@awaitio/core/lowlevel';
import { messageOf } from './payload.ts';
import { randomUuid } from './uuid.ts';

type Stage = SyncErrorContext['stage'];

export class Relay {
  readonly driver: SyncDriver | undefined;
  readonly #onError: AdapterOptions['onError'];

  /** @param deliver - Publishes a message in this process alone. */
  constructor({ sync, onError }: AdapterOptions, deliver: (message: SyncMessage) => void) {
    this.#onError = onError;
    if (sync === undefined) return;
    const driver = sync({ id: randomUuid() });
    this.driver = driver;
    this.#contain('subscribe', () =>
      driver.subscribe((message) => {
        this.#contain('delivery', () => {
          deliver(message);
        });
      }),
    );
  }

  /** @param namespace - Empty for all of them. */
  publish(namespace: string, topic: string, data: unknown): void {
    const { driver } = this;
    if (driver === undefined) return;
    this.#contain('publish', () => driver.publish({ namespace, topic, data: messageOf(data) }));
  }

  #contain(stage: Stage, call: () => unknown): void {
    const sink = {
      onCallbackFailure: (failure: unknown) => {
        this.#report(stage, failure);
      },
    };
    try {
      containResult(stage, call(), sink);
    } catch (error) {
      this.#report(stage, failureOf(error, stage));
    }
  }

  #report(stage: Stage, failure: unknown): void {
    if (this.#onError === undefined) stderrSink.onCallbackFailure(failure, `sync ${stage}`);
    else callContained('onError', this.#onError, failure, { stage }, stderrSink);
  }
}
