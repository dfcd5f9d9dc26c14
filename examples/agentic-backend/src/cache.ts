import type { Instrument } from '@promontory/instrument'
import { Redis } from './redis.ts'
import type { Incident } from './world.ts'

const CACHE_BYTES_MAX = 64 * 1024
/** Keys in somebody's Redis: told apart from theirs, and gone soon. */
const PREFIX = 'promontory-example:'
const LIFE_S = 300
const MEMORY_MS = 5000

/** A cache, with the kit's metrics around each operation. */
export interface Cache {
  /** `redis` or `memory` */
  readonly kind: string
  get(group: string, key: string): Promise<string | undefined>
  set(group: string, key: string, value: string): Promise<void>
  /** @throws Error when it does not answer */
  ping(): Promise<void>
  close(): void
}

/** Redis where there is one, memory otherwise. @param url  `redis://host:port`; `none` for memory */
export async function openCache(
  kit: Instrument,
  incidents: ReadonlySet<Incident>,
  url: string,
): Promise<Cache> {
  if (url === 'none') return new MemoryCache(kit, incidents)
  try {
    return new RedisCache(kit, incidents, url, await Redis.open(url))
  } catch {
    return new MemoryCache(kit, incidents)
  }
}

/** Bounded in bytes: what was used longest ago makes room. */
class MemoryCache implements Cache {
  readonly kind = 'memory'
  readonly #kit: Instrument
  readonly #incidents: ReadonlySet<Incident>
  readonly #entries = new Map<string, string>()
  #bytes = 0

  constructor(kit: Instrument, incidents: ReadonlySet<Incident>) {
    this.#kit = kit
    this.#incidents = incidents
  }

  async get(group: string, key: string): Promise<string | undefined> {
    const value = this.#incidents.has('cache-stampede') ? undefined : this.#entries.get(`${group}:${key}`)
    this.#kit.cache.read(value !== undefined, group)
    return value
  }

  async set(group: string, key: string, value: string): Promise<void> {
    const name = `${group}:${key}`
    this.#bytes += value.length - (this.#entries.get(name)?.length ?? 0)
    this.#entries.delete(name)
    this.#entries.set(name, value)
    for (const [oldest, held] of this.#entries) {
      if (this.#bytes <= CACHE_BYTES_MAX) break
      this.#entries.delete(oldest)
      this.#bytes -= held.length
      this.#kit.cache.evicted()
    }
    this.#kit.cache.wrote()
    this.#kit.cache.size(this.#bytes, CACHE_BYTES_MAX)
    this.#kit.cache.redisMemory(this.#bytes, CACHE_BYTES_MAX)
  }

  async ping(): Promise<void> {}
  close(): void {}
}

/** While Redis is away every read is a miss, and the next one tries to reach it again. */
class RedisCache implements Cache {
  readonly kind = 'redis'
  readonly #kit: Instrument
  readonly #incidents: ReadonlySet<Incident>
  readonly #url: string
  readonly #timer: ReturnType<typeof setInterval>
  #redis: Redis
  #evicted = 0

  constructor(kit: Instrument, incidents: ReadonlySet<Incident>, url: string, redis: Redis) {
    this.#kit = kit
    this.#incidents = incidents
    this.#url = url
    this.#redis = redis
    this.#timer = setInterval(() => void this.#report().catch(() => undefined), MEMORY_MS).unref()
    void this.#report().catch(() => undefined)
  }

  async get(group: string, key: string): Promise<string | undefined> {
    const value = this.#incidents.has('cache-stampede')
      ? null
      : await this.#ask('GET', `${PREFIX}${group}:${key}`).catch(() => null)
    this.#kit.cache.read(value !== null, group)
    return value === null ? undefined : String(value)
  }

  async set(group: string, key: string, value: string): Promise<void> {
    const done = this.#ask('SET', `${PREFIX}${group}:${key}`, value, 'EX', String(LIFE_S))
    this.#kit.cache.wrote(await done.then(() => 'ok' as const, () => 'error' as const)) // prettier-ignore
  }

  async ping(): Promise<void> {
    await this.#ask('PING')
  }

  close(): void {
    clearInterval(this.#timer)
    this.#redis.close()
  }

  async #ask(...command: readonly string[]): Promise<string | number | null> {
    if (!this.#redis.isOpen) this.#redis = await Redis.open(this.#url)
    return this.#redis.ask(...command)
  }

  /** Redis's own figures: memory, its bound, and what had to make room. */
  async #report(): Promise<void> {
    const memory = String(await this.#ask('INFO', 'memory'))
    const stats = String(await this.#ask('INFO', 'stats'))
    const number = (text: string, name: string): number =>
      Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(text)?.[1] ?? 0)
    const [used, most] = [number(memory, 'used_memory'), number(memory, 'maxmemory')]
    this.#kit.cache.redisMemory(used, most)
    this.#kit.cache.size(used, most)
    const evicted = number(stats, 'evicted_keys')
    this.#kit.cache.evicted(Math.max(0, evicted - this.#evicted))
    this.#evicted = evicted
  }
}
