import { BODY_PADDING, type BodyPool } from './body-pool.ts'
import { BodyTooLargeError } from './errors.ts'

/** A head longer than this is not for us. */
const HEAD_BYTES_MAX = 64 * 1024
const CR = 13
const LF = 10

/** The response is valid perhaps, but not of the simple kind: the whole client shall ask again. */
export class NotPlain extends Error {
  override readonly name = 'NotPlain'
}

/**
 * Reads one HTTP/1.1 response (RFC 9112) as its bytes come: a final status, `Content-Length` or `chunked`. The body lies in a
 * buffer of the pool, so that nothing is allocated for it.
 */
export class PlainResponse {
  status = 0
  reason = ''
  readonly headers: Record<string, string> = {}
  /** Whether the connection can be used again. */
  keepAlive = true
  body: Uint8Array = new Uint8Array(0)
  length = 0
  readonly #pool: BodyPool
  readonly #limitBytes: number
  #head = ''
  #state: 'head' | 'sized' | 'chunkSize' | 'chunk' | 'chunkEnd' | 'trailer' | 'done' = 'head'
  /** Bytes that the body or the chunk still lacks. */
  #missing = 0
  #line = ''

  constructor(pool: BodyPool, limitBytes: number) {
    this.#pool = pool
    this.#limitBytes = limitBytes
  }

  /**
   * Takes bytes; they are copied.
   * @returns whether the response is complete
   * @throws NotPlain, BodyTooLargeError
   */
  read(bytes: Uint8Array): boolean {
    let at = 0
    while (at < bytes.length) {
      if (this.#state === 'done') throw new NotPlain('bytes behind the response')
      if (this.#state === 'head') at = this.#readHead(bytes, at)
      else if (this.#state === 'sized' || this.#state === 'chunk') at = this.#readBody(bytes, at)
      else at = this.#readLine(bytes, at)
    }
    return this.#state === 'done'
  }

  /** Gives the body's buffer back. */
  release(): void {
    if (this.body.length > 0) this.#pool.give(this.body)
    this.body = new Uint8Array(0)
  }

  #readHead(bytes: Uint8Array, from: number): number {
    const before = this.#head.length
    const piece = Buffer.from(
      bytes.buffer,
      bytes.byteOffset + from,
      Math.min(bytes.length - from, HEAD_BYTES_MAX),
    )
    this.#head += piece.toString('latin1')
    const end = this.#head.indexOf('\r\n\r\n', Math.max(0, before - 3))
    if (end < 0) {
      if (this.#head.length >= HEAD_BYTES_MAX) throw new NotPlain('a head without end')
      return from + piece.length
    }
    const used = end + 4 - before
    this.#takeHead(this.#head.slice(0, end).split('\r\n'))
    this.#head = ''
    return from + used
  }

  #takeHead([start, ...lines]: string[]): void {
    const match = /^HTTP\/1\.([01]) (\d{3})(?: (.*))?$/.exec(start!)
    if (match === null) throw new NotPlain('no HTTP/1.1 response')
    this.status = Number(match[2])
    this.reason = match[3] ?? ''
    if (this.status < 200 || (this.status >= 300 && this.status < 400)) throw new NotPlain('not final')
    for (const line of lines) {
      const colon = line.indexOf(':')
      if (colon <= 0 || /[\s]/.test(line[0]!)) throw new NotPlain('a folded or broken header')
      const name = line.slice(0, colon).toLowerCase()
      const value = line.slice(colon + 1).trim()
      const old = this.headers[name]
      if (old !== undefined && name === 'content-length') throw new NotPlain('two lengths')
      this.headers[name] = old === undefined ? value : `${old}, ${value}`
    }
    const connection = this.headers['connection']?.toLowerCase() ?? (match[1] === '1' ? '' : 'close')
    this.keepAlive = !connection.split(/,\s*/).includes('close')
    this.#chooseFraming()
  }

  #chooseFraming(): void {
    const { headers } = this
    const encoding = headers['transfer-encoding']
    const length = headers['content-length']
    if (this.status === 204) this.#state = 'done'
    else if (encoding !== undefined) {
      if (encoding.toLowerCase() !== 'chunked' || length !== undefined) throw new NotPlain('another framing')
      this.#state = 'chunkSize'
    } else {
      if (length === undefined || !/^\d{1,15}$/.test(length)) throw new NotPlain('no length')
      this.#missing = Number(length)
      this.#makeRoom(this.#missing)
      this.#state = this.#missing === 0 ? 'done' : 'sized'
    }
  }

  #readBody(bytes: Uint8Array, from: number): number {
    const count = Math.min(this.#missing, bytes.length - from)
    this.body.set(
      from === 0 && count === bytes.length ? bytes : bytes.subarray(from, from + count),
      this.length,
    )
    this.length += count
    this.#missing -= count
    if (this.#missing === 0) this.#state = this.#state === 'sized' ? 'done' : 'chunkEnd'
    return from + count
  }

  /** A line of the chunked framing: a size, the end of a chunk, a trailer. */
  #readLine(bytes: Uint8Array, from: number): number {
    let at = from
    while (at < bytes.length && bytes[at] !== LF) this.#line += String.fromCharCode(bytes[at++]!)
    if (this.#line.length > HEAD_BYTES_MAX) throw new NotPlain('a line without end')
    if (at === bytes.length) return at
    const line = this.#line.charCodeAt(this.#line.length - 1) === CR ? this.#line.slice(0, -1) : this.#line
    this.#line = ''
    this.#takeLine(line)
    return at + 1
  }

  #takeLine(line: string): void {
    if (this.#state === 'trailer') {
      if (line === '') this.#state = 'done'
    } else if (this.#state === 'chunkEnd') {
      if (line !== '') throw new NotPlain('a chunk that does not end')
      this.#state = 'chunkSize'
    } else {
      const size = /^([0-9a-fA-F]{1,12})\s*(?:;.*)?$/.exec(line)
      if (size === null) throw new NotPlain('no chunk size')
      this.#missing = Number.parseInt(size[1]!, 16)
      this.#state = this.#missing === 0 ? 'trailer' : 'chunk'
      this.#makeRoom(this.length + this.#missing)
    }
  }

  #makeRoom(bytes: number): void {
    if (bytes > this.#limitBytes) throw new BodyTooLargeError(this.#limitBytes)
    if (bytes + BODY_PADDING <= this.body.length) return
    const grown = this.#pool.take(Math.max(bytes + BODY_PADDING, 2 * this.length))
    grown.set(this.body.subarray(0, this.length))
    this.release()
    this.body = grown
  }
}
