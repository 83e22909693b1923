// Sums a folder of results: vitest reports (NAME.json), `suites` (`EXIT_CODE NAME` a line: the runs that must have left a report) and
// `steps` (`passed|failed|skipped NAME` a line). Prints what failed, then one line: N passed, N failed, N skipped. Exit code 1 when
// something failed or nothing passed.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = process.argv[2] ?? '.'
const sum = { passed: 0, failed: 0, skipped: 0 }

function count(outcome, name) {
  sum[outcome] += 1
  if (outcome !== 'passed') process.stdout.write(`${outcome}: ${name}\n`)
}

/** The lines of a file as pairs: the first word, the rest. */
function pairs(name) {
  const path = join(folder, name)
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : []
  return lines.map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)])
}

for (const [outcome, name] of pairs('steps')) count(outcome, name)

for (const [code, suite] of pairs('suites')) {
  const before = sum.failed
  const path = join(folder, `${suite}.json`)
  const report = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined
  for (const file of report?.testResults ?? []) {
    for (const { status, fullName } of file.assertionResults) {
      count(status === 'passed' || status === 'failed' ? status : 'skipped', `${suite}: ${fullName}`)
    }
    // A file that could not even be loaded has no tests to count.
    const silent = file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed')
    if (silent) count('failed', `${suite}: ${file.name}`)
  }
  if (!report) count('failed', `${suite}: no report`)
  else if (code !== '0' && sum.failed === before) count('failed', `${suite}: exit code ${code}`)
}

process.stdout.write(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped\n`)
process.exitCode = sum.failed > 0 || sum.passed === 0 ? 1 : 0
