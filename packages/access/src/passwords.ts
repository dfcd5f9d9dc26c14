import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { AccessError } from './errors.ts'
import type { FromPasswordWorker, ToPasswordWorker } from './password-worker.ts'

/** bcrypt's work factor: 2^10 rounds, some 60 ms. */
const COST = 10
/** Checks that may wait; each costs the thread its 60 ms, so more would be an attack. */
const WAITING_MAX = 200
/** The thread ends when nothing was asked for so long, and its memory with it. */
const IDLE_MS = 60_000
/** bcrypt looks at 72 bytes only: a longer password would be cut in silence. */
const PASSWORD_BYTES_MAX = 72
const PASSWORD_CHARACTERS_MIN = 4

type Omitted<T> = T extends unknown ? Omit<T, 'id'> : never

/** bcrypt in a thread that lives while it is needed. */
export class Passwords {
  #worker: Worker | undefined
  #idle: ReturnType<typeof setTimeout> | undefined
  readonly #waiting = new Map<
    number,
    { resolve: (answer: FromPasswordWorker) => void; reject: (error: Error) => void }
  >()
  #lastId = 0

  /** @throws AccessError for a password that is too short or too long */
  async hash(password: string): Promise<string> {
    if (password.length < PASSWORD_CHARACTERS_MIN)
      throw new AccessError(
        'invalid',
        `the password is too short, expected at least ${PASSWORD_CHARACTERS_MIN} characters`,
      )
    if (Buffer.byteLength(password) > PASSWORD_BYTES_MAX)
      throw new AccessError('invalid', `the password is longer than ${PASSWORD_BYTES_MAX} bytes`)
    const answer = await this.#ask({ password, cost: COST })
    if (!('hash' in answer)) throw new Error('BUG: the password thread gave no hash')
    return answer.hash
  }

  async fits(password: string, hash: string): Promise<boolean> {
    if (hash === '' || Buffer.byteLength(password) > PASSWORD_BYTES_MAX) return false
    const answer = await this.#ask({ password, hash })
    return 'fits' in answer && answer.fits
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle)
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
    this.#reject(new Error('the password thread was closed'))
  }

  #ask(question: Omitted<ToPasswordWorker>): Promise<FromPasswordWorker> {
    if (this.#waiting.size >= WAITING_MAX)
      throw new AccessError('too-many', 'too many passwords are being checked; try again later', 10)
    this.#worker ??= this.#start()
    const id = ++this.#lastId
    clearTimeout(this.#idle)
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker!.postMessage({ ...question, id })
    })
  }

  #start(): Worker {
    const worker = new Worker(workerFile())
    worker.unref()
    worker.on('message', (answer: FromPasswordWorker) => {
      this.#waiting.get(answer.id)?.resolve(answer)
      this.#waiting.delete(answer.id)
      if (this.#waiting.size === 0) this.#idle = setTimeout(() => void this.close(), IDLE_MS).unref()
    })
    worker.on('error', (error) => {
      this.#worker = undefined
      this.#reject(error as Error)
    })
    return worker
  }

  #reject(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

/** Beside this file when run from sources, beside the program when bundled. */
function workerFile(): string {
  const bundled = fileURLToPath(new URL('./password-worker.js', import.meta.url))
  return existsSync(bundled) ? bundled : fileURLToPath(new URL('./password-worker.ts', import.meta.url))
}
