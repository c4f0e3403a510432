/** Any two programs over TLS: every byte in its place, every call settled, one listener on each signal. */

import { tlsInMemory, tlsOnTcp } from '../support/carriers.ts';
import { onCarrier, testStages } from '../support/stream-stage.ts';

testStages([onCarrier(tlsInMemory, 40, 50_000), onCarrier(tlsOnTcp, 40, 100_000)]);
