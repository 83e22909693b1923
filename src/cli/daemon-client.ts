import { Client } from '../client/client.js'

/** A daemon of this machine as a client of it. */
export function clientOf({
  host,
  port,
  token,
}: {
  readonly host: string
  readonly port: number
  readonly token?: string
}): Client {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  const url = `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
  return new Client({ url, ...(token !== undefined && { token }) })
}
