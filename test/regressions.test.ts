import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'

/**
 * What the earlier dccd lost, made up or did not do with histories, and the test that would notice it here: file and name. The names are looked up, so
 * that no line outlives its test.
 */
const HISTORY: readonly (readonly [defect: string, file: string, ...names: string[]])[] = [
  [
    'trades paged by time window lost 95 % where a window held more than a page',
    'src/exchanges/kit/history.test.ts',
    'joined are the window exactly, whatever the venue does to a page',
  ],
  [
    'so did trades that share an instant with those of the page before',
    'src/exchanges/kit/timed.test.ts',
    'of a venue that %s, joined are the window exactly, equal times across page borders',
    'of a venue that %s thousands of trades in one millisecond are all had, and proven',
  ],
  [
    'trades told apart by their time alone: 58 % were taken for doubles',
    'src/store/canonical.test.ts',
    'keeps two equal trades without an id in one frame, and not those of a second connection',
  ],
  [
    'a merge that could not read the file overwrote it with the new rows',
    'src/store/verify.test.ts',
    'a damaged file keeps its own rows from being published, not those of others, and none is lost',
  ],
  [
    'exclusive cursors of OKX dropped one bar at each page border',
    'src/exchanges/kit/falling.test.ts',
    'candles walk back to the start of the window, each once',
  ],
  [
    'the minute at the border of two windows was dropped',
    'src/exchanges/kit/history.test.ts',
    'the candle at the end of a page and that at the start of the next meet: no minute between is dropped',
  ],
  [
    'the page size was left to the default of the venue (Binance: 500)',
    'src/history/history.test.ts',
    'the page size is asked for, not left to the default of the venue',
  ],
  [
    'an error inside a 200 was an empty page (Coinbase)',
    'src/history/history.test.ts',
    'an HTTP 200 with an error is no empty page',
  ],
  [
    'Coinbase counted candles and times of a window otherwise than it was asked',
    'test/history-on-emulator.test.ts',
    'H1 pages joined are what happened: nothing is missing, nothing twice, nothing from outside, and no request is made in vain',
  ],
  [
    'a wrong endpoint answered with nothing for ever (OKX)',
    'src/exchanges/kit/history.test.ts',
    'that are empty although more was seen live prove nothing',
  ],
  ['the gap before the first row was not seen', 'src/history/history.test.ts', 'the leading gap counts'],
  [
    'open interest: the newest 500 of a window, and an error for what is older than 30 days',
    'src/exchanges/binance-futures/history.test.ts',
    'of open interest, of which a window gives the newest %d, is whole',
  ],
  [
    'what a venue no longer serves was asked for and failed',
    'src/history/history.test.ts',
    'what the venue does not reach is cut off and said',
  ],
  [
    'a candle at epoch 0 was stored and poisoned every figure',
    'src/exchanges/kit/history.test.ts',
    'a row of the year 1970 or of the future among them is no candle of the window, and proves nothing',
  ],
  [
    'quote volume was made up from price and volume',
    'src/store/import-predecessor.test.ts',
    'takes what was stored, to the digit, and makes up nothing',
  ],
  [
    'pair codes of Kraken: some pairs were asked for under names that it does not have',
    'src/emulator/kraken/kraken.test.ts',
    'serves pairs under their four names, and history that agrees with itself',
  ],
  [
    'USDT on Bitfinex gave 0 rows in silence',
    'src/exchanges/bitfinex/bitfinex.test.ts',
    'call USDT by its name where the venue sends no table',
  ],
  [
    'the start that was configured was not the one that was used',
    'src/history/history.test.ts',
    'the start that was said is the start that is used',
  ],
  [
    'a started daemon ran no scheduled history; one that it ran was collected as garbage and wrote nothing',
    'test/system/commands.test.ts',
    'a start of the daemon runs what is due by itself, and the rows of it are there',
  ],
  [
    'runs of dead processes were shown as running',
    'test/system/history.test.ts',
    'a backfill killed in the middle goes on where it was; run again it fetches nothing; nobody calls a dead run running',
  ],
  [
    'the same job ran twice at once',
    'src/daemon/scheduler.test.ts',
    'starts what is due, and never a second run of a job while one is under way',
  ],
  [
    'the list of runs grew for ever',
    'src/store/store.test.ts',
    'forgets runs of histories that ended long ago, and none that runs, failed or is younger',
  ],
  [
    'a new connection, with its handshake, for each page',
    'src/net/http.test.ts',
    'asks for page after page over the same connections, not with a handshake each',
  ],
  [
    'a connection that the server closed ended a deep backfill',
    'src/history/history.test.ts',
    'a connection that the server closes in the middle is tried again at the same page',
  ],
  [
    'hundreds of 429, since nobody counted all requests together',
    'test/system/history.test.ts',
    'two daemons at one address, streaming and fetching the past, are never refused',
  ],
  [
    'a permanent failure was tried each 20 to 60 seconds',
    'src/daemon/scheduler.test.ts',
    'a permanent failure is not hammered: the wait doubles up to the pace of the job',
  ],
  [
    'a quiet market was called 85 % missing',
    'src/exchanges/kit/history.test.ts',
    'joined are the window exactly; quiet minutes without a candle are proven by their neighbours',
  ],
]

