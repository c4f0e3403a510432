import { describe, expect, test } from '@jest/globals';
import { checkNode } from './node-version.ts';

describe('the version of Node', () => {
  test.each(['20.19.0', '20.20.1', '22.0.0', '24.11.1', '26.0.0', undefined])(
    '%s will do',
    (version) => {
      expect(() => {
        checkNode(version);
      }).not.toThrow();
    },
  );

  test.each(['18.20.8', '20.0.0', '20.18.3', '16.1.0'])(
    '%s is refused in one sentence',
    (version) => {
      expect(() => {
        checkNode(version);
      }).toThrow(new Error(`awaitio needs Node.js 20.19 or later, and this is ${version}.`));
    },
  );
});
