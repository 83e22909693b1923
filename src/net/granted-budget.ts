import type { RpcClient } from '../lib/rpc.js'
import type { BudgetMethods } from './budgets.js'
import type { Priority, RequestBudget } from './rate-limit.js'

/** The budget of one exchange as a worker thread sees it: the main thread grants. */
export class GrantedBudget implements RequestBudget {
  private readonly exchange: string
  private readonly main: RpcClient<BudgetMethods>
  private next = 0

  constructor(exchange: string, main: RpcClient<BudgetMethods>) {
    this.exchange = exchange
    this.main = main
  }

  async take(weight: number, priority: Priority, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const ticket = `${this.exchange} ${this.next++}`
    const onAbort = () => void this.main.call('cancelWeight', [ticket]).catch(() => {})
    signal?.addEventListener('abort', onAbort)
    try {
      await this.main.call('takeWeight', [this.exchange, weight, priority, ticket])
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  }

  used(weight: number): void {
    void this.main.call('usedWeight', [this.exchange, weight]).catch(() => {})
  }

  blockUntil(until: bigint | number): void {
    const ms = typeof until === 'number' ? until : Number((until - process.hrtime.bigint()) / 1_000_000n)
    void this.main.call('blockRequests', [this.exchange, Math.max(0, ms)]).catch(() => {})
  }
}
