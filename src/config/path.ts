/** A key of the config as steps: `['stream_jobs', 0, 'pairs']`. */
export type KeyPath = readonly (string | number)[]

/** The key as it is written in messages: `stream_jobs[0].pairs`. */
export function pathText(path: KeyPath): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[A-Za-z0-9_-]+$/.test(step)) text += text ? `.${step}` : step
    else text += `[${JSON.stringify(step)}]`
  }
  return text
}
