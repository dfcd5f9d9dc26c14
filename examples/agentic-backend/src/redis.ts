import { connect, type Socket } from 'node:net'

/** What Redis answers in protocol 2, without lists: the commands of a cache need none. */
export type Reply = string | number | null

/** More than any entry of the cache. */
const REPLY_BYTES_MAX = 1024 * 1024
const ANSWER_MS = 1000

interface Waiting {
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: Error) => void
}

/** A connection to Redis: commands go out at once, and their replies come back in the same order. */
export class Redis {
  readonly #socket: Socket
  readonly #waiting: Waiting[] = []
  #received: Buffer = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setTimeout(ANSWER_MS, () => {
      if (this.#waiting.length > 0) socket.destroy(new Error(`no answer within ${ANSWER_MS} ms`))
    })
    socket.on('data', (data) => this.#take(data))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the connection is closed')))
  }

  /** @param url  `redis://host:port` @throws Error when nobody is there who answers `PING` */
  static async open(url: string): Promise<Redis> {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname || '127.0.0.1', port: Number(port || 6379) })
    const redis = new Redis(socket)
    const reply = await redis.ask('PING')
    if (reply !== 'PONG') throw new Error(`${url} answered PING with ${String(reply)}`)
    return redis
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed
  }

  /** @throws Error with Redis's text for an error, or when the connection ends */
  ask(...command: readonly string[]): Promise<Reply> {
    const parts = command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`)
    return new Promise((resolve, reject) => {
      if (!this.isOpen) return reject(new Error('the connection is closed'))
      this.#waiting.push({ resolve, reject })
      this.#socket.write(`*${command.length}\r\n${parts.join('')}`)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(data: Buffer): void {
    this.#received = Buffer.concat([this.#received, data])
    try {
      for (let used = this.#readOne(); used > 0; used = this.#readOne())
        this.#received = this.#received.subarray(used)
      if (this.#received.length > REPLY_BYTES_MAX)
        throw new Error(`a reply of more than ${REPLY_BYTES_MAX} bytes`)
    } catch (error) {
      this.#socket.destroy(error as Error)
    }
  }

  /** Settles the first reply that has arrived as a whole. @returns its bytes; 0 when there is none */
  #readOne(): number {
    const end = this.#received.indexOf('\r\n')
    if (end < 0) return 0
    const line = this.#received.toString('utf8', 1, end)
    switch (String.fromCharCode(this.#received[0]!)) {
      case '+':
        return this.#settle(line, end + 2)
      case '-':
        this.#waiting.shift()?.reject(new Error(line))
        return end + 2
      case ':':
        return this.#settle(Number(line), end + 2)
      case '$': {
        const length = Number(line)
        if (length === -1) return this.#settle(null, end + 2)
        if (!(length >= 0 && length <= REPLY_BYTES_MAX)) throw new Error(`a reply of ${line} bytes`)
        const total = end + 2 + length + 2
        return this.#received.length < total
          ? 0
          : this.#settle(this.#received.toString('utf8', end + 2, total - 2), total)
      }
      default:
        throw new Error('this is not the protocol of Redis')
    }
  }

  #settle(reply: Reply, bytes: number): number {
    this.#waiting.shift()?.resolve(reply)
    return bytes
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }
}
