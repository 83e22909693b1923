import { type Signal, signal } from '@preact/signals'
import { asApiError } from '../api/api-client.js'

export interface Toast {
  readonly id: number
  readonly tone: 'good' | 'bad'
  readonly title: string
  readonly detail: string
}

const MOST = 4

/** Short answers to what a user just did. Errors stay longer, and until dismissed when looked at. */
export class Toasts {
  readonly list: Signal<readonly Toast[]> = signal([])
  private next = 0

  done(title: string, detail = ''): void {
    this.add('good', title, detail, 4000)
  }

  failed(title: string, error: unknown): void {
    const { message, remedy } = asApiError(error)
    this.add('bad', title, `${message}. ${remedy}`, 12_000)
  }

  dismiss(id: number): void {
    this.list.value = this.list.value.filter((each) => each.id !== id)
  }

  private add(tone: Toast['tone'], title: string, detail: string, ms: number): void {
    const id = this.next++
    this.list.value = [...this.list.value, { id, tone, title, detail }].slice(-MOST)
    window.setTimeout(() => this.dismiss(id), ms)
  }
}
