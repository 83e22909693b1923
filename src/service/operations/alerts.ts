import { z } from 'zod'
import { isoTime, nothing, rowLimit } from '../fields.js'
import { operation } from '../operation.js'

const alertSchema = z.object({
  id: z.number(),
  active: z.boolean().describe('It fails still.'),
  key: z.string().describe('What fails: the key of a stream, `disk`, `sync REMOTE`, `instruments EXCHANGE`.'),
  severity: z
    .enum(['warning', 'critical'])
    .describe('`critical`: it has given up, or a whole exchange or the daemon is concerned.'),
  code: z.string(),
  scope: z.string().describe('How far the damage of this code goes.'),
  message: z.string(),
  remedy: z.string(),
  count: z.number().describe('Failures in a row.'),
  since: z.string(),
  last_at: z.string(),
  resolved_at: isoTime,
  acknowledged_at: isoTime,
})

const list = operation({
  summary: 'What keeps failing and what did: severity, code, since when, how often, and what to do',
  role: 'read',
  input: z.strictObject({
    state: z.enum(['active', 'past', 'all']).default('all').describe('`active`: fails still; `past`: is over.'),
    limit: rowLimit(200, 500),
  }),
  output: z.array(alertSchema),
  run: (ports, { state, limit }) =>
    ports.alerts
      .list()
      .filter(({ active }) => state === 'all' || active === (state === 'active'))
      .slice(0, limit),
})

const acknowledge = operation({
  summary: 'Acknowledge an alert: somebody has seen it',
  role: 'control',
  input: z.strictObject({ id: z.int().min(1).describe('Number of the alert.') }),
  output: alertSchema,
  run: (ports, { id }) => ports.alerts.acknowledge(id),
})

const test = operation({
  summary: 'Send a test message to alerts.webhook_url and wait for its answer',
  role: 'control',
  input: nothing,
  output: z.object({
    receiver: z.string().describe('Host that took it; the rest of the address may be a secret.'),
    status: z.number().describe('HTTP status of its answer.'),
  }),
  run: (ports, _, signal) => ports.alerts.test(signal),
})

export const alertOperations = { alerts: list, 'alerts.ack': acknowledge, 'alerts.test': test }
