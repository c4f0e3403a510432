/** HTTP that calls HTTP, right and with bugs planted. */

import { tryProtocol } from '../../../core/test/testbed/trial.ts';
import { orders } from './orders.ts';

tryProtocol(orders);
