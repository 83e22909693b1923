import { defineConfig } from 'vitest/config'

/** The web UI in a real Chromium, against a real daemon from the built output. One file at a time. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 90_000,
    hookTimeout: 90_000,
  },
})
