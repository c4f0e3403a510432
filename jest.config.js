/** One Jest run over every package; TypeScript is stripped by swc, and workspace packages resolve to their sources. */
const project = (name) => ({
  displayName: name,
  rootDir: `packages/${name}`,
  testEnvironment: '<rootDir>/../../scripts/jest-environment.mjs',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  testMatch: ['<rootDir>/src/**/*.test.ts', '<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  setupFilesAfterEnv: ['<rootDir>/../../scripts/jest-setup.mjs'],
});

/** The tests of sockets, once more, with bytes that come as `'data'` events: see packages/core/src/net/socket/shared-buffer.ts. */
const socketEvents = {
  ...project('core'),
  displayName: 'core, data events',
  setupFiles: ['<rootDir>/../../scripts/jest-socket-events.mjs'],
  testMatch: [
    'listening/fault-matrix',
    // A heap that stays flat says the same either way.
    'net/!(soak)',
    'sim/parity',
    'streams/{contract,fault-matrix,property}',
  ].map((name) => `<rootDir>/test/${name}.test.ts`),
};

export default {
  projects: [...['core', 'http', 'examples'].map(project), socketEvents],
  testTimeout: 20_000,
  maxWorkers: 2,
  // A worker keeps something of every file that it ran, and collects it again and again: a new one is faster.
  workerIdleMemoryLimit: '300MB',
  /** How many tests of one file that wait, and share nothing, run side by side (`test.concurrent`). */
  maxConcurrency: 8,
  testSequencer: '<rootDir>/scripts/jest-sequencer.mjs',
};
