/** Soaks in a process of its own, whose heap is nobody else's; prints the report. */

import { soak } from '../support/soak.ts';

const { KIND = 'tcp', COUNT = '1000' } = process.env;
console.log(JSON.stringify(await soak(KIND, Number(COUNT))));
