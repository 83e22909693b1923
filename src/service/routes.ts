import type { OperationName } from './operations/table.js'

/** Where an operation stands in the HTTP API. Input fields come from the path, then from headers, the query (GET and DELETE) or the JSON body. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Fields of the input in braces: `/streams/{key}/stop`. */
  readonly path: string
  /** Input fields that travel as headers. */
  readonly headers?: Readonly<Record<string, string>>
}

/** The address of every operation. */
export const ROUTES: Readonly<Record<OperationName, Route>> = {
  health: { method: 'GET', path: '/api/v1/health' },
  capabilities: { method: 'GET', path: '/api/v1/capabilities' },
  instruments: { method: 'GET', path: '/api/v1/instruments' },
  logs: { method: 'GET', path: '/api/v1/logs' },
  alerts: { method: 'GET', path: '/api/v1/alerts' },
  'alerts.ack': { method: 'POST', path: '/api/v1/alerts/{id}/ack' },
  'alerts.test': { method: 'POST', path: '/api/v1/alerts/test' },
  sync: { method: 'GET', path: '/api/v1/sync' },
  'sync.run': { method: 'POST', path: '/api/v1/sync' },
  'streams.list': { method: 'GET', path: '/api/v1/streams' },
  'streams.start': { method: 'POST', path: '/api/v1/streams' },
  'streams.stop': { method: 'POST', path: '/api/v1/streams/{key}/stop' },
  'streams.restart': { method: 'POST', path: '/api/v1/streams/{key}/restart' },
  'streams.log': { method: 'GET', path: '/api/v1/streams/{key}/log' },
  inventory: { method: 'GET', path: '/api/v1/inventory' },
  coverage: { method: 'GET', path: '/api/v1/coverage' },
  storage: { method: 'GET', path: '/api/v1/storage' },
  gaps: { method: 'GET', path: '/api/v1/gaps' },
  read: { method: 'GET', path: '/api/v1/read' },
  export: { method: 'GET', path: '/api/v1/export' },
  sql: { method: 'POST', path: '/api/v1/sql' },
  book: { method: 'GET', path: '/api/v1/book' },
  candles: { method: 'GET', path: '/api/v1/candles' },
  'config.get': { method: 'GET', path: '/api/v1/config' },
  'config.schema': { method: 'GET', path: '/api/v1/config/schema' },
  'config.validate': { method: 'POST', path: '/api/v1/config/validate' },
  'config.replace': { method: 'PUT', path: '/api/v1/config', headers: { etag: 'if-match' } },
  'config.patch': { method: 'PATCH', path: '/api/v1/config', headers: { etag: 'if-match' } },
  'config.undo': { method: 'POST', path: '/api/v1/config/undo' },
  'config.reload': { method: 'POST', path: '/api/v1/config/reload' },
  'config.add': { method: 'POST', path: '/api/v1/config/streams' },
  jobs: { method: 'GET', path: '/api/v1/jobs' },
  'jobs.run': { method: 'POST', path: '/api/v1/jobs/{job}/run' },
  'jobs.pause': { method: 'POST', path: '/api/v1/scheduler' },
  runs: { method: 'GET', path: '/api/v1/runs' },
  'runs.get': { method: 'GET', path: '/api/v1/runs/{id}' },
  'runs.start': { method: 'POST', path: '/api/v1/runs' },
  'runs.plan': { method: 'POST', path: '/api/v1/runs/plan' },
  'runs.cancel': { method: 'POST', path: '/api/v1/runs/{id}/cancel' },
  'config.remove': { method: 'DELETE', path: '/api/v1/config/streams' },
}

/** Names of the input fields that stand in a path. */
export function pathFields({ path }: Route): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
}

/** The path as fastify writes it: `/streams/:key/stop`. */
export function fastifyPath({ path }: Route): string {
  return path.replace(/\{(\w+)\}/g, ':$1')
}

/** Whether the rest of the input comes as JSON. */
export function hasBody({ method }: Route): boolean {
  return method !== 'GET' && method !== 'DELETE'
}
