import type { z } from 'zod'
import { CollectorError } from '../model/error.js'

/** A request whose field is wrong. */
export class FieldError extends CollectorError {
  readonly field: string

  constructor(field: string, message: string, remedy: string) {
    super('USAGE', message, { remedy })
    this.field = field
  }
}

/** The input of an operation, checked. Throws USAGE naming the field. */
export function checked<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  if (issue?.code === 'unrecognized_keys') {
    const name = String(issue.keys[0])
    throw new FieldError(name, `there is no field ${name.slice(0, 60)}`, 'Leave it out; /api/docs lists the fields.')
  }
  const field = issue?.path.join('.') ?? ''
  const what = issue?.message.replace(/^Invalid input: /, '') ?? 'is not what is expected'
  throw new FieldError(
    field,
    field === '' ? what : `${field}: ${what}`,
    'Correct the field; /api/docs describes each one.',
  )
}
