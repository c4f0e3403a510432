// Lets the event loop turn once after every test, so that an unhandled rejection is held against the test that made
// it and not against the next one. What then counts as a failure: scripts/jest-environment.mjs.
import { afterEach } from '@jest/globals';

afterEach(() => new Promise((resolve) => setImmediate(resolve)));
