/** Every scenario, in the order in which they run. */

import { churn, echoPost, get, json, large, pipelined } from './http-loads.ts';
import type { Scenario } from './scenario.ts';

export const scenarios: readonly Scenario[] = [echoPost, pipelined, get, large, json, churn];
