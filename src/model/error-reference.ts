import { ERRORS, type Retry } from './error.js'

/** The reference page of all error codes, in Markdown. */
export function errorReference(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { meaning, remedy, scope, retry }]) =>
      `| \`${code}\` | ${meaning} | ${remedy} | ${scope} | ${again(retry)} |`,
  )
  return `# Error codes

<!-- Generated from src/model/error.ts by \`npm run docs\`. -->

Every error has a code, says how far it goes (only what is in its scope restarts) and when trying again makes sense.

| Code | Meaning | What to do | Scope | Again |
|---|---|---|---|---|
${rows.join('\n')}
`
}

function again(retry: Retry): string {
  if (retry === 'now') return 'at once'
  if (retry === 'backoff') return 'after a growing pause'
  return retry === 'never' ? 'no' : `after ${retry.afterMs / 1000} s`
}
