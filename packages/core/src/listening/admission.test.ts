import { describe, expect, test } from '@jest/globals';
import { Admission, ADMISSION_OPTIONS, peerOf, type AdmissionOptions } from './admission.ts';
import { checkOptions } from '../vocabulary/check.ts';
import { InvalidInputError } from '../vocabulary/errors.ts';

describe('the name under which an address is counted', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['::FFFF:10.1.2.3', '10.1.2.3'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['server', 'server'],
  ])('of %s is %s', (host, expected) => {
    expect(peerOf(host)).toBe(expected);
  });
});

describe('admission', () => {
  test('without bounds lets a thousand wait', () => {
    const admission = new Admission({});
    expect(admission.overflow(1_000_000, 1_023, undefined)).toBeUndefined();
    expect(admission.overflow(0, 1_024, undefined)).toEqual({
      limitName: 'maxPending',
      limit: 1_024,
    });
  });

  test.each<[AdmissionOptions<never>['onOverflow'], string | undefined]>([
    [undefined, undefined],
    ['wait', undefined],
    ['reset', 'maxConnections'],
    [() => undefined, 'maxConnections'],
  ])('at maxConnections with onOverflow %p runs into %p', (onOverflow, limitName) => {
    const admission = new Admission({ maxConnections: 3, onOverflow });
    expect(admission.overflow(2, 0, undefined)).toBeUndefined();
    expect(admission.overflow(3, 0, undefined)?.limitName).toBe(limitName);
    expect(admission.overflow(2, 1, undefined)?.limitName).toBe(limitName);
  });

  test('counts those who come and go by address, and forgets who is gone', () => {
    const admission = new Admission({ maxConnectionsPerAddress: 2 });
    const overflow = (peer: string): unknown => admission.overflow(0, 0, peer)?.limitName;
    admission.acquire('a');
    admission.acquire('a');
    expect([overflow('a'), overflow('b')]).toEqual(['maxConnectionsPerAddress', undefined]);
    admission.release('a');
    expect(overflow('a')).toBeUndefined();
    admission.release('a');
    admission.acquire('a');
    expect(overflow('a')).toBeUndefined();
  });

  test.each([
    { maxConnections: 0 },
    { maxPending: 1.5 },
    { maxConnectionsPerAddress: -1 },
    { maxPending: '7' },
    { onOverflow: 'panic' },
  ])('refuses %j', (options) => {
    expect(() => {
      checkOptions('bind', options, ADMISSION_OPTIONS);
    }).toThrow(InvalidInputError);
  });
});
