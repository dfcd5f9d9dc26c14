import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { randomUUID } from 'node:crypto'
import { instrument, type Instrument } from '@promontory/instrument'
import { FakeProviders, ProviderError } from './provider.ts'
import { type Cache, openCache } from './cache.ts'
import { Store } from './store.ts'
import {
  AGENTS,
  INCIDENTS,
  type Incident,
  type Model,
  MODELS,
  PERSONAS,
  pick,
  ROUTES,
  TEAMS,
  TOOLS,
} from './world.ts'

export interface ServiceOptions {
  readonly host?: string
  readonly port?: number
  /** How much faster than life models answer. */
  readonly speed?: number
  /** Where log lines go; standard output when not given. */
  readonly log?: (line: string) => void
  readonly traces?: string
  /** A Redis for the cache; `REDIS_URL` or this machine's when not given, memory where nobody answers. `none`: memory. */
  readonly redis?: string
}

/** The backend, listening. */
export interface Service {
  readonly kit: Instrument
  readonly url: string
  /** What the cache stands on: `redis` or `memory`. */
  readonly cache: string
  /** What goes wrong now: add and delete. */
  readonly incidents: Set<Incident>
  stop(): Promise<void>
}

class HttpError extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const SESSION_MS = 15 * 60_000
const BODY_MAX = 64 * 1024

/** A backend with agents, tools, a cache, a database, models of its own, sessions and sign-in, under the kit's eyes. */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const kit = instrument({
    service: 'agentic-backend',
    version: '1.3.0',
    http: ['http', 'api', 'project_ai'],
    ...(options.log === undefined ? {} : { log: { write: options.log } }),
    ...(options.traces === undefined ? {} : { traces: options.traces }),
  })
  const incidents = new Set<Incident>()
  const redis = options.redis ?? process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379'
  const cache = await openCache(kit, incidents, redis)
  const backend = new Backend(kit, options.speed ?? 1, incidents, cache)
  const server = createServer(
    kit.listener((request, response) => void backend.answer(request, response), routeOf),
  )
  await new Promise<void>((done, fail) => {
    server.once('error', fail)
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', done)
  })
  kit.health.started()
  const { port } = server.address() as { port: number }
  return {
    kit,
    url: `http://127.0.0.1:${port}`,
    cache: cache.kind,
    incidents,
    stop: () => stop(server, kit).finally(() => cache.close()),
  }
}

async function stop(server: Server, kit: Instrument): Promise<void> {
  kit.health.drain()
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
  await kit.close()
}

/** The template of a request's route. */
function routeOf(request: IncomingMessage): string | undefined {
  const path = new URL(request.url ?? '/', 'http://x').pathname
  if (path.startsWith('/incidents/')) return '/incidents/:name'
  return ROUTES.find(({ route, method }) => method === request.method && matches(route, path))?.route
}

function matches(route: string, path: string): boolean {
  const parts = path.split('/')
  const wanted = route.split('/')
  return (
    parts.length === wanted.length && wanted.every((part, i) => part.startsWith(':') || part === parts[i])
  )
}

class Backend {
  readonly incidents: Set<Incident>
  readonly #kit: Instrument
  readonly #store: Store
  readonly #cache: Cache
  readonly #providers: FakeProviders
  readonly #speed: number
  readonly #sessions = new Map<string, { user: string; untilMs: number }>()

