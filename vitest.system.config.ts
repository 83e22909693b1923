import { defineConfig } from 'vitest/config'

/** Whole-system tests: the real daemon from the built output, its own process, sockets and files. Two at a time. */
export default defineConfig({
  test: {
    include: ['test/system/**/*.test.ts'],
    pool: 'forks',
    // They mostly wait: for a minute of recording, for a kill, for a restart.
    maxWorkers: 2,
    // Two at a time on two cores: what fails is tried once more before it counts.
    retry: 1,
    passWithNoTests: true,
    testTimeout: 300_000,
    hookTimeout: 60_000,
  },
})
