/** The answer to one question of a batch. */
export interface BatchAnswer {
  readonly text: string
  /** HTTP's code, as text for people. */
  readonly status: string
}

interface Head {
  readonly ask: number
  readonly status: number
  readonly length: number
  readonly encoding?: string
}

const NEWLINE = 10

/** Takes the answers of a batch out of the bytes as they come: a line of JSON, then as many bytes as it says, and so on. */
export class BatchReader {
  readonly #visit: (ask: number, answer: BatchAnswer) => void
  #bytes = new Uint8Array(0)
  #head: Head | undefined

  constructor(visit: (ask: number, answer: BatchAnswer) => void) {
    this.#visit = visit
  }

  async push(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    this.#bytes = this.#bytes.length === 0 ? bytes : joined(this.#bytes, bytes)
    for (;;) {
      if (this.#head === undefined) {
        const end = this.#bytes.indexOf(NEWLINE)
        if (end < 0) return
        this.#head = JSON.parse(new TextDecoder().decode(this.#bytes.subarray(0, end))) as Head
        this.#bytes = this.#bytes.subarray(end + 1)
      }
      const { ask, status, length, encoding } = this.#head
      if (this.#bytes.length < length) return
      const body = this.#bytes.subarray(0, length)
      this.#bytes = this.#bytes.subarray(length)
      this.#head = undefined
      const text = encoding === 'gzip' ? await gunzip(body) : new TextDecoder().decode(body)
      this.#visit(ask, { text, status: String(status) })
    }
  }
}

function joined(a: Uint8Array<ArrayBuffer>, b: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(a.length + b.length)
  out.set(a)
  out.set(b, a.length)
  return out
}

async function gunzip(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text()
}
