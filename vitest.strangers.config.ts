import { defineConfig } from 'vitest/config'

/** Clients that others wrote, on the emulated exchanges of the built output. `npm ci` in test/strangers comes first. */
export default defineConfig({
  test: { include: ['test/strangers/*.test.mjs'], pool: 'forks', maxWorkers: 2 },
})
