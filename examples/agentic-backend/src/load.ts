import { AGENTS, dayShape, pick, ROUTES } from './world.ts'

/** A load generator, running. */
export interface Load {
  stop(): void
}

const TICK_MS = 250
/** Requests on their way at most: a slow service is not buried. */
const IN_FLIGHT_MAX = 60

/** Uses the service as people do: more in the afternoon than at night, sometimes with a wrong password. */
export function startLoad(url: string, factor = 1): Load {
  let tokens: string[] = []
  let inFlight = 0
  let owed = 0
  const send = async (route: (typeof ROUTES)[number]): Promise<void> => {
    const path = route.route
      .replace(':agent', pick(AGENTS, Math.random))
      .replace(':id', String(1 + Math.floor(Math.random() ** 2 * 230)))
    const isLogin = route.route === '/api/login'
    const user = Math.random() < 0.4 ? 'admin' : `user${Math.floor(Math.random() * 40)}`
    const body = isLogin
      ? { user, password: Math.random() < 0.85 ? 'demo' : 'wrong' }
      : { question: 'what is next?', message: 'hello' }
    const response = await fetch(url + path, {
      method: route.method,
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${tokens.length === 0 ? '' : pick(tokens, Math.random)}`,
      },
      ...(route.method === 'POST' ? { body: JSON.stringify(body) } : {}),
    })
    const answer = (await response.json()) as { readonly token?: string }
    if (isLogin && answer.token !== undefined) tokens = [...tokens, answer.token].slice(-50)
  }
  const perSecond = ROUTES.reduce((sum, route) => sum + route.perSecond, 0)
  const login = ROUTES.find(({ route }) => route === '/api/login')!
  const timer = setInterval(() => {
    owed += (perSecond * factor * dayShape(Date.now()) * TICK_MS) / 1000
    for (; owed >= 1; owed--) {
      if (inFlight >= IN_FLIGHT_MAX) continue
      inFlight++
      send(tokens.length === 0 ? login : byWeight())
        // The service may be stopping: the next request will tell.
        .catch(() => undefined)
        .finally(() => inFlight--)
    }
  }, TICK_MS)
  return { stop: () => clearInterval(timer) }
}

function byWeight(): (typeof ROUTES)[number] {
  let left = Math.random() * ROUTES.reduce((sum, route) => sum + route.perSecond, 0)
  return ROUTES.find((route) => (left -= route.perSecond) < 0) ?? ROUTES[0]!
}
