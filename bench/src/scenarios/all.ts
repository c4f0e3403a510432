/** Every scenario, in the order in which they run. */

import { echoPost } from './echo.ts';
import type { Scenario } from './scenario.ts';

export const scenarios: readonly Scenario[] = [echoPost];
