import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'testkit/**/*.test.ts', 'test/**/*.test.ts', 'web/src/**/*.test.ts'],
    exclude: ['test/system/**', 'test/browser/**'],
    pool: 'threads',
    // They mostly wait, for sockets and files.
    maxWorkers: 2,
    isolate: false,
    // Against hanging, not for speed: property tests and recordings take long on a busy machine.
    testTimeout: 180_000,
  },
})
