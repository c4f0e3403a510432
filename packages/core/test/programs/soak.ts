/** Soaks in a separate process, so that nothing else uses the heap; prints the report. */

import { soak } from '../support/soak.ts';

const { KIND = 'tcp', COUNT = '1000' } = process.env;
console.log(JSON.stringify(await soak(KIND, Number(COUNT))));
