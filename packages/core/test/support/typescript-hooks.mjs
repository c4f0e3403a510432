/** Lets `node --import` run the TypeScript of this repository as it stands, for tests that need a process each. */
import { useTypeScript } from '../../../../scripts/lib/typescript.mjs';

useTypeScript();
