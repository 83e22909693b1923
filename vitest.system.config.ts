import { basename } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Those that take longest begin first: one that began last would leave the others' place empty. */
const LONGEST = ['history', 'store-kill', 'chaos', 'faults', 'playback', 'many-pairs']

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = LONGEST.indexOf(basename(moduleId, '.test.ts'))
      return at < 0 ? LONGEST.length : at
    }
    return (await super.sort(files)).sort((a, b) => place(a) - place(b))
  }
}

/** Whole-system tests: the real daemon from the built output, its own process, sockets and files. Three at a time. */
export default defineConfig({
  test: {
    include: ['test/system/**/*.test.ts'],
    pool: 'forks',
    // They mostly wait: for a minute of recording, for a kill, for a restart. Two alone leave half of two cores idle.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    // What fails on two cores is tried once more before it counts.
    retry: 1,
    passWithNoTests: true,
    testTimeout: 300_000,
    hookTimeout: 60_000,
  },
})
