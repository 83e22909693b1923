import { defineConfig } from 'vitest/config'

/** The web UI in a real Chromium, against a real daemon from the built output. One file at a time. */
export default defineConfig({
  test: {
    // A browser on a small machine: what fails is tried once more before it counts.
    retry: 1,
    include: ['test/browser/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 90_000,
    hookTimeout: 90_000,
  },
})
