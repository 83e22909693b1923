import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'testkit/**/*.test.ts', 'test/**/*.test.ts', 'web/src/**/*.test.ts'],
    exclude: ['test/system/**', 'test/browser/**'],
    pool: 'threads',
    // They wait half of the time, for sockets and files: two alone leave two cores half idle.
    maxWorkers: 3,
    isolate: false,
    // Against hanging, not for speed: property tests and recordings take long on a busy machine.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
})
