/** The topics of an adapter, by namespace and name; one that has no member any more is forgotten. */

import type { Message } from '../socket-events/callback-socket.ts';
import { publishExcept, Topic, type TopicOptions } from '../../websocket/topic.ts';
import type { WebSocket } from '../../websocket/web-socket.ts';

export class PeerTopics {
  readonly #options: TopicOptions;
  readonly #namespaces = new Map<string, Map<string, Topic>>();

  /** @throws `InvalidInputError` for a wrong option of `Topic` */
  constructor(options: TopicOptions) {
    this.#options = options;
    // A wrong option shows when the adapter is made.
    void new Topic(options);
  }

  join(namespace: string, name: string, socket: WebSocket): void {
    if (!socket.isOpen) return;
    let topics = this.#namespaces.get(namespace);
    if (topics === undefined) {
      topics = new Map();
      this.#namespaces.set(namespace, topics);
    }
    let topic = topics.get(name);
    if (topic === undefined) {
      topic = new Topic(this.#options);
      topics.set(name, topic);
    }
    topic.join(socket);
  }

  leave(namespace: string, name: string, socket: WebSocket): void {
    const topics = this.#namespaces.get(namespace);
    const topic = topics?.get(name);
    if (topics === undefined || topic === undefined) return;
    topic.leave(socket);
    if (topic.size > 0) return;
    topics.delete(name);
    if (topics.size === 0) this.#namespaces.delete(namespace);
  }

  /**
   * @param namespace - `undefined` for all of them.
   * @param except - The member that does not get it.
   */
  publish(namespace: string | undefined, name: string, message: Message, except?: WebSocket): void {
    const all =
      namespace === undefined ? this.#namespaces.values() : [this.#namespaces.get(namespace)];
    for (const topics of all) {
      const topic = topics?.get(name);
      if (topic === undefined) continue;
      if (except === undefined) topic.publish(message);
      else publishExcept(topic, message, except);
    }
  }
}
