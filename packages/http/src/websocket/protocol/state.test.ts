import { describe, expect, test } from '@jest/globals';
import { isOpen, SideState } from './state.ts';

describe('the state of one side', () => {
  test('takes messages at the beginning and within a message, and never again after the close', () => {
    const open = Object.values(SideState).filter((state) => isOpen(state));
    expect(open).toEqual([SideState.READY, SideState.IN_MESSAGE]);
  });
});
