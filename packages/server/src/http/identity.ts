import type { IncomingMessage } from 'node:http'
import type { Identity } from '@promontory/access'

const identities = new WeakMap<IncomingMessage, Identity>()

/** Notes who sends a request: done by the gate, before any route sees it. */
export function setIdentity(request: IncomingMessage, identity: Identity): void {
  identities.set(request, identity)
}

/** Who sends a request; undefined for nobody. */
export function identityOf(request: IncomingMessage): Identity | undefined {
  return identities.get(request)
}

/** Name of the session's cookie: Grafana's, because its tools send it. */
export const SESSION_COOKIE = 'grafana_session'

/** The value of a cookie, undefined when it is not sent. */
export function cookieOf(request: IncomingMessage, name: string): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const at = part.indexOf('=')
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}
