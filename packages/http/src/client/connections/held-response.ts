/**
 * Lets the connection of a response go that the program has forgotten, its body unread.
 *
 * What the program has stands between it and the response that is received, and nothing of the client refers to it: when it is
 * collected, the body can no longer be read. Only for real time: in a simulation, a collection would be chance.
 */

import { systemClock } from '@awaitio/core';
import { ForwardedResponse } from './forwarded-response.ts';
import type { IncomingResponse, ResponseOrigin } from './incoming-response.ts';

const forgotten = new FinalizationRegistry<IncomingResponse>((incoming) => {
  incoming.discard();
});

/** What a caller's response is made over: the response itself, if it is complete. */
export function held(incoming: IncomingResponse): ResponseOrigin {
  if (!incoming.isReceiving || incoming.clock !== systemClock) return incoming;
  const response = new ForwardedResponse(incoming);
  forgotten.register(response, incoming);
  return response;
}
