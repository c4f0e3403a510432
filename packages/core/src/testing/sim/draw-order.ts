/** The order of what is due at one moment, where the seed chooses it: events of the network, timers, and tasks that begin. */

import { orderTasks } from '../../tasks/ready-order.ts';
import type { Clock } from '../../vocabulary/clock.ts';
import { Order } from './decisions/order.ts';
import type { Fabric } from './network/fabric.ts';
import { orderEvents } from './wire/clock.ts';

/** Lets the seed of a network choose, on its clock and on those of its hosts. */
export function drawOrder(fabric: Fabric): void {
  const { clock } = fabric;
  const order = new Order(fabric.decisions);
  fabric.order = order;
  orderEvents(clock, order);
  const orderOn = (own: Clock, host?: string): void => {
    const place = host === undefined ? '' : ` of ${host}`;
    orderTasks(own, ({ id, name }, begin) => {
      clock.schedule(begin, 0, order.lane(`task ${id} "${name}"${place}`));
    });
  };
  orderOn(clock);
  fabric.onClock = orderOn;
}
