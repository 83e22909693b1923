import '../styles/log-lines.css'
import type { LogLine } from '../api/contract.js'
import { Instant } from './instant.js'

const TONES: Readonly<Record<LogLine['level'], string>> = {
  trace: 'faint',
  debug: 'faint',
  info: 'soft',
  warn: 'warn',
  error: 'bad',
  fatal: 'bad',
}

/** Lines of a log as they are read. */
export function LogLines({ lines }: { lines: readonly LogLine[] }) {
  return (
    <ol class="log-lines">
      {lines.map((line, index) => (
        <li key={`${line.time} ${index}`}>
          <span class="faint">
            <Instant at={line.time} clock />
          </span>
          <span class={TONES[line.level]}>{line.level}</span>
          <span>
            {line.message} <FieldsText line={line} />
          </span>
        </li>
      ))}
    </ol>
  )
}

/** What a line says that its message does not. */
export function FieldsText({ line }: { line: LogLine }) {
  const text = Object.entries(line.fields)
    .filter(([, value]) => typeof value !== 'string' || !line.message.includes(value))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ')
  return text === '' ? null : <span class="faint">{text}</span>
}
