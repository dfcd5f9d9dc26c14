/** What the example is made of: one list for the service, the load generator and the history. */

export interface Model {
  readonly provider: string
  readonly model: string
  /** Median time to answer, in seconds. */
  readonly seconds: number
  readonly weight: number
}

/** Asked in this order: the first is the favourite, the others take over. */
export const MODELS: readonly Model[] = [
  { provider: 'openai', model: 'gpt-4o', seconds: 1.1, weight: 5 },
  { provider: 'anthropic', model: 'claude-sonnet-4', seconds: 1.4, weight: 3 },
  { provider: 'deepseek', model: 'deepseek-chat', seconds: 2.6, weight: 1 },
  { provider: 'local', model: 'llama-3-8b', seconds: 0.6, weight: 1 },
]
export const AGENTS = ['planner', 'researcher', 'coder', 'reviewer'] as const
export const TOOLS = ['search', 'calculator', 'calendar'] as const
export const TEAMS = ['product', 'support'] as const
export const PERSONAS = ['tutor', 'assistant', 'critic'] as const
export const TABLES = ['users', 'messages', 'documents'] as const

export interface Route {
  readonly method: 'GET' | 'POST'
  readonly route: string
  /** Requests per second at the average hour. */
  readonly perSecond: number
  readonly seconds: number
}
export const ROUTES: readonly Route[] = [
  { method: 'POST', route: '/api/agents/:agent/query', perSecond: 1.2, seconds: 1.4 },
  { method: 'POST', route: '/api/chat', perSecond: 0.8, seconds: 1.2 },
  { method: 'GET', route: '/api/documents/:id', perSecond: 4, seconds: 0.012 },
  { method: 'GET', route: '/api/messages', perSecond: 2.5, seconds: 0.02 },
  { method: 'POST', route: '/api/login', perSecond: 0.4, seconds: 0.08 },
  { method: 'GET', route: '/api/admin/users', perSecond: 0.2, seconds: 0.015 },
  { method: 'POST', route: '/api/generate', perSecond: 0.15, seconds: 2.2 },
]

/** How much is going on at a time of the day: little at night, most in the afternoon (UTC). */
export function dayShape(timeMs: number): number {
  const hour = (timeMs / 3_600_000) % 24
  const weekend = [0, 6].includes(new Date(timeMs).getUTCDay()) ? 0.6 : 1
  return (
    weekend *
    (1 + 0.55 * Math.sin(((hour - 9) / 24) * 2 * Math.PI) + 0.12 * Math.sin((hour / 3) * 2 * Math.PI))
  )
}

/** What can be made to go wrong. */
export const INCIDENTS = ['provider-outage', 'slow-database', 'cache-stampede', 'error-spike'] as const
export type Incident = (typeof INCIDENTS)[number]

/** A generator with a seed (mulberry32), so that the example's history is the same each time. */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A time around a median, with the long tail that times have. */
export function around(median: number, random: () => number, spread = 0.45): number {
  const gauss = Math.sqrt(-2 * Math.log(random() || 1e-9)) * Math.cos(2 * Math.PI * random())
  return median * Math.exp(spread * gauss)
}

export function pick<T>(items: readonly T[], random: () => number): T {
  return items[Math.floor(random() * items.length)]!
}
