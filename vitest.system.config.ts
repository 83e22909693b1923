import { defineConfig } from 'vitest/config'

/** Whole-system tests: the real daemon from the built output, its own process, sockets and files. One at a time. */
export default defineConfig({
  test: {
    include: ['test/system/**/*.test.ts'],
    pool: 'forks',
    fileParallelism: false,
    passWithNoTests: true,
    testTimeout: 300_000,
    hookTimeout: 60_000,
  },
})
