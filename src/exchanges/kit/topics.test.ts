import { describe, expect, it } from 'vitest'
import { type Subscription, subscriptionId } from '../exchange.js'
import { sharedData } from './reading.js'
import { Topics } from './topics.js'

const sub = (channel: Subscription['channel']): Subscription => ({
  id: subscriptionId({ channel, symbol: 'X' }),
  channel,
  symbol: 'X',
  pair: 'X/Y:perp',
})
const topicOf = ({ channel }: Subscription) => (channel === 'trades' ? 'trades' : 'ticker')
const all = [sub('trades'), sub('funding'), sub('mark_price')]

describe('topics that serve several subscriptions', () => {
  it('are asked for once', () => {
    const topics = new Topics(all, topicOf)
    expect(topics.names).toEqual(['trades', 'ticker'])
    expect(topics.idsOf('ticker')).toEqual(['funding X', 'mark_price X'])
    expect(topics.idsOf('moon')).toEqual([])
  })

  it('are read as one frame of all that it serves', () => {
    expect(sharedData(['a', 'b'], [])).toEqual({ kind: 'data', subscription: 'a', shared: ['a', 'b'], events: [] })
    expect(sharedData(['a'], [])).toEqual({ kind: 'data', subscription: 'a', events: [] })
    expect(sharedData([], [])).toBeUndefined()
  })

  it('end with the last of them, also when the state was saved between', () => {
    const topics = new Topics(all, topicOf)
    expect(topics.release(['funding X', 'trades X'])).toEqual([{ topic: 'trades', ids: ['trades X'] }])
    const restored = new Topics(all, topicOf, JSON.parse(JSON.stringify(topics.state)))
    expect(restored.release(['mark_price X', 'nothing'])).toEqual([
      { topic: 'ticker', ids: ['funding X', 'mark_price X'] },
    ])
  })
})
