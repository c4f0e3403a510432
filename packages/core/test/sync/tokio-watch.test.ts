/** Cases of tokio's tests of its watch channel, by their names there: same answers, or the reason why not. */

import { watch } from '../../src/sync/index.ts';
import { PENDING, poll, pollAll, thrownBy } from '../support/poll.ts';
import { testCases, type Case } from '../support/tokio-cases.ts';

const WATCH: readonly Case[] = [
  [
    'single_rx_recv',
    async () => {
      const [tx, rx] = watch('one');
      const first = rx.changed();
      const answers = [await poll(first), rx.borrow()];
      tx.send('two');
      answers.push(await poll(first), rx.borrow());
      const second = rx.changed();
      answers.push(await poll(second));
      tx.close();
      return [...answers, await poll(second), rx.borrow()];
    },
    [PENDING, 'one', true, 'two', PENDING, false, 'two'],
  ],
  [
    'rx_version_underflow, rx_mark_changed',
    async () => {
      const [, rx] = watch('one');
      const other = rx.clone();
      rx.markChanged();
      rx.markChanged();
      const answers = [rx.hasChanged, await poll(rx.changed()), rx.hasChanged, other.hasChanged];
      other.markChanged();
      return [...answers, other.borrowAndUpdate(), other.hasChanged, await poll(other.changed())];
    },
    [true, true, false, false, 'one', false, PENDING],
  ],
  [
    'rx_mark_unchanged',
    async () => {
      const [tx, rx] = watch('one');
      tx.send('two');
      const before = rx.hasChanged;
      rx.markUnchanged();
      return [before, rx.hasChanged, rx.borrow(), await poll(rx.changed())];
    },
    [true, false, 'two', PENDING],
  ],
  [
    'multi_rx',
    async () => {
      const [tx, first] = watch('one');
      const second = first.clone();
      const waits = [first.changed(), second.changed()] as const;
      const before = await pollAll(...waits);
      tx.send('two');
      return [...before, ...(await pollAll(...waits)), first.borrow(), second.borrow()];
    },
    [PENDING, PENDING, true, true, 'two', 'two'],
  ],
  [
    'rx_observes_final_value, changed_succeeds_on_closed_channel_with_unseen_value',
    async () => {
      const [tx, rx] = watch('one');
      tx.send('two');
      tx.close();
      return [await rx.changed(), rx.borrow(), await rx.changed(), rx.borrow()];
    },
    [true, 'two', false, 'two'],
  ],
  [
    'poll_close',
    async () => {
      const [tx, rx] = watch('one');
      const closed = tx.closed();
      const before = await poll(closed);
      rx.close();
      return [before, await poll(closed), tx.send('two'), tx.borrow()];
    },
    [PENDING, undefined, false, 'one'],
  ],
  [
    'borrow_and_update',
    () => {
      const [tx, rx] = watch('one');
      tx.send('two');
      return [rx.borrow(), rx.hasChanged, rx.borrowAndUpdate(), rx.hasChanged];
    },
    ['two', true, 'two', false],
  ],
  [
    'reopened_after_subscribe',
    () => {
      const [tx, rx] = watch('one');
      rx.close();
      const closed = tx.isClosed;
      const again = tx.subscribe();
      return [closed, tx.isClosed, again.hasChanged, tx.send('two'), again.borrow()];
    },
    [true, false, false, true, 'two'],
  ],
  [
    'send_modify_panic',
    () => {
      const [tx, rx] = watch('one');
      const thrown = thrownBy(() =>
        tx.sendIfModified(() => {
          throw new RangeError('no');
        }),
      );
      return [thrown, rx.hasChanged, tx.sendIfModified((value) => value), rx.hasChanged];
    },
    ['RangeError', false, false, false],
  ],
  [
    'multiple_sender, receiver_is_notified_when_last_sender_is_dropped',
    async () => {
      const [tx, rx] = watch(1);
      const twin = tx.clone();
      const waiting = rx.changed();
      tx.close();
      const before = await poll(waiting);
      twin.send(2);
      const changed = await poll(waiting);
      const last = rx.changed();
      twin.close();
      return [before, changed, rx.borrow(), await poll(last)];
    },
    [PENDING, true, 2, false],
  ],
  [
    'wait_for_errors_on_closed_channel_true_predicate',
    async () => {
      const [tx, rx] = watch(1);
      tx.close();
      return [await rx.waitFor((n) => n === 1), await rx.waitFor((n) => n === 2)];
    },
    // There a value that is there already fails when the channel is closed; here it is a value.
    [1, undefined],
  ],
  [
    'send_replace, send_if_modified',
    async () => {
      const [tx, rx] = watch(1);
      rx.close();
      const before = tx.sendReplace(5);
      return [before, tx.sendIfModified((n) => n + 1), tx.borrow()];
    },
    [1, true, 6],
  ],
];

testCases(WATCH);
