import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'
import { identityOf } from './identity.ts'

/** Who does something: whoever is logged in, else who the request says, else this machine. */
export function actorOf(c: Context, said: string): string {
  const login = identityOf((c.env as { incoming: IncomingMessage }).incoming)?.login ?? ''
  return login || said.slice(0, 200) || 'local'
}
