import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'testkit/**/*.test.ts', 'test/**/*.test.ts', 'web/src/**/*.test.ts'],
    exclude: ['test/system/**', 'test/browser/**'],
    pool: 'threads',
    isolate: false,
    testTimeout: 20_000,
  },
})
