import type { ArchiveFeed, ExchangeAdapter, HistoryFeed } from '../exchanges/exchange.js'
import type { Capability } from '../model/capability.js'
import { dateOfDay, dayOf } from '../model/time.js'

/** The page of what every exchange offers, in Markdown, from the declarations that engine and config read too. */
export function exchangeReference(adapters: readonly ExchangeAdapter[]): string {
  return `# Exchanges

<!-- Generated from src/exchanges by \`npm run docs\`. -->

What can be recorded, as each exchange folder declares it. A channel that is not here is refused before anything is asked of the exchange.
Another one: [ADD_AN_EXCHANGE.md](../ADD_AN_EXCHANGE.md).

**Proof** is what shows that nothing is missing: a *counter* (+1 per event), a *chain* (each change names the one before), a *checksum*, a counter over the whole
*connection*, the *unit* (each event is whole in itself) or *none* (listened without a break: the ledger says "unverifiable"). **Clock**: on whose the
ledger is kept. **Past**: what can be fetched, and how far back; *files*: the exchange publishes it in files too.

${adapters.map(section).join('\n\n')}
`
}

function section(adapter: ExchangeAdapter): string {
  const { id, name, docs, capabilities, limits, taskPer } = adapter
  const { connectionLifetimeMs } = limits
  const facts = [
    `\`${id}\``,
    `[documentation](${docs})`,
    `one stream per ${taskPer === 'pair' ? 'pair' : 'pair and channel'}`,
    `at most ${limits.subscriptionsPerConnection} subscriptions a connection`,
    `REST budget ${limits.rest.weight} per ${duration(limits.rest.perMs)}`,
    ...(connectionLifetimeMs === undefined ? [] : [`closes each connection after ${duration(connectionLifetimeMs)}`]),
  ]
  const past = new Map((adapter.history ?? []).map((feed) => [feed.channel, feed]))
  const notes = capabilities.flatMap(({ channel, note, sampled, wholeDepths }) => {
    const compared = channel === 'book' && adapter.book.refreshEveryMs
    const texts = [
      note,
      wholeDepths &&
        `${wholeDepths.join(' and ')} come whole each time: nothing shows that one is missing ("unverifiable"), and the next one heals it`,
      sampled && `the exchange sends ${sampled}`,
      compared &&
        `compared with a snapshot about every ${duration(compared)}; one that differs takes back what was held since the last`,
    ].filter(Boolean)
    return texts.map((text) => `- \`${channel}\`: ${text}`)
  })
  const files = new Map((adapter.archives ?? []).map((feed) => [feed.channel, feed]))
  const rows = capabilities.map((each) => row(each, past.get(each.channel), files.get(each.channel)))
  return [
    `## ${name}`,
    `${facts.join(' · ')}.`,
    `| Channel | Comes | Choices | Of | Proof | Clock | Past |\n|---|---|---|---|---|---|---|\n${rows.join('\n')}`,
    ...(notes.length ? [notes.join('\n')] : []),
  ].join('\n\n')
}

function row(
  { channel, depths, intervals, kinds, poll, everyMs, proof, axis }: Capability,
  past: HistoryFeed | undefined,
  files: ArchiveFeed | undefined,
): string {
  const cells = [
    `\`${channel}\``,
    poll ? `asked every ${duration(poll.everyMs)}` : everyMs ? `streamed every ${duration(everyMs)}` : 'streamed',
    depths?.join(', ') ?? intervals?.join(', ') ?? '',
    kinds?.join(', ') ?? 'all',
    proof,
    axis,
    past ? `${reachText(past)}${files ? `; files since ${dateOfDay(dayOf(files.since))}` : ''}` : '',
  ]
  return `| ${cells.join(' | ')} |`
}

function reachText({ reach, intervals }: HistoryFeed): string {
  const far = !reach ? 'all' : 'ms' in reach ? `last ${duration(reach.ms)}` : `last ${reach.candles} candles`
  return intervals ? `${far} (${intervals.join(', ')})` : far
}

/** A time in the largest unit that divides it. */
function duration(ms: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1000, 's'],
  ] as const
  const [size, unit] = units.find(([each]) => ms % each === 0) ?? [1, 'ms']
  return `${ms / size} ${unit}`
}