  constructor(kit: Instrument, speed: number, incidents: Set<Incident>, cache: Cache) {
    this.#kit = kit
    this.incidents = incidents
    this.#cache = cache
    this.#speed = speed
    this.#store = new Store(kit, this.incidents)
    this.#providers = new FakeProviders(Math.random, this.incidents)
    kit.health.check('database', () => this.#store.ping())
    kit.health.check('cache', () => this.#cache.ping())
    kit.health.check('llm', () => this.#checkModels(), { isRequired: false })
    kit.llm.budget({ scope: 'all', name: '', period: 'daily', dollars: 600 })
    kit.llm.budget({ scope: 'team', name: 'support', period: 'monthly', dollars: 6000 })
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await this.#route(request)
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    } catch (error) {
      const status = error instanceof HttpError || error instanceof ProviderError ? error.status : 500
      if (status >= 500) this.#kit.log.error('request failed', { path: request.url, error })
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: (error as Error).message }))
    }
  }

  async #route(request: IncomingMessage): Promise<unknown> {
    const { pathname } = new URL(request.url ?? '/', 'http://x')
    const route = routeOf(request)
    if (route === '/incidents/:name')
      return this.#incident(request.method ?? '', pathname.split('/')[2] ?? '')
    if (this.incidents.has('error-spike') && Math.random() < 0.3) throw new HttpError(500, 'something broke')
    if (route === '/api/login') return this.#login(await readJson(request))
    const user = this.#user(request)
    if (route === '/api/agents/:agent/query')
      return this.#agent(pathname.split('/')[3]!, await readJson(request))
    if (route === '/api/chat') return this.#chat(await readJson(request))
    if (route === '/api/documents/:id') return this.#document(Number(pathname.split('/')[3]))
    if (route === '/api/messages') return this.#store.list('messages')
    if (route === '/api/generate') return this.#generate()
    if (route === '/api/admin/users') return this.#users(user)
    throw new HttpError(404, `there is no ${request.method} ${pathname}`)
  }

  #incident(method: string, name: string): unknown {
    const incident = INCIDENTS.find((known) => known === name)
    if (incident === undefined) throw new HttpError(404, `no incident "${name}": ${INCIDENTS.join(', ')}`)
    if (method === 'POST') this.incidents.add(incident)
    else if (method === 'DELETE') this.incidents.delete(incident)
    return { active: [...this.incidents] }
  }

  #login({ user, password }: Readonly<Record<string, unknown>>): unknown {
    const isSuccess = typeof user === 'string' && password === 'demo'
    this.#kit.domain.authAttempt('password', isSuccess)
    if (!isSuccess) throw new HttpError(401, 'wrong name or password')
    const token = randomUUID()
    this.#sessions.set(token, { user, untilMs: Date.now() + SESSION_MS })
    for (const [old, { untilMs }] of this.#sessions) if (untilMs < Date.now()) this.#sessions.delete(old)
    this.#kit.domain.sessions(this.#sessions.size)
    this.#kit.domain.activeUsers(new Set([...this.#sessions.values()].map((session) => session.user)).size)
    if (Math.random() < 0.1) this.#kit.domain.event('signup')
    return { token }
  }

  #user(request: IncomingMessage): string {
    const token = request.headers.authorization?.replace('Bearer ', '') ?? ''
    const session = this.#sessions.get(token)
    if (session === undefined || session.untilMs < Date.now()) throw new HttpError(401, 'sign in first')
    return session.user
  }

  async #agent(agent: string, body: Readonly<Record<string, unknown>>): Promise<unknown> {
    const type = AGENTS.find((known) => known === agent)
    if (type === undefined) throw new HttpError(404, `no agent "${agent}"`)
    return this.#kit.domain.agentQuery(type, async () => {
      this.#kit.domain.feature('agents')
      await this.#kit.domain.plugin(pick(TOOLS, Math.random), () =>
        this.#store.read('documents', 1 + Math.floor(Math.random() * 200)),
      )
      return { answer: await this.#complete(String(body['question'] ?? '')) }
    })
  }

  async #chat(body: Readonly<Record<string, unknown>>): Promise<unknown> {
    this.#kit.domain.feature('chat')
    this.#kit.domain.persona(pick(PERSONAS, Math.random))
    if (Math.random() < 0.05) this.#kit.domain.commandOverride(Math.random() < 0.3 ? 'allowed' : 'denied')
    const answer = await this.#complete(String(body['message'] ?? ''))
    await this.#store.add('messages', answer)
    return { answer }
  }

  async #document(id: number): Promise<unknown> {
    const cached = await this.#cache.get('document', String(id))
    if (cached !== undefined) return JSON.parse(cached)
    const document = await this.#store.read('documents', id)
    if (document === undefined) throw new HttpError(404, `no document ${id}`)
    await this.#cache.set('document', String(id), JSON.stringify({ ...document, padding: 'x'.repeat(600) }))
    return document
  }

  async #generate(): Promise<unknown> {
    this.#kit.domain.feature('image_generation')
    return this.#kit.domain.generate(async () => ({ image: await this.#complete('an image') }))
  }

  async #users(user: string): Promise<unknown> {
    const isAllowed = user === 'admin'
    this.#kit.domain.permissionCheck('users:read', isAllowed)
    if (!isAllowed) throw new HttpError(403, 'administrators only')
    return this.#store.list('users')
  }

  /** The favourite model, or those behind it when it fails. */
  #complete(prompt: string): Promise<string> {
    const first = Math.floor(Math.random() * 3)
    const order = [...MODELS.slice(first), ...MODELS.slice(0, first)].slice(0, 3)
    const team = pick(TEAMS, Math.random)
    return this.#kit.llm.withFallback(
      order.map((model) => ({ provider: model.provider, run: () => this.#ask(model, prompt, team) })),
    )
  }

  #ask(model: Model, prompt: string, team: string): Promise<string> {
    return this.#kit.trackLLM({ provider: model.provider, model: model.model, team }, async (call) => {
      let text = ''
      const stream = this.#providers.stream(model, prompt, this.#speed)
      for (;;) {
        const piece = await stream.next()
        if (piece.done === true) {
          call.usage(piece.value.usage)
          call.finishReason(piece.value.finishReason)
          return text
        }
        call.firstToken()
        text += piece.value
      }
    })
  }

  #checkModels(): void {
    if (this.incidents.has('provider-outage')) throw new Error('openai: the model is overloaded')
  }
}

async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request) {
    bytes += (part as Buffer).length
    if (bytes > BODY_MAX) throw new HttpError(413, `longer than ${BODY_MAX} bytes`)
    parts.push(part as Buffer)
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(parts).toString('utf8') || '{}')
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch (error) {
    throw new HttpError(400, `not JSON: ${(error as Error).message}`)
  }
}
