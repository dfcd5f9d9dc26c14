/** Looks at one service: resolves when it is there, throws (or rejects) when it is not. */
export type HealthCheck = () => Promise<unknown> | unknown

export interface HealthCheckOptions {
  /** After this long a check counts as failed; 2 s when not given. */
  readonly timeoutMs?: number
  /** When false its failure is shown, but the application stays healthy. */
  readonly isRequired?: boolean
}

/** The answer of `/health`. */
export interface HealthReport {
  readonly status: 'healthy' | 'unhealthy'
  /** RFC 3339. */
  readonly timestamp: string
  readonly version: string
  /** Seconds since the process started. */
  readonly uptime: number
  readonly services: Readonly<Record<string, 'connected' | 'disconnected'>>
  /** What failed checks said. */
  readonly errors?: Readonly<Record<string, string>>
}

interface Registered {
  readonly check: HealthCheck
  readonly timeoutMs: number
  readonly isRequired: boolean
}

const TIMEOUT_MS = 2000

/** The checks of an application's services. */
export class Health {
  readonly #version: string
  readonly #checks = new Map<string, Registered>()
  #started = false
  #draining = false

  constructor(version: string) {
    this.#version = version
  }

  /** Adds a check, or replaces the one of that name. */
  check(name: string, check: HealthCheck, options: HealthCheckOptions = {}): void {
    const { timeoutMs = TIMEOUT_MS, isRequired = true } = options
    this.#checks.set(name, { check, timeoutMs, isRequired })
  }

  /** The application has done what it does before its first request: startup and readiness may pass. */
  started(): void {
    this.#started = true
  }

  /** The application is about to end: not ready any more, still alive. */
  drain(): void {
    this.#draining = true
  }

  /** All checks at once, each within its time. */
  async report(): Promise<HealthReport> {
    const outcomes = await Promise.all(
      [...this.#checks].map(async ([name, registered]) => ({
        name,
        isRequired: registered.isRequired,
        error: await failureOf(registered),
      })),
    )
    const failed = outcomes.filter(({ error }) => error !== undefined)
    return {
      status: failed.some(({ isRequired }) => isRequired) ? 'unhealthy' : 'healthy',
      timestamp: new Date().toISOString(),
      version: this.#version,
      uptime: process.uptime(),
      services: Object.fromEntries(
        outcomes.map(({ name, error }) => [name, error === undefined ? 'connected' : 'disconnected']),
      ),
      ...(failed.length === 0
        ? {}
        : { errors: Object.fromEntries(failed.map(({ name, error }) => [name, error!])) }),
    }
  }

  /** Whether requests may come: started, not ending, and every required service there. */
  async ready(): Promise<{ readonly ready: boolean; readonly reason?: string }> {
    if (!this.#started) return { ready: false, reason: 'starting' }
    if (this.#draining) return { ready: false, reason: 'stopping' }
    const { status, services } = await this.report()
    if (status === 'healthy') return { ready: true }
    const missing = Object.keys(services).filter((name) => services[name] === 'disconnected')
    return { ready: false, reason: `disconnected: ${missing.join(', ')}` }
  }

  get isStarted(): boolean {
    return this.#started
  }
}

async function failureOf({ check, timeoutMs }: Registered): Promise<string | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    await Promise.race([Promise.resolve().then(check), late])
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    clearTimeout(timer)
  }
}