/** What venues and users may ask or answer, and the test of it. */
const BAD_INPUT: typeof HISTORY = [
  [
    'a range that is reversed, in the future or no time',
    'src/history/history.test.ts',
    '%s is refused with what to do',
  ],
  [
    'a range before the listing',
    'src/exchanges/kit/falling.test.ts',
    'a start before the listing is no gap for ever: nothing older than candles that it gave, or than the first trade, is where the past begins',
  ],
  [
    'an interval that the venue lacks',
    'src/history/history.test.ts',
    'an interval or a channel that the venue lacks is refused, naming those it has',
  ],
  ['empty pages', 'src/exchanges/kit/history.test.ts', 'that are empty although more was seen live prove nothing'],
  [
    'short, doubled and unsorted pages',
    'src/exchanges/kit/history.test.ts',
    'joined are the window exactly, whatever the venue does to a page',
  ],
  [
    'overlapping pages',
    'src/exchanges/kit/history.test.ts',
    'that overlap the one before give its rows no second time',
  ],
  [
    'all of these from every emulated exchange',
    'test/history-on-emulator.test.ts',
    'H2 for any cut of the window the union is the same, whatever the pages are like',
    'H3 whatever a page claims is there, also of pages that are short, capped, repeated or mixed up',
    'thousands of trades in one instant are had, each of them',
  ],
  [
    'a page size smaller than documented',
    'src/history/history.test.ts',
    'a page size smaller than documented loses nothing: no bar between two pages is dropped',
  ],
  [
    'a storm of 429',
    'src/history/history.test.ts',
    'a storm of 429 waits and goes on; what cannot be overcome fails with its reason and keeps what is proven',
  ],
  ['an error inside a 200', 'src/history/history.test.ts', 'an HTTP 200 with an error is no empty page'],
  [
    'a dump with a wrong checksum',
    'src/archives/fetch-archive.test.ts',
    'a wrong checksum is looked at once more, because files are replaced now and then, and then refused',
  ],
  [
    'killed in the middle of pages',
    'test/system/history.test.ts',
    'a backfill killed in the middle goes on where it was; run again it fetches nothing; nobody calls a dead run running',
  ],
  [
    'killed in the middle of a file',
    'test/system/archives.test.ts',
    'a run killed in the middle of a file leaves nothing half used; the next one takes the file again',
  ],
]

it.each([...HISTORY, ...BAD_INPUT])('%s: has its test', (_defect, file, ...names) => {
  const text = readFileSync(resolve(import.meta.dirname, '..', file), 'utf8')
  for (const name of names) expect(text).toContain(`'${name}'`)
})
