import { type Signal, signal } from '@preact/signals'
import { asApiError } from '../api/api-client.js'

export interface Toast {
  readonly id: number
  readonly tone: 'good' | 'bad'
  readonly title: string
  readonly detail: string
  /** Takes back what was done. */
  readonly undo: (() => void) | undefined
}

const MOST = 4

/** Short answers to what a user just did. Errors stay longer, and until dismissed when looked at. */
export class Toasts {
  readonly list: Signal<readonly Toast[]> = signal([])
  private next = 0

  /** With `undo` it stays long enough to be taken back. */
  done(title: string, detail = '', undo?: () => void): void {
    this.add('good', title, detail, undo ? 10_000 : 4000, undo)
  }

  failed(title: string, error: unknown): void {
    const { message, remedy } = asApiError(error)
    this.add('bad', title, `${message}. ${remedy}`, 12_000)
  }

  refused(title: string, detail: string): void {
    this.add('bad', title, detail, 12_000)
  }

  dismiss(id: number): void {
    this.list.value = this.list.value.filter((each) => each.id !== id)
  }

  private add(tone: Toast['tone'], title: string, detail: string, ms: number, undo?: () => void): void {
    const id = this.next++
    this.list.value = [...this.list.value, { id, tone, title, detail, undo }].slice(-MOST)
    window.setTimeout(() => this.dismiss(id), ms)
  }
}
