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

export default {
  projects: ['core', 'http', 'examples'].map(project),
  testTimeout: 20_000,
  maxWorkers: 2,
};
