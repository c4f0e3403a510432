import type { Transport } from '../../src/lowlevel.ts';

/** A carrier that is gone as soon as it is used. */
export const GONE: Transport = {
  unsent: 0,
  start: (sink) => {
    sink.onClosed(undefined);
  },
  pause: () => {},
  resume: () => {},
  write: () => {},
  writev: () => {},
  end: () => {},
  close: () => {},
  reset: () => {},
  setRef: () => {},
};
