import { join } from 'node:path'
import { defineConfig } from 'vite'

/**
 * The program as it is run: a few files instead of the hundreds of its modules and packages, each of which every thread would look up, read and link by itself
 * (`docs/decisions/2026-11-26-start.md`). They take the place of the entries that `tsc` wrote; its other files stay for the types, the tests and the benchmarks.
 */
export default defineConfig({
  publicDir: false,
  ssr: {
    // What threads and commands begin with. What opens files of its own, or is compiled for a machine, stays a package.
    noExternal: ['@duckdb/node-api', 'commander', 'croner', 'diff', 'yaml', 'zod'],
  },
  build: {
    ssr: true,
    outDir: join(import.meta.dirname, 'dist/src'),
    emptyOutDir: false,
    target: 'node20',
    minify: false,
    sourcemap: true,
    reportCompressedSize: false,
    license: { fileName: 'bundled-licenses.md' },
    rolldownOptions: {
      checks: { pluginTimings: false },
      input: { main: 'src/main.ts', worker: 'src/worker.ts', index: 'src/index.ts' },
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: 'bundle/[name].js',
        codeSplitting: { groups: [{ name: 'places', test: /src\/compose\/places\.ts$/ }] },
      },
    },
  },
})
