import { setTimeout as sleep } from 'node:timers/promises'
import { around, type Incident, type Model } from './world.ts'

export interface Completion {
  readonly text: string
  readonly usage: { readonly input: number; readonly output: number }
  readonly finishReason: string
}

/** A refusal or failure of a provider, with the HTTP status that a real one would have. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Requests per second and provider, beyond which it answers 429. */
const RATE_MAX = 12

/** Language models of our own: they take time, stream, refuse when asked too often, fail now and then, and fail all the time in an outage. */
export class FakeProviders {
  readonly #random: () => number
  readonly #incidents: ReadonlySet<Incident>
  readonly #windows = new Map<string, { second: number; count: number }>()

  constructor(random: () => number, incidents: ReadonlySet<Incident>) {
    this.#random = random
    this.#incidents = incidents
  }

  /** Streams words. @param speed  1 for real time @throws ProviderError */
  async *stream(
    { provider, seconds }: Model,
    prompt: string,
    speed: number,
  ): AsyncGenerator<string, Completion> {
    this.#admit(provider)
    const total = around(seconds, this.#random) / speed
    await sleep(total * 300)
    if (this.#incidents.has('provider-outage') && provider === 'openai')
      throw new ProviderError(503, 'the model is overloaded')
    if (this.#random() < 0.006) throw new ProviderError(500, 'internal error')
    const words = 4 + Math.floor(this.#random() * 5)
    for (let i = 0; i < words; i++) {
      await sleep((total * 700) / words)
      yield `word${i} `
    }
    const input = 40 + Math.ceil(prompt.length / 4) + Math.floor(this.#random() * 900)
    const output = 30 + Math.floor(this.#random() * 500)
    return { text: '', usage: { input, output }, finishReason: this.#random() < 0.04 ? 'length' : 'stop' }
  }

  #admit(provider: string): void {
    const second = Math.floor(Date.now() / 1000)
    const window = this.#windows.get(provider)
    const count = window?.second === second ? window.count + 1 : 1
    this.#windows.set(provider, { second, count })
    if (count > RATE_MAX) throw new ProviderError(429, 'too many requests')
  }
}
